"""The musician's own beat, from the onsets of their notes alone: a bank of Kalman filters, one for each reading.

A reading says which place of the beat each onset so far was meant for, and whether the beat is felt in four or in
three. Given that, tempo and phase are a linear system, which a Kalman filter knows best. With each onset every reading
branches into the places that it could be meant for; a reading is likely if its places are often played, if those it
passes over often are not, and if the onsets come when it expects them. The likeliest readings are kept.

Source: A. T. Cemgil and B. Kappen, "Monte Carlo Methods for Tempo Tracking and Rhythm Quantization", Journal of
Artificial Intelligence Research 18, 2003, whose switching state space model this is. Here the search keeps the best
readings instead of drawing them, a place that is passed over counts too (so that a faster beat is no better reading
merely for having more places), and an onset may be meant for no place at all, as an ornament is.
"""

from __future__ import annotations

import math
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bollylive.note import Anchor, PlayerBeat

_Floats: TypeAlias = NDArray[np.float64]

# By feel, in twelfths of a beat, and how likely an onset is there: of a beat in four, and of one in three.
_TWELFTHS: Final = 12
_PLACES: Final = np.array([[0, 3, 6, 9], [0, 4, 8, 11]])
_PLAYED: Final = np.array([[0.6, 0.2, 0.45, 0.2], [0.6, 0.25, 0.45, 0.0]])
_FEEL_AT_FIRST: Final = np.log([0.7, 0.3])
_FEEL_CHANGES: Final = 0.02
_BEATS_AROUND: Final = np.arange(-1, 2)  # a place is looked for in these beats, from the one that is expected
_LONGEST_REST: Final = 1.5 * np.log(0.1)  # what is less likely than this is a rest, at any tempo
_ASTRAY: Final = -5.0  # of an onset that is meant for no place

_HAND_S: Final = 0.03  # the standard deviation of an onset from where it is meant to be
_CHORD_S: Final = 0.045  # onsets nearer than this are one
_TEMPO_DOUBT: Final = 0.09  # of the tempo at the beginning, as a share of it
_TEMPO_DOUBT_LATER: Final = 0.04  # when they come back after a rest
_REST_BEATS: Final = 16.0
_TEMPO_DRIFT: Final = 0.008  # what it may change in a beat
_PHASE_DRIFT: Final = 0.01  # what the beat may wander in a beat, in beats
_PULL: Final = 4.0  # how much a beat speaks against a tempo that is not the band's, by the square of their distance
_FASTEST, _SLOWEST = 1.5, 0.65  # no reading is further from the band's tempo, so half and double are none

_READINGS: Final = 24
_ALIKE: Final = 0.03  # tempi and phases that differ by less than this share of a beat are one opinion
_SURE: Final = 0.65  # the share of all readings that must be of one opinion
_LEAST_ONSETS: Final = 5


def _skip_table() -> _Floats:
    """By feel: how likely it is that the first so many twelfths of a beat are passed over, as a logarithm."""
    played = np.zeros((2, _TWELFTHS))
    for feel in range(2):
        played[feel, _PLACES[feel]] = _PLAYED[feel]
    return np.concatenate([np.zeros((2, 1)), np.cumsum(np.log1p(-played), axis=1)], axis=1)


_SKIP: Final = _skip_table()
with np.errstate(divide="ignore"):
    _LIKELY: Final = np.log(_PLAYED)
_FEEL: Final = np.log([[1 - _FEEL_CHANGES, _FEEL_CHANGES], [_FEEL_CHANGES, 1 - _FEEL_CHANGES]])


