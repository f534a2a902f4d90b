"""The voices of a MIDI file, one for every channel and program of every track.

symusic reads them, a hundred times faster than Python. It refuses damaged files, drops notes without a note-off, and
knows percussion on channel 10 alone; such files are read by the rules of `bollylive.midi`, which the band lives by.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
import symusic
from numpy.typing import NDArray

from bollylive.midi.file_parts import LONGEST_BEATS, FileParts, read_parts
from bollylive.midi.file_ports import PortChannel
from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.midi.kits import KitFinder
from bollylive.midi.smf_reader import RawFile, read_file
from bollylive.midi.strokes import Position
from bollylive.model.codec import PERCUSSION

_NOTE_ON, _PROGRAM = 0x90, 0xC0


@dataclass(frozen=True, slots=True)
class MidiVoices:
    """The voices as (instrument word, ticks [N, 4] of onset, duration, pitch, velocity), and the metres."""

    ticks_per_beat: float
    voices: list[tuple[int, NDArray[np.int64]]]
    meters: list[tuple[float, float]]  # (tick, quarter notes per bar)


def read_voices(data: bytes) -> MidiVoices:
    """Read the voices of a file from its bytes; raises ValueError if it is no MIDI file, or longer than any piece."""
    file = read_file(data)
    if _needs_own_rules(file):
        return read_by_own_rules(file)
    score: Any = symusic.Score.from_midi(data)
    voices = [
        (PERCUSSION if track.is_drum else track.program, _columns(track.notes.numpy()))
        for track in score.tracks
        if len(track.notes)
    ]
    if sum(len(notes) for _, notes in voices) != _note_ons(file):
        return read_by_own_rules(file)  # some have no note-off
    meters = [(sign.time, 4 * sign.numerator / max(sign.denominator, 1)) for sign in score.time_signatures]
    return MidiVoices(score.ticks_per_quarter, voices, meters)


def _needs_own_rules(file: RawFile) -> bool:
    """Whether the file is damaged, counts in seconds, is too long, or may have percussion beside channel 10."""
    if file.problems or file.header.in_seconds or not all(track.whole for track in file.tracks):
        return True
    if any(track.tick > LONGEST_BEATS * file.header.ticks for track in file.tracks):
        return True
    finder = KitFinder()
    changes = (finder.hear(message) for track in file.tracks for _, message in track.messages)
    return any(change[1] != (change[0] == PERCUSSION_CHANNEL) for change in changes if change is not None)


def _note_ons(file: RawFile) -> int:
    return sum(
        message[0] & 0xF0 == _NOTE_ON and message[2] > 0 for track in file.tracks for _, message in track.messages
    )


def _columns(notes: dict[str, NDArray[np.int32]]) -> NDArray[np.int64]:
    return np.column_stack([notes[name].astype(np.int64) for name in ("time", "duration", "pitch", "velocity")])


def read_by_own_rules(file: RawFile) -> MidiVoices:
    """Read the voices as the band would; raises ValueError if the file is longer than any piece."""
    parts = read_parts(file)
    ticks_per_beat = parts.ticks_per_beat
    if any(track.tick > LONGEST_BEATS * ticks_per_beat for track in file.tracks):
        raise ValueError(f"longer than {LONGEST_BEATS:g} beats")
    programs = _programs(parts)
    found: dict[tuple[int, PortChannel, int], list[tuple[int, int, int, int]]] = defaultdict(list)
    for own, keys in parts.strokes.items():
        for pitch, strokes in keys.items():
            for stroke in strokes:
                program = PERCUSSION if own in parts.percussion else _program_at(programs[own], stroke.begin)
                length = stroke.end[0] - stroke.begin[0]
                found[stroke.track, own, program].append((stroke.begin[0], length, pitch, stroke.velocity))
    voices = [(key[2], np.array(sorted(notes), dtype=np.int64)) for key, notes in sorted(found.items())]
    meters = [(beat * ticks_per_beat, quarters) for beat, quarters in parts.meters]
    return MidiVoices(ticks_per_beat, voices, meters)


def _programs(parts: FileParts) -> dict[PortChannel, list[tuple[Position, int]]]:
    """The program changes of each channel of each port, in order."""
    programs: dict[PortChannel, list[tuple[Position, int]]] = defaultdict(list)
    for place, (tick, _, port, message) in enumerate(parts.entries):
        if message[0] & 0xF0 == _PROGRAM:
            programs[port, message[0] & 0x0F].append(((tick, place), message[1]))
    return programs


def _program_at(changes: list[tuple[Position, int]], at: Position) -> int:
    last = bisect_right(changes, at, key=itemgetter(0))
    return changes[last - 1][1] if last else 0
