"""Which pitch classes the band keeps to: those of a raga, of a scale by name, or those that the musician has used.

The musician's own notes are the seven of the signature under which all that they have played is likeliest, and each
class that had 2 % and more of the time that they sounded, such as a minor key's raised seventh. The memory of it has a
half-life of 128 beats of playing, so that a pause forgets nothing. A change of key is heard sooner: if the last eight
beats fit another signature better for a bar, the memory begins anew with that bar.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bollylive.engine.grid import ticks_of
from bollylive.model.codec import PERCUSSION, PITCHES, TICKS_PER_BEAT
from bollylive.model.lead_memory import HALF_LIFE_BEATS, signature
from bollylive.model.predictor import Floats
from bollylive.sets.live_set import LiveSet
from bollylive.sets.ragas import raga_degrees
from bollylive.sets.scales import MODES, OWN, scale_classes, transposed

FORBIDDEN: Final = -1e9
_STRONGEST: Final = 6.0  # what a lock just below 1 takes off a score: some 400 times less likely
_USED: Final = 0.02  # a class with so much of the time belongs to the musician's notes
_LONGEST_PAUSE_TICKS: Final = 4 * TICKS_PER_BEAT  # a longer pause counts as one of this length
_SHORT_TICKS: Final = 8 * TICKS_PER_BEAT  # of the short memory
_CONTRADICTION: Final = 0.1  # of the short memory's time, by which another signature must fit better


@cache
def _foreign_pitches(classes: frozenset[int]) -> NDArray[np.bool_]:
    """Which pitches [128] are of none of some pitch classes."""
    return ~np.isin(np.arange(PITCHES) % 12, sorted(classes))


class _Heard(NamedTuple):
    played_tick: int  # of its onset, in ticks that stand still in pauses
    pitch_class: int
    ticks: int


class Scale:
    """The notes that the band keeps to. Owned by the engine; no call blocks.

    Feed it with the musician's notes by `hear`, whatever the set says, so that it knows them when the set changes.
    """

    def __init__(self, live: LiveSet) -> None:
        self._live = live
        self._memory = np.zeros(12)  # how long each class sounded, in ticks that fade
        self._signature: int | None = None  # the major tonic 0-11
        self._played_tick, self._onset_tick = 0, 0  # of the newest note, without long pauses and as it was
        self._recent: deque[_Heard] = deque()  # the short memory
        self._doubted_tick: int | None = None  # since when, in played ticks, another key fits better

    def hear(self, onset_tick: int, end_tick: int, pitch: int) -> None:
        """Hear a note of the musician's, once its end is known; percussion is to be left out."""
        past_ticks = min(max(0, onset_tick - self._onset_tick), _LONGEST_PAUSE_TICKS)
        self._onset_tick = max(self._onset_tick, onset_tick)
        self._played_tick += past_ticks
        note = _Heard(self._played_tick, pitch % 12, max(1, end_tick - onset_tick))
        self._memory *= 2.0 ** (-past_ticks / (HALF_LIFE_BEATS * TICKS_PER_BEAT))
        self._add(note)
        self._recent.append(note)
        while self._recent[0].played_tick <= self._played_tick - _SHORT_TICKS:
            self._recent.popleft()
        self._follow_key()

    @property
    def classes(self) -> frozenset[int] | None:
        """The pitch classes 0-11 that the band keeps to, as the set says; None: any."""
        band = self._live.band
        if band.raga is not None:
            return transposed(raga_degrees(band.raga), band.sa)
        return self._own() if band.scale == OWN else scale_classes(band.scale)

    def bias(self, instrument: int, lowest: int = 0, highest: int = PITCHES - 1) -> Floats:
        """The scores to add for the pitches [128] of an instrument, a program 0-127 or PERCUSSION, in its range.

        What is foreign loses up to 6, in proportion to the lock, and is forbidden by a lock of 1. Percussion loses
        nothing, nor does an instrument whose range has none of the scale's notes.
        """
        band = self._live.band
        lock = band.scale_lock if band.raga is None else band.raga_lock
        bias: Floats = np.zeros(PITCHES, dtype=np.float32)
        if instrument == PERCUSSION or lock <= 0 or (classes := self.classes) is None:
            return bias
        foreign = _foreign_pitches(classes)
        if not foreign[lowest : highest + 1].all():
            bias[foreign] = FORBIDDEN if lock >= 1 else -_STRONGEST * lock
        return bias

    def _own(self) -> frozenset[int] | None:
        if self._signature is None:
            return None
        used = np.flatnonzero(self._memory >= _USED * self._memory.sum())
        return transposed(MODES["major"], self._signature) | frozenset(used.tolist())

    def _add(self, note: _Heard) -> None:
        self._memory[note.pitch_class] += note.ticks
        self._signature = signature(self._memory.astype(np.float32), self._signature)

    def _follow_key(self) -> None:
        """Begin anew if the short memory has contradicted the long one for a bar."""
        recent = np.zeros(12)
        for note in self._recent:
            recent[note.pitch_class] += note.ticks
        fits = recent[sorted(self._own() or ())].sum()
        better = recent[sorted(transposed(MODES["major"], signature(recent.astype(np.float32), None)))].sum()
        if better - fits < _CONTRADICTION * recent.sum():
            self._doubted_tick = None
        elif self._doubted_tick is None:
            self._doubted_tick = self._played_tick
        elif self._played_tick - self._doubted_tick >= ticks_of(self._live.band.beats_per_bar):
            self._begin_anew(self._doubted_tick)

    def _begin_anew(self, since_tick: int) -> None:
        self._doubted_tick, self._signature = None, None
        self._memory[:] = 0
        for note in self._recent:
            if note.played_tick >= since_tick:
                self._add(note)