class BeatTracker:
    """Tells where the musician's beat is. `begin` it with their first note, then let it `hear` each onset.

    One thread owns it; an onset costs about a millisecond. Nothing is told while the readings disagree.
    """

    def __init__(self) -> None:
        self._zero_beat = 0.0  # the band's beat from which places are counted
        self._onsets = 0  # so many since the readings began; 0: not begun
        self._heard_s = 0.0
        self._sure = False  # an opinion has been told

    def begin(self, anchor: Anchor, at_s: float) -> None:
        """The musician's first note, which is on a beat; `anchor` is the band's time."""
        self._zero_beat, self._heard_s, self._onsets, self._sure = anchor.beat_at(at_s), at_s, 1, False
        self._read_anew(anchor, at_s, 0)

    def retime(self, anchor: Anchor, at_s: float) -> None:
        """Somebody has set the tempo of `anchor`: what was heard before tells nothing of it."""
        if self._onsets:
            self._sure = False
            self._rejoin(anchor, at_s)

    def hear(self, anchor: Anchor, at_s: float) -> PlayerBeat | None:
        """Takes in an onset; where the beat is, if that is clear by now."""
        if not self._onsets or at_s - self._heard_s < _CHORD_S:
            return None
        if at_s - self._heard_s > _REST_BEATS * anchor.seconds_per_beat:
            self._rejoin(anchor, at_s)
        self._heard_s = at_s
        self._onsets += 1
        self._branch(at_s)
        return self._opinion(anchor.epoch) if self._onsets >= _LEAST_ONSETS else None

    def _rejoin(self, anchor: Anchor, at_s: float) -> None:
        """Who comes back after a rest does so on the band's beat: they have heard no other."""
        self._onsets = 1
        beat = math.floor(anchor.beat_at(at_s) - self._zero_beat) - 1
        self._read_anew(anchor, anchor.seconds_at(self._zero_beat + beat), _TWELFTHS * beat)

    def _read_anew(self, anchor: Anchor, at_s: float, place: int) -> None:
        self._band_s = anchor.seconds_per_beat
        self._feel = np.arange(2)
        self._place = np.full(2, place)  # of the latest onset, in twelfths of a beat
        self._time = np.full(2, at_s)  # when that place is
        self._period = np.full(2, self._band_s)
        # The covariance of time and period: the variance of each, and what they share.
        self._var_time, self._var_both = np.full(2, _HAND_S**2), np.zeros(2)
        doubt = _TEMPO_DOUBT_LATER if self._sure else _TEMPO_DOUBT
        self._var_period = np.full(2, (doubt * self._band_s) ** 2)
        self._weight = _FEEL_AT_FIRST.copy()

    def _branch(self, at_s: float) -> None:
        """Every reading with every place that the onset could be meant for, and with none; the best are kept."""
        expected = self._place / _TWELFTHS + (at_s - self._time) / self._period
        whole = np.floor(expected).astype(int)[:, None, None, None] + _BEATS_AROUND[:, None]
        place = _TWELFTHS * whole + _PLACES[:, None, :]  # [reading, feel, beat, place]
        shape, last = place.shape, self._place[:, None, None, None]
        feel = np.broadcast_to(np.arange(2)[:, None, None], shape)
        skipped = np.minimum(_skipped(feel, place) - _skipped(feel, last + 1), 0.0)
        likely = _LIKELY[:, None, :] + np.maximum(skipped, _LONGEST_REST) + _FEEL[self._feel][:, :, None, None]
        step = np.maximum(place - last, 1) / _TWELFTHS

        def old(values: _Floats) -> _Floats:
            return values[:, None, None, None]

        period = old(self._period)
        var_both = old(self._var_both) + step * old(self._var_period)
        var_time = old(self._var_time) + step * (old(self._var_both) + var_both) + step * (_PHASE_DRIFT * period) ** 2
        var_period = old(self._var_period) + step * (_TEMPO_DRIFT * period) ** 2
        error = at_s - (old(self._time) + step * period)
        spread = var_time + _HAND_S**2
        gain_time, gain_period = var_time / spread, var_both / spread
        period = period + gain_period * error
        weight = old(self._weight) + likely - 0.5 * (error**2 / spread + np.log(spread))
        weight = weight - _PULL * step * np.log(period / self._band_s) ** 2
        out = (place <= last) | (period * _FASTEST < self._band_s) | (period * _SLOWEST > self._band_s)
        columns = [
            (feel, self._feel),
            (place, self._place),
            (at_s - (1 - gain_time) * error, self._time),
            (period, self._period),
            ((1 - gain_time) * var_time, self._var_time),
            ((1 - gain_time) * var_both, self._var_both),
            (var_period - gain_period * var_both, self._var_period),
            (np.where(out, -np.inf, weight), self._weight + _ASTRAY - np.log(_HAND_S)),
        ]
        self._keep_best([np.concatenate([new.ravel(), old]) for new, old in columns])

    def _keep_best(self, columns: list[NDArray[Any]]) -> None:
        feel, place, _, period, *_, weight = columns
        best = np.argsort(-weight, kind="stable")[: 6 * _READINGS]
        alike = 20_000 * place[best] + 2 * np.round(np.log(period[best]) / _ALIKE).astype(int) + feel[best]
        kept = best[np.sort(np.unique(alike, return_index=True)[1])][:_READINGS]
        columns[-1] = weight - weight[kept[0]]
        (
            self._feel,
            self._place,
            self._time,
            self._period,
            self._var_time,
            self._var_both,
            self._var_period,
            self._weight,
        ) = (column[kept] for column in columns)

    def _opinion(self, epoch: int) -> PlayerBeat | None:
        """The best reading, if those that count are of its opinion."""
        phase = self._place / _TWELFTHS + (self._heard_s - self._time) / self._period
        alike = (np.abs(phase - phase[0]) < 2 * _ALIKE) & (np.abs(self._period / self._period[0] - 1) < _ALIKE)
        share = np.exp(self._weight)
        if share[alike].sum() < _SURE * share.sum():
            return None
        self._sure = True
        beat, period = self._zero_beat + float(self._place[0]) / _TWELFTHS, float(self._period[0])
        return PlayerBeat(beat, period, float(self._time[0]), epoch)


def _skipped(feel: NDArray[np.int64], twelfth: NDArray[np.int64]) -> _Floats:
    """How likely it is that everything from the first beat up to here is passed over, as a logarithm."""
    beats, rest = np.divmod(twelfth, _TWELFTHS)
    return np.asarray(beats * _SKIP[feel, -1] + _SKIP[feel, rest])
