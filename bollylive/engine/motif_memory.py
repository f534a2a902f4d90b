"""A memory of the motifs of this session: for each note, what came before it, where it stood, and what came next.

One pass over all remembered notes finds how well each fits the present: how many intervals and how many gaps before it
are the same, and whether the gap to it, the pitch before and the place in the bar are. Each then votes for the interval
and for the gap that followed it, with a weight that grows with the fit. The votes become biases that are added to the
model's scores: a motif of this session becomes likelier, and no other note impossible. A motif is recognised in another
key, because intervals are compared, and at another tempo, because time is in ticks.

The variable-order match is that of PPM (Cleary and Witten 1984) and of the Continuator (Pachet 2003); a memory of
the session beside a network, each note weighed by its likeness, is the continuous cache of Grave et al. (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec
from bollylive.model.predictor import Floats

REMEMBERED_NOTES = 1024
DEPTH = 12  # intervals and gaps that are compared at most
CONTEXT_NOTES = DEPTH + 1

_SYMBOL_BITS = 5  # twelve symbols and a stop fit into 64 bits
_UNKNOWN, _STOP = 0, 1
_SYMBOLS = 2**_SYMBOL_BITS - 2  # intervals, or gaps, that differ by this are taken for the same
_GAPS = range(codec.LONGEST_SILENCE_TICKS)
_OVER = -1  # ticks to a note that is not expected any more, or was not played yet
_MANTISSA_BITS, _EXPONENT_ZERO = 23, 127  # of a float32
_SYMBOLS_BELOW: Floats = ((np.arange(192) - _EXPONENT_ZERO) // _SYMBOL_BITS).astype(np.float32)

# What a vote grows with, as natural logarithms that add up: each interval before that is the same, each gap before,
# the gap to the note, the pitch before, the place in the beat, the place in the bar, each gap from that to the note on;
# and the vote where nothing is the same. Fitted by gradient descent to the fewest bits on half of the held-out songs
# of all corpora, every corpus counted alike, through the scores of a model that does not recall its own past; the
# powers are half of what was best for that one, since the shipped ones do (`python -m training remember` measures).
_PITCH_WEIGHTS = (1.9, 0.3, 5.8, 5.2, 2.0, 3.4, 0, -12.2)
_ONSET_WEIGHTS = (0.62, 0, 0, 4.0, 1.0, 4.1, 1.06, -11.1)
_WEIGHTS: Floats = np.array([_PITCH_WEIGHTS, _ONSET_WEIGHTS], dtype=np.float32)
_PITCH_POWER, _ONSET_POWER = np.float32(0.12), np.float32(0.14)  # a bias is this times the logarithm of 1 + all votes

Context: TypeAlias = Sequence[tuple[int, int]]  # (tick, pitch) of the notes before, oldest first


class MotifMemory:
    """The last REMEMBERED_NOTES notes of a voice, in about 80 kB; older notes are forgotten."""

    def __init__(self) -> None:
        self._filed = 0
        # Of each note: the intervals and the gaps before it, packed; what can be the same as now; what came then.
        self._contexts = np.zeros((2, REMEMBERED_NOTES), dtype=np.int64)
        self._moments = np.zeros((4, REMEMBERED_NOTES), dtype=np.int16)  # gap to it, pitch before, place in beat, bar
        self._interval = np.zeros(REMEMBERED_NOTES, dtype=np.int64)  # from the pitch before
        self._ahead = np.full(REMEMBERED_NOTES, _OVER, dtype=np.int64)  # ticks to the next note
        self._alike = np.ones((len(_PITCH_WEIGHTS), REMEMBERED_NOTES), dtype=np.float32)
        self._past: list[tuple[int, int]] = []  # (tick, pitch) of the newest notes that are filed
        self._chord: list[tuple[int, int, int]] = []  # the notes of the newest tick, of which more may come

    def __len__(self) -> int:
        """How many notes can vote."""
        return min(self._filed, REMEMBERED_NOTES)

    def learn(self, tick: int, pitch: int, place: int) -> None:
        """Add a note that was played at a tick, `place` ticks after a bar line.

        Notes of one tick form a chord. In whatever order they come, they are stored from low to high, and can vote when
        the chord is over.
        """
        if self._chord and self._chord[0][0] != tick:
            for note in sorted(self._chord):
                self._file(*note)
            self._chord = []
        if (tick, pitch, place) not in self._chord:
            self._chord.append((tick, pitch, place))

    def recall(self, before: Context, tick: int, place: int, elapsed: int = 0) -> tuple[Floats, Floats]:
        """The biases of a note at a tick: of its pitch [128], and of the onset word [ONSETS] that comes after it.

        `before` are the CONTEXT_NOTES notes before it, or fewer; the onset is asked for `elapsed` ticks after the
        note. No bias is negative, and all are zero if nothing is remembered. Takes about 0.03 ms.
        """
        known = len(self)
        if not known or not before:
            return np.zeros(codec.PITCHES, dtype=np.float32), np.zeros(codec.ONSETS, dtype=np.float32)
        last_tick, last_pitch = before[-1]
        now = np.array([_gap(tick - last_tick), last_pitch, place % codec.TICKS_PER_BEAT, place], dtype=np.int16)
        alike = self._alike[:, :known]
        alike[:2] = _count_alike(self._contexts[:, :known], np.array(_pack(before, _STOP))[:, None])
        alike[2:6] = self._moments[:, :known] == now[:, None]
        alike[6] = alike[2] * (alike[1] + 1)
        votes = np.exp(_WEIGHTS @ alike)

        # Pitches that do not exist are counted and left out, and so are gaps that are over by now.
        pitches = self._interval[:known] + (last_pitch + codec.PITCHES)
        pitch_votes = np.bincount(pitches, votes[0], 3 * codec.PITCHES)[codec.PITCHES : 2 * codec.PITCHES]
        left = np.minimum(self._ahead[:known] - elapsed, codec.WAIT)
        onset_votes = np.bincount(np.maximum(left, _OVER) - _OVER, votes[1], codec.ONSETS + 1)[1:]
        onset_votes[0] *= elapsed == 0  # what has no gap is of one chord with the note, and that is complete
        bias = np.log1p(np.concatenate((pitch_votes, onset_votes)), dtype=np.float32, casting="same_kind")
        return _PITCH_POWER * bias[: codec.PITCHES], _ONSET_POWER * bias[codec.PITCHES :]

    def _file(self, tick: int, pitch: int, place: int) -> None:
        if self._past:
            last_tick, last_pitch = self._past[-1]
            gap = _gap(tick - last_tick)
            slot = self._filed % REMEMBERED_NOTES
            self._contexts[:, slot] = _pack(self._past, _UNKNOWN)
            self._moments[:, slot] = gap, last_pitch, place % codec.TICKS_PER_BEAT, place
            self._interval[slot], self._ahead[slot] = pitch - last_pitch, _OVER
            if self._filed:
                self._ahead[slot - 1] = gap
            self._filed += 1
        self._past = [*self._past[-DEPTH:], (tick, pitch)]


def _gap(ticks: int) -> int:
    """Ticks between two onsets; large gaps, and gaps back in time after a jump of the song, all count as the same."""
    return ticks if ticks in _GAPS else codec.LONGEST_SILENCE_TICKS


def _pack(notes: Context, first: int) -> tuple[int, int]:
    """The intervals and the gaps of some notes in a row, as symbols of five bits, the newest lowest, above all `first`.

    A stop is no symbol, so nothing fits beyond it.
    """
    intervals = gaps = first
    for (since, low), (until, high) in pairwise(notes):
        intervals = intervals << _SYMBOL_BITS | (high - low) % _SYMBOLS + _STOP + 1
        ticks = until - since
        gap = ticks if ticks in _GAPS else codec.LONGEST_SILENCE_TICKS  # `_gap`, without twelve calls for each note
        gaps = gaps << _SYMBOL_BITS | gap % _SYMBOLS + _STOP + 1
    return intervals, gaps


def _count_alike(past: NDArray[np.int64], present: NDArray[np.int64]) -> Floats:
    """How many symbols are the same, from the newest on: those below the lowest bit in which two numbers differ.

    A power of two is the exponent of a float, which reads it off for all numbers at once.
    """
    different = past ^ present
    exponent = (different & -different).astype(np.float32).view(np.int32) >> _MANTISSA_BITS
    alike: Floats = _SYMBOLS_BELOW[exponent]
    return alike
