"""The dense trial of `bench`: all channels accompany, sixteen of them at 160 bpm if nothing else is said."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from bollylive.bench.probe import Probe
from bollylive.demo_player import BARS, BEATS_PER_BAR, demo_notes
from bollylive.io.port_set import PortSet
from bollylive.midi.messages import Event, NoteOff, NoteOn
from bollylive.midi.parser import to_bytes

TEMPO_BPM, CHANNELS = 160, 16
_PHRASE_BEATS = len(BARS) * BEATS_PER_BAR
_REST_S = 0.5  # the time from the musician's last note to the end of the trial
_PROGRAMS = (73, 33, 48, 21, 0, 24, 40, 11, 56, 0, 104, 65, 68, 19, 46, 75)


def dense_set(channels: int = CHANNELS, tempo_bpm: int = TEMPO_BPM) -> str:
    """Return a set file in which the first 1-16 channels accompany from the first note on."""
    lines = ['name = "Dense"', f"tempo_bpm = {tempo_bpm}", "rest_after_beats = 0"]
    for channel, program in enumerate(_PROGRAMS[:channels], start=1):
        lines += ["[[channel]]", f"channel = {channel}", 'role = "accompany"', f"program = {program}"]
        lines += ["lowest = 35", "highest = 88", "polyphony = 2"]
    return "\n".join(lines) + "\n"


def play_dense(api: str, jam: Probe, report: Path, seconds: float, tempo_bpm: int = TEMPO_BPM) -> dict[str, Any]:
    """Play to a `jam` of a dense set for some time, and then end it, so that it writes its figures into `report`.

    Return how late its planned notes left, in ms, how many it dropped, and its share of one core in percent. Blocks.
    """
    before_s = jam.cpu_s()
    ports = PortSet(api, "BollyLive Out", "BollyLive In", "Bench")
    began_s = time.perf_counter()
    try:
        for at_s, event in demo_forever(began_s, tempo_bpm):
            if at_s > began_s + seconds - _REST_S:
                break
            time.sleep(max(0.0, at_s - time.perf_counter()))
            ports.send(to_bytes(event))
            ports.receive()
        after_s, played_s = jam.cpu_s(), time.perf_counter() - began_s
    finally:
        ports.close()
    jam.end()
    summary = json.loads(report.read_text(encoding="utf-8"))
    late = {key: round(summary[f"late_ms_{key}"], 4) for key in ("p50", "p99", "max")}
    cpu = None if before_s is None or after_s is None else round(100 * (after_s - before_s) / played_s, 1)
    return {
        "lateness_ms": {**late, "n": summary["planned_notes"]},
        "dropped_late": summary["dropped_late"],
        "cpu_percent": cpu,
    }


def demo_forever(began_s: float, tempo_bpm: int = TEMPO_BPM) -> Iterator[tuple[float, Event]]:
    """Yield the demo's phrase as (second, event), over and over."""
    beat_s = 60 / tempo_bpm
    for repetition in count():
        for note in demo_notes():
            onset_s = began_s + (repetition * _PHRASE_BEATS + note.onset_beats) * beat_s
            yield onset_s, NoteOn(note.channel, note.pitch, note.velocity)
            yield onset_s + (note.duration_beats or 0.0) * beat_s, NoteOff(note.channel, note.pitch)
