"""A whole piece of music: the content of a MIDI file, or the record of a performance.

For the metre in force at a beat and the beat at which its bar began, see `bars.bar_at(song.meters, beat)`. For the
program in force, `Song.program_at`. For many beats in seconds, `TempoMap`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, TypeAlias

from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.midi.messages import Control, Note, Program

Change: TypeAlias = tuple[float, Control | Program]  # (beat, message)
Tempos: TypeAlias = tuple[tuple[float, float], ...]  # (from this beat on, beats per minute)
Meters: TypeAlias = tuple[tuple[float, float], ...]  # (from this beat on, quarter notes per bar)

DEFAULT_TEMPOS: Tempos = ((0.0, 120.0),)  # of a MIDI file that names none
DEFAULT_METERS: Meters = ((0.0, 4.0),)


class TimeSignature(float):
    """The length of a bar in quarter notes, as any number, that also remembers how the bar is written: 6/8 or 3/4."""

    __slots__ = ("denominator", "numerator")
    numerator: int
    denominator: int

    def __new__(cls, numerator: int, denominator: int) -> Self:
        """Both are positive; the denominator is a power of two."""
        signature = super().__new__(cls, numerator * 4 / denominator)
        signature.numerator, signature.denominator = numerator, denominator
        return signature


@dataclass(frozen=True, slots=True)
class Song:
    """The notes of a piece in order of (onset, channel, pitch), in beats (quarter notes) from its beginning."""

    name: str
    notes: tuple[Note, ...]
    programs: dict[int, int]  # by channel, for each that has a note: the program at its first note
    tempos: Tempos
    meters: Meters
    length_beats: float  # the end of the last note
    problems: tuple[str, ...] = ()  # a sentence for each part that could not be read as it stands
    program_changes: tuple[tuple[float, Program], ...] = ()  # all of them, by beat
    percussion: frozenset[int] = frozenset({PERCUSSION_CHANNEL})  # the channels whose keys are drums

    def program_at(self, channel: int, beat: float) -> int:
        """Return the program in force on a channel at a beat; before the first change, that of its first note."""
        for at, change in reversed(self.program_changes):
            if at <= beat and change.channel == channel:
                return change.program
        return self.programs.get(channel, 0)


@dataclass(frozen=True, slots=True)
class Track:
    """One player's part on one channel: notes with durations, and the control and program changes between them."""

    name: str
    channel: int  # 0-15
    program: int | None  # 0-127
    notes: tuple[Note, ...]
    changes: tuple[Change, ...] = ()


class TempoMap:
    """Where beats fall in seconds, for a whole piece. Immutable: any thread may use it.

    To make it costs time in proportion to the number of tempos, a look-up its logarithm.
    """

    def __init__(self, tempos: Tempos) -> None:
        """`tempos` are in the order of their beats, at least one; the first counts from beat 0 on."""
        self._beats = [0.0, *(begin for begin, _ in tempos[1:])]
        self._bpm = [bpm for _, bpm in tempos]
        self._seconds = [0.0]
        for begin, end, bpm in zip(self._beats, self._beats[1:], self._bpm, strict=False):
            self._seconds.append(self._seconds[-1] + (end - begin) * 60 / bpm)

    def seconds_at(self, beat: float) -> float:
        """Return when a beat falls, in seconds from beat 0; 0 for what lies before it."""
        last = self._last(beat)
        return max(0.0, self._seconds[last] + (beat - self._beats[last]) * 60 / self._bpm[last])

    def beat_at(self, seconds: float) -> float:
        """Return the beat that falls at a second."""
        last = max(0, bisect_right(self._seconds, seconds) - 1)
        return self._beats[last] + (seconds - self._seconds[last]) * self._bpm[last] / 60

    def tempo_at(self, beat: float) -> float:
        """Return the tempo at a beat, in beats per minute."""
        return self._bpm[self._last(beat)]

    def _last(self, beat: float) -> int:
        return max(0, bisect_right(self._beats, beat) - 1)


def seconds_at(tempos: Tempos, beat: float) -> float:
    """Return when one beat falls, in seconds from beat 0; for many beats, use a `TempoMap`."""
    return TempoMap(tempos).seconds_at(beat)


def tempo_at(tempos: Tempos, beat: float) -> float:
    """Return the tempo at one beat, in beats per minute; for many beats, use a `TempoMap`."""
    return TempoMap(tempos).tempo_at(beat)


def describe(tracks: Iterable[Track]) -> str:
    """Return a line that names the tracks and their numbers of notes."""
    return ", ".join(f"{track.name} {len(track.notes)} notes" for track in tracks if track.notes) or "no notes"
