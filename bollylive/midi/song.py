"""A piece of music outside of time: what a MIDI file holds, and what a performance leaves behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from bollylive.midi.messages import Control, Note, Program

Change: TypeAlias = tuple[float, Control | Program]  # when, in beats, and what
Tempos: TypeAlias = tuple[tuple[float, float], ...]  # from this beat on, so many beats per minute
Meters: TypeAlias = tuple[tuple[float, float], ...]  # from this beat on, so many quarter beats per bar

DEFAULT_TEMPOS: Tempos = ((0.0, 120.0),)  # what a MIDI file means that names none
DEFAULT_METERS: Meters = ((0.0, 4.0),)


@dataclass(frozen=True, slots=True)
class Song:
    """All notes of a piece by (onset, channel, pitch), in beats (quarter notes) from its beginning."""

    name: str
    notes: tuple[Note, ...]
    programs: dict[int, int]  # of every channel that has a note: the program at its first note
    tempos: Tempos
    meters: Meters
    length_beats: float  # the end of the last note
    problems: tuple[str, ...] = ()  # a sentence for each thing that could not be read


@dataclass(frozen=True, slots=True)
class Track:
    """One player's part: notes with durations, and what changed in between."""

    name: str
    channel: int  # 0-15
    program: int | None  # 0-127
    notes: tuple[Note, ...]
    changes: tuple[Change, ...] = ()


def seconds_at(tempos: Tempos, beat: float) -> float:
    """When a beat falls, in seconds from beat 0, under the tempos of a song."""
    seconds = 0.0
    for (begin, bpm), (end, _) in pairwise((*tempos, (beat, 0.0))):
        seconds += max(0.0, min(end, beat) - begin) * 60 / bpm
    return seconds


def tempo_at(tempos: Tempos, beat: float) -> float:
    """The tempo at a beat, in beats per minute."""
    return next((bpm for begin, bpm in reversed(tempos) if begin <= beat), tempos[0][1])


def describe(tracks: Iterable[Track]) -> str:
    """Tracks with their numbers of notes, for people."""
    return ", ".join(f"{track.name} {len(track.notes)} notes" for track in tracks if track.notes) or "no notes"
