"""A take: what everybody played in one MIDI file, in beats, and who leads, who is the bass and who drums."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

ONSET, DURATION, PITCH, VELOCITY = range(4)
_EIGHTH, _INSTANT = 0.5, 0.01  # beats: a note must sound for two instants to be heard at an eighth
TICKS_PER_BEAT = 24  # onsets nearer to each other than half a tick are one

Notes: TypeAlias = NDArray[np.float64]  # [N, 4], columns as above, times in beats; by onset, then pitch
Role: TypeAlias = Literal["lead", "bass", "drums", "other"]
Kind: TypeAlias = Literal["drums", "bass", "strings", "keys", "guitars", "winds", "others"]

KINDS: tuple[Kind, ...] = ("drums", "bass", "strings", "keys", "guitars", "winds", "others")
NO_NOTES: Notes = np.zeros((0, 4))


@dataclass(frozen=True, eq=False)  # arrays do not compare as one: a voice equals only itself
class Voice:
    """One player: `name` is the track's, `kind` what it plays. The lead is of the kind of its instrument."""

    name: str
    kind: Kind
    role: Role
    notes: Notes


@dataclass(frozen=True)
class Take:
    """A stretch of music of one metre: its bars begin at beat 0. Notes may lie before it and behind its last bar."""

    name: str
    voices: tuple[Voice, ...]
    bar_beats: float
    bars: int
    tempo_bpm: float

    @property
    def end(self) -> float:
        """The beat at which the last bar ends."""
        return self.bars * self.bar_beats

    @property
    def half_bar(self) -> float:
        """How long a chord is looked for, in beats: half a bar, or a whole one that has no such halves, as in 3/4."""
        return self.bar_beats / 2 if self.bar_beats in (2, 4, 6) else self.bar_beats

    @property
    def lead_end(self) -> float:
        """The beat at which the lead's last note ends; 0 where nobody leads."""
        lead = self.notes("lead")
        return float((lead[:, ONSET] + lead[:, DURATION]).max()) if len(lead) else 0.0

    def band(self) -> Iterator[Voice]:
        """Everybody but the lead."""
        return (voice for voice in self.voices if voice.role != "lead")

    def notes(self, *roles: Role) -> Notes:
        """All notes of some roles, by onset, then pitch."""
        return joined([voice.notes for voice in self.voices if voice.role in roles])

    def part(self, first_bar: int, last_bar: int) -> Take:
        """Bars `first_bar` to before `last_bar`, with beat 0 where the first of them begins."""
        shift = np.array([first_bar * self.bar_beats, 0, 0, 0])
        voices = tuple(replace(voice, notes=voice.notes - shift) for voice in self.voices)
        return replace(self, voices=voices, bars=last_bar - first_bar)

    def bars_of(self, minutes: float) -> int:
        """How many whole bars are the nearest to so many minutes, at least one."""
        return max(1, round(minutes * self.tempo_bpm / self.bar_beats))


def joined(parts: list[Notes]) -> Notes:
    """The notes of several players, by onset, then pitch."""
    notes = np.concatenate([NO_NOTES, *parts])
    return np.asarray(notes[np.lexsort((notes[:, PITCH], notes[:, ONSET]))])


def within(notes: Notes, end: float) -> Notes:
    """The notes that begin from beat 0 to before `end`."""
    return np.asarray(notes[(notes[:, ONSET] > -1e-6) & (notes[:, ONSET] < end)])


def eighths(end: float) -> NDArray[np.float64]:
    """The beats before `end` at which it is looked what sounds."""
    return np.arange(0.0, end, _EIGHTH)


def sounding(notes: Notes, beat: float) -> Notes:
    """The notes that sound at a beat, and a little longer."""
    begun = notes[:, ONSET] <= beat + _INSTANT
    return np.asarray(notes[begun & (notes[:, ONSET] + notes[:, DURATION] > beat + 2 * _INSTANT)])


def onsets(notes: Notes) -> NDArray[np.int64]:
    """The different onsets, in ticks of 24 a beat."""
    return np.unique(np.rint(notes[:, ONSET] * TICKS_PER_BEAT).astype(np.int64))


def whole_bars(last_onset: float, bar_beats: float) -> int:
    """How many bars a piece has whose last note begins at a beat."""
    return max(1, math.ceil(last_onset / bar_beats))
