"""Pair the note-ons of a file with their note-offs, and let each key of a channel sound once at a time.

A file may hold what no keyboard can play: a key that is struck again before it was released, in one track or in two
tracks of one channel. Programs disagree about it, since a note-off does not say which note it ends. So there is one
rule, for what is read and for what is written:

- A note-off ends the first of its key's notes that still sound in its track, as long as every note gets one so.
- Notes of a key that begin together are one note, as loud and as long as the loudest and the longest.
- A note that is struck while its key sounds ends the earlier one, and lasts as long as either would have.

So every onset stays, and so does all the time in which a key sounds. What is written by this rule has no two notes of
a key at once, and every program reads the same in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TypeAlias

Position: TypeAlias = tuple[int, int]  # (tick, place among the messages of this tick)
KeyMessage: TypeAlias = tuple[Position, int]  # (when, velocity); velocity 0 is a note-off


@dataclass(frozen=True, slots=True)
class Stroke:
    """One note as messages: from its note-on to its note-off."""

    track: int  # of two strokes that become one, the first one's
    begin: Position
    end: Position
    velocity: int


@dataclass(slots=True)
class Paired:
    """A note-on and its note-off, which is None if it is missing."""

    begin: Position
    velocity: int
    end: Position | None = None


def pair(key: Sequence[KeyMessage]) -> list[Paired]:
    """Return the notes of one key in one track, given its messages in order."""
    notes = _in_turn(key)
    return _with_gaps(key) if any(note.end is None for note in notes) else notes


def one_at_a_time(strokes: Iterable[Stroke]) -> list[Stroke]:
    """Return the strokes of one key of a channel in order, none of which sounds with another."""
    result: list[Stroke] = []
    for stroke in sorted(strokes, key=attrgetter("begin")):
        if not result or (result[-1].end <= stroke.begin and result[-1].begin[0] < stroke.begin[0]):
            result.append(stroke)
            continue
        before = result[-1]
        end = max(before.end, stroke.end)
        if before.begin[0] == stroke.begin[0]:
            result[-1] = replace(before, end=end, velocity=max(before.velocity, stroke.velocity))
        else:
            result[-1] = replace(before, end=stroke.begin)
            result.append(replace(stroke, end=end))
    return result


def _in_turn(key: Sequence[KeyMessage]) -> list[Paired]:
    """Each note-off ends the first note that has none yet."""
    notes: list[Paired] = []
    ended = 0
    for position, velocity in key:
        if velocity:
            notes.append(Paired(position, velocity))
        elif ended < len(notes):
            notes[ended].end = position
            ended += 1
    return notes


def _with_gaps(key: Sequence[KeyMessage]) -> list[Paired]:
    """Some note-offs are missing: each ends the latest notes before its tick, and those before them have none."""
    notes: list[Paired] = []
    waiting: list[Paired] = []
    for position, velocity in key:
        if velocity:
            notes.append(Paired(position, velocity))
            waiting.append(notes[-1])
            continue
        earlier = [note for note in waiting if note.begin[0] < position[0]] or waiting
        for note in earlier:
            if note.begin[0] == earlier[-1].begin[0]:
                note.end = position
        waiting = [note for note in waiting if note.begin[0] == position[0] and note.end is None]
    return notes
