"""What a musician's onsets may mean: a bank of Kalman filters, one for each hypothesis about the rhythm.

A hypothesis says which place of the beat each onset so far was meant for, and whether the tempo was steady, loose or
changed at once on the way there. For one hypothesis, tempo and phase form a linear system, for which a Kalman filter is
optimal. With each onset every hypothesis branches into all its possible continuations. A hypothesis is likely if the
places that it uses are often played, if the places that it skips are often not played, and if the onsets come when it
expects them. The likeliest are kept.

Source: A. T. Cemgil and B. Kappen, "Monte Carlo Methods for Tempo Tracking and Rhythm Quantization", Journal of
Artificial Intelligence Research 18, 2003, whose switching state space model this is. Here the search keeps the best
hypotheses instead of sampling them, an onset may belong to no place at all, as an ornament does, and a skipped place
counts too. Every hypothesis learns how often each place is played: therefore neither a run of sixteenths nor a triplet
feel looks like another tempo, and after a change of tempo the rhythm is known again.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

_Floats: TypeAlias = NDArray[np.float64]

# The places of a beat, in twelfths of it, and how often an onset is there before anybody has played.
TWELFTHS: Final = 12
_PLACES: Final = np.array([0, 3, 4, 6, 8, 9])
_PLAYED_AT_FIRST: Final = (0.7, 0.2, 0.1, 0.45, 0.15, 0.25)
_LEARN: Final = 0.05  # how much one played or skipped place changes the estimate of how often it is played
_SELDOM, _OFTEN = 0.02, 0.95
_WHICH: Final = np.tile(np.arange(len(_PLACES)), 2)
_NEAR: Final = np.concatenate([_PLACES, _PLACES + TWELFTHS])  # the places of two beats
_LONGEST_REST: Final = -3.5  # a log likelihood; anything less likely is a rest, at any tempo
_ORNAMENT: Final = -5.2  # the log likelihood of an onset that belongs to no place

HAND_S: Final = 0.02  # the standard deviation of an onset from where it is meant to be
_PHASE_DRIFT: Final = 0.01**2  # the variance of the beat's position that is added per beat, in beats
# The ways a tempo moves, steady, loose and changed: the variance that a beat adds to it, and what the change adds, as
# shares of it; then, from steady and from loose, how likely each is at an onset. After a change it is loose.
_DRIFT: Final = np.array([[0.002], [0.03], [0.03]]) ** 2
_LEAP: Final = np.array([[0.0], [0.0], [0.18]]) ** 2
_TURN: Final = np.log([[0.898, 0.1, 0.002], [0.1, 0.898, 0.002]])
_LOOSE: Final = 1
_FASTEST, _SLOWEST = 1.5, 0.65  # the limits of the tempo, relative to the first: so half and double tempo are excluded

_KEPT: Final = 28
_LEAST: Final = 10.0  # a hypothesis whose log likelihood is lower than the best by this is dropped
ALIKE: Final = 0.03  # tempi that differ by less than this share count as the same


class BeatHypotheses:
    """The hypotheses that are kept, the likeliest first; they begin as one, and `branch` at each onset.

    `place` is what the latest onset was meant for, in twelfths of a beat from where one began to count; `time` is when
    that place is, `period` how long a beat lasts, both in seconds; `weight` is the log likelihood, the best has 0.
    One thread owns it; an onset costs about 0.2 ms.
    """

    def __init__(self, place: int, at_s: float, seconds_per_beat: float, doubt: float, doubt_s: float = HAND_S) -> None:
        """Begin with one hypothesis: a beat at `at_s`.

        `doubt` is the standard deviation of the tempo, as a share of it, and `doubt_s` that of the beat.
        """
        self._first_s = seconds_per_beat
        self.place = np.array([place])
        self.time, self.period, self.weight = np.array([at_s]), np.array([seconds_per_beat]), np.zeros(1)
        # The covariance of time and period: the variance of each, and what they share.
        self._var_time, self._var_both = np.array([doubt_s**2]), np.zeros(1)
        self._var_period = np.array([(doubt * seconds_per_beat) ** 2])
        self._mood = np.zeros(1, dtype=int)
        self._played = np.array([_PLAYED_AT_FIRST])

    def branch(self, at_s: float) -> None:
        """Handle an onset: continue every hypothesis with each place that the onset may belong to, and with none."""
        beat = np.floor(self.place / TWELFTHS + (at_s - self.time) / self.period - 0.5).astype(int)
        place = TWELFTHS * beat[:, None] + _NEAR  # [hypothesis, place]; with moods [hypothesis, mood, place]
        passed = _count(place - 1) - _count(self.place[:, None])  # [hypothesis, place, place of a beat]
        rest = np.maximum((passed * np.log1p(-self._played)[:, None]).sum(-1), _LONGEST_REST)
        likely = np.where(place > self.place[:, None], rest + np.log(self._played)[:, _WHICH], -np.inf)

        time, period, var_time, var_both, var_period = (
            column[:, None, None]
            for column in (self.time, self.period, self._var_time, self._var_both, self._var_period)
        )
        step = np.maximum(place - self.place[:, None], 1)[:, None] / TWELFTHS
        var_period = var_period + period**2 * _LEAP
        drift = step * period**2 * _DRIFT
        var_time = var_time + step * (2 * var_both + step * (var_period + drift / 3) + period**2 * _PHASE_DRIFT)
        var_both = var_both + step * (var_period + drift / 2)
        var_period = var_period + drift
        error = at_s - (time + step * period)
        spread = var_time + HAND_S**2
        gain_time, gain_period = var_time / spread, var_both / spread
        period = period + gain_period * error
        weight = self.weight[:, None, None] + likely[:, None] + _TURN[self._mood][:, :, None]
        weight -= 0.5 * (error**2 / spread + np.log(spread))
        weight[(period * _FASTEST < self._first_s) | (period * _SLOWEST > self._first_s)] = -np.inf

        ornament = self.weight + _ORNAMENT - np.log(HAND_S)
        likely_enough = weight > max(weight.max(), ornament.max()) - _LEAST
        hypothesis, mood, near = np.nonzero(likely_enough)
        gain_time = gain_time[likely_enough]
        landed = _WHICH[near]
        played = self._played[hypothesis] * (1 - _LEARN * np.minimum(passed[hypothesis, near], 1))
        played[np.arange(len(landed)), landed] += _LEARN * (1 - played[np.arange(len(landed)), landed])
        self._keep_best(
            (weight[likely_enough], ornament),
            (place[hypothesis, near], self.place),
            (at_s - (1 - gain_time) * np.broadcast_to(error, weight.shape)[likely_enough], self.time),
            (period[likely_enough], self.period),
            ((1 - gain_time) * var_time[likely_enough], self._var_time),
            ((1 - gain_time) * var_both[likely_enough], self._var_both),
            ((var_period - gain_period * var_both)[likely_enough], self._var_period),
            (np.minimum(mood, _LOOSE), self._mood),
            (played.clip(_SELDOM, _OFTEN), self._played),
        )

    def _keep_best(self, *columns: tuple[NDArray[Any], NDArray[Any]]) -> None:
        weight, place, time, period, var_time, var_both, var_period, mood, played = map(np.concatenate, columns)
        order = np.argsort(-weight, kind="stable")
        alike = 20_000 * place[order] + 2 * np.round(np.log(period[order]) / ALIKE).astype(int) + mood[order]
        kept = order[np.sort(np.unique(alike, return_index=True)[1])][:_KEPT]
        self.weight = weight[kept] - weight[kept[0]]
        self.place, self.time, self.period, self._mood = place[kept], time[kept], period[kept], mood[kept]
        self._var_time, self._var_both, self._var_period = var_time[kept], var_both[kept], var_period[kept]
        self._played = played[kept]


def _count(twelfth: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each place of a beat has come by then: one number for each, on a new last axis."""
    count: NDArray[np.int64] = (twelfth[..., None] - _PLACES) // TWELFTHS
    return count
