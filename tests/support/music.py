"""Little songs for the tests of the training: three voices and drums, written with mido."""

from __future__ import annotations

import random
from pathlib import Path

import mido

TICKS_PER_BEAT = 480
_SCALE = (60, 62, 64, 66, 67, 69, 71, 72)
_TEMPO_US = (500_000, 400_000)  # per beat; a song changes half-way, which its notes in ticks must not feel


def write_song(path: Path, seed: int = 0, bars: int = 8, file_format: int = 1) -> Path:
    """A song of `bars` four-beat bars: a random melody (flute), chords (harmonium), bass and a steady beat."""
    rng = random.Random(seed)
    events: list[tuple[int, mido.Message]] = [(0, mido.Message("program_change", channel=0, program=73))]
    events += [(0, mido.Message("program_change", channel=1, program=20))]
    events += [(0, mido.Message("program_change", channel=2, program=33))]
    for bar in range(bars):
        root = _SCALE[rng.randrange(5)]
        for beat in range(4):
            at = 4 * bar + beat
            for half in range(2):
                events += _note(0, _SCALE[rng.randrange(8)] + 12, at + half / 2, 0.4, 70 + rng.randrange(30))
                events += _note(9, 42, at + half / 2, 0.1, 60)
            events += _note(9, 36 if beat % 2 == 0 else 38, at, 0.1, 100)
        for third in (0, 4, 7):
            events += _note(1, root + third, 4 * bar, 3.5, 64)
        events += _note(2, root - 24, 4 * bar, 1.5, 90) + _note(2, root - 17, 4 * bar + 2, 1.5, 80)
    return write_events(path, events, file_format)


def write_melody(path: Path, notes: list[tuple[float, int]], program: int = 0) -> Path:
    """One voice of (onset in beats, pitch), half a beat each."""
    events: list[tuple[int, mido.Message]] = [(0, mido.Message("program_change", channel=0, program=program))]
    for onset, pitch in notes:
        events += _note(0, pitch, onset, 0.5, 80)
    return write_events(path, events)


def write_events(path: Path, events: list[tuple[int, mido.Message]], file_format: int = 1) -> Path:
    """A file of events at ticks: a track for each channel (format 1), or one for all (format 0)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = mido.MidiFile(type=file_format, ticks_per_beat=TICKS_PER_BEAT)
    last = max(tick for tick, _ in events)
    tempos = [
        (tick, mido.MetaMessage("set_tempo", tempo=us)) for tick, us in zip((0, last // 2), _TEMPO_US, strict=True)
    ]
    channels = sorted({message.channel for _, message in events})
    groups = [tempos, *([event for event in events if event[1].channel == c] for c in channels)]
    for group in groups if file_format else [tempos + events]:
        track, now = mido.MidiTrack(), 0
        for tick, message in sorted(group, key=lambda event: (event[0], event[1].type != "note_off")):
            track.append(message.copy(time=tick - now))
            now = tick
        file.tracks.append(track)
    file.save(path)
    return path


def write_corpus(folder: Path, songs: int = 4, bars: int = 8) -> Path:
    """A folder of songs whose SOURCES.tsv holds the last one out."""
    lines = ["file\twork\tsplit\tlicence"]
    for i in range(songs):
        write_song(folder / f"song{i}.mid", seed=i, bars=bars)
        lines.append(f"song{i}.mid\twork{i}\t{'valid' if i == songs - 1 else 'train'}\tCC0")
    (folder / "SOURCES.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _note(channel: int, pitch: int, onset: float, duration: float, velocity: int) -> list[tuple[int, mido.Message]]:
    on, off = round(onset * TICKS_PER_BEAT), round((onset + duration) * TICKS_PER_BEAT)
    return [
        (on, mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)),
        (off, mido.Message("note_off", channel=channel, note=pitch)),
    ]
