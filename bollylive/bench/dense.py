"""The dense trial of `bench`: all channels accompany, sixteen of them at 160 bpm if nothing else is said."""

from __future__ import annotations

import heapq
import json
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from bollylive.bench.probe import CoreShares, Probe
from bollylive.bench.version import Version
from bollylive.demo_player import BARS, BEATS_PER_BAR, demo_notes
from bollylive.io.port_set import PortSet
from bollylive.midi.messages import Event, NoteOff, NoteOn
from bollylive.midi.parser import to_bytes

TEMPO_BPM, CHANNELS = 160, 16
_PHRASE_BEATS = len(BARS) * BEATS_PER_BAR
_REPORT = "figures.json"
_REST_S = 0.5  # the time from the musician's last note to the end of the trial
_PROGRAMS = (73, 33, 48, 21, 0, 24, 40, 11, 56, 0, 104, 65, 68, 19, 46, 75)


def dense_set(channels: int = CHANNELS, tempo_bpm: int = TEMPO_BPM) -> str:
    """Return a set file in which the first 1-16 channels accompany from the first note on."""
    lines = ['name = "Dense"', f"tempo_bpm = {tempo_bpm}", "rest_after_beats = 0"]
    for channel, program in enumerate(_PROGRAMS[:channels], start=1):
        lines += ["[[channel]]", f"channel = {channel}", 'role = "accompany"', f"program = {program}"]
        lines += ["lowest = 35", "highest = 88", "polyphony = 2"]
    return "\n".join(lines) + "\n"


def dense_jam(version: Version, folder: Path, channels: int = CHANNELS, tempo_bpm: int = TEMPO_BPM) -> Probe:
    """Start a jam of a dense set, with all its files in a folder; for `play_dense`."""
    (folder / "dense.toml").write_text(dense_set(channels, tempo_bpm), encoding="utf-8")
    return version.jam(folder, "--set", str(folder / "dense.toml"), "--seed", "1", "--figures", str(folder / _REPORT))


def play_dense(api: str, jam: Probe, folder: Path, seconds: float, tempo_bpm: int = TEMPO_BPM) -> dict[str, Any]:
    """Play to a `dense_jam` for some time, and then end it, so that it writes its figures into its folder. Blocks.

    Return how late its planned notes left, in ms, how many it dropped, and its share of one core in percent.
    """
    shares = CoreShares([jam])
    ports = PortSet(api, "BollyLive Out", "BollyLive In", "Bench")
    try:
        play_demo([ports], seconds - _REST_S, tempo_bpm)
        (percent,) = shares.percent()
    finally:
        ports.close()
    jam.end()
    summary = json.loads((folder / _REPORT).read_text(encoding="utf-8"))
    late = {key: round(summary[f"late_ms_{key}"], 4) for key in ("p50", "p99", "max")}
    return {
        "lateness_ms": {**late, "n": summary["planned_notes"]},
        "dropped_late": summary["dropped_late"],
        "cpu_percent": None if percent is None else round(percent, 1),
    }


def play_demo(bands: Sequence[PortSet], seconds: float, tempo_bpm: int, apart_s: float = 0.0) -> None:
    """Play the demo to each band over and over, to each one so much later than to the one before. Blocks."""
    began_s = time.perf_counter()

    def part(number: int) -> Iterator[tuple[float, int, Event]]:
        return ((at_s, number, event) for at_s, event in demo_forever(began_s + number * apart_s, tempo_bpm))

    for at_s, number, event in heapq.merge(*map(part, range(len(bands))), key=lambda each: each[0]):
        if at_s > began_s + seconds:
            break
        time.sleep(max(0.0, at_s - time.perf_counter()))
        bands[number].send(to_bytes(event))
        bands[number].receive()


def demo_forever(began_s: float, tempo_bpm: int = TEMPO_BPM) -> Iterator[tuple[float, Event]]:
    """Yield the demo's phrase as (second, event), over and over."""
    beat_s = 60 / tempo_bpm
    for repetition in count():
        for note in demo_notes():
            onset_s = began_s + (repetition * _PHRASE_BEATS + note.onset_beats) * beat_s
            yield onset_s, NoteOn(note.channel, note.pitch, note.velocity)
            yield onset_s + (note.duration_beats or 0.0) * beat_s, NoteOff(note.channel, note.pitch)
