"""A whole piece of music: the content of a MIDI file, or the record of a performance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from bollylive.midi.messages import Control, Note, Program

Change: TypeAlias = tuple[float, Control | Program]  # (beat, message)
Tempos: TypeAlias = tuple[tuple[float, float], ...]  # (from this beat on, beats per minute)
Meters: TypeAlias = tuple[tuple[float, float], ...]  # (from this beat on, quarter notes per bar)

DEFAULT_TEMPOS: Tempos = ((0.0, 120.0),)  # of a MIDI file that names none
DEFAULT_METERS: Meters = ((0.0, 4.0),)


@dataclass(frozen=True, slots=True)
class Song:
    """The notes of a piece in order of (onset, channel, pitch), in beats (quarter notes) from its beginning."""

    name: str
    notes: tuple[Note, ...]
    programs: dict[int, int]  # by channel, for each that has a note: the program at its first note
    tempos: Tempos
    meters: Meters
    length_beats: float  # the end of the last note
    problems: tuple[str, ...] = ()  # a sentence for each part that could not be read


@dataclass(frozen=True, slots=True)
class Track:
    """One player's part on one channel: notes with durations, and the control and program changes between them."""

    name: str
    channel: int  # 0-15
    program: int | None  # 0-127
    notes: tuple[Note, ...]
    changes: tuple[Change, ...] = ()


def seconds_at(tempos: Tempos, beat: float) -> float:
    """Return when a beat falls, in seconds from beat 0."""
    seconds = 0.0
    for (begin, bpm), (end, _) in pairwise((*tempos, (beat, 0.0))):
        seconds += max(0.0, min(end, beat) - begin) * 60 / bpm
    return seconds


def tempo_at(tempos: Tempos, beat: float) -> float:
    """Return the tempo at a beat, in beats per minute."""
    return next((bpm for begin, bpm in reversed(tempos) if begin <= beat), tempos[0][1])


def describe(tracks: Iterable[Track]) -> str:
    """Return a line that names the tracks and their numbers of notes."""
    return ", ".join(f"{track.name} {len(track.notes)} notes" for track in tracks if track.notes) or "no notes"
