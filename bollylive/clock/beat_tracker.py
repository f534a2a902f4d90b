"""The musician's own beat, from the onsets of their notes alone: the best of several hypotheses.

The first note is on a beat, and the tempo is close to the band's; from there on the hypotheses decide. The result is
given in the band's beats, so that bars stay where they are, unless the two drift a whole beat apart.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from bollylive.clock.anchor import Anchor, PlayerBeat
from bollylive.clock.beat_hypotheses import ALIKE, TWELFTHS, BeatHypotheses

_CHORD_S: Final = 0.045  # onsets nearer than this are one
_TEMPO_DOUBT: Final = 0.07  # the doubt of the tempo at the beginning, as a share of it
_TEMPO_DOUBT_LATER: Final = 0.04  # the same when they come back after a rest
_PHASE_DOUBT_LATER: Final = 0.1  # and the doubt of the beat then, in beats
_REST_BEATS: Final = 16.0
_SURE: Final = 0.5  # the share of the total likelihood that must agree
_LEAST_ONSETS: Final = 5


class BeatTracker:
    """Estimates where the musician's beat is. `begin` with their first note, then let it `hear` each onset.

    One thread owns it; an onset costs about 0.2 ms. It gives nothing while its hypotheses disagree.
    """

    def __init__(self) -> None:
        self._hypotheses = BeatHypotheses(0, 0.0, 1.0, _TEMPO_DOUBT)
        self._zero_beat = 0.0  # the band's beat from which places are counted
        self._onsets = 0  # since the hypotheses began; 0: not begun
        self._heard_s = 0.0
        self._sure = False  # an estimate has been given

    def begin(self, anchor: Anchor, at_s: float) -> None:
        """Begin with the musician's first note, which is on a beat; `anchor` is the band's time."""
        self._zero_beat, self._heard_s, self._onsets, self._sure = anchor.beat_at(at_s), at_s, 1, False
        self._hypotheses = BeatHypotheses(0, at_s, anchor.seconds_per_beat, _TEMPO_DOUBT)

    def retime(self, anchor: Anchor, at_s: float) -> None:
        """Start again at the tempo of `anchor`, which somebody has set: earlier onsets say nothing about it."""
        if self._onsets:
            self._sure = False
            self._rejoin(anchor, at_s)

    def hear(self, anchor: Anchor, at_s: float) -> PlayerBeat | None:
        """Handle an onset; return where the beat is, if that is clear by now."""
        if not self._onsets or at_s - self._heard_s < _CHORD_S:
            return None
        if at_s - self._heard_s > _REST_BEATS * anchor.seconds_per_beat:
            self._rejoin(anchor, at_s)
        self._heard_s = at_s
        self._onsets += 1
        self._hypotheses.branch(at_s)
        return self._opinion(anchor) if self._onsets >= _LEAST_ONSETS else None

    def _rejoin(self, anchor: Anchor, at_s: float) -> None:
        """Start again on the band's beat, the only beat that a musician who comes back after a rest has heard."""
        self._onsets = 1
        beat = math.floor(anchor.beat_at(at_s) - self._zero_beat) - 1
        doubt = _TEMPO_DOUBT_LATER if self._sure else _TEMPO_DOUBT
        at_s, beat_s = anchor.seconds_at(self._zero_beat + beat), anchor.seconds_per_beat
        self._hypotheses = BeatHypotheses(TWELFTHS * beat, at_s, beat_s, doubt, _PHASE_DOUBT_LATER * beat_s)

    def _opinion(self, anchor: Anchor) -> PlayerBeat | None:
        """Return the best hypothesis, if the other likely ones agree with it."""
        best = self._hypotheses
        phase = best.place / TWELFTHS + (self._heard_s - best.time) / best.period
        alike = (np.abs(phase - phase[0]) < 2 * ALIKE) & (np.abs(best.period / best.period[0] - 1) < ALIKE)
        share = np.exp(best.weight)
        if share[alike].sum() < _SURE * share.sum():
            return None
        self._sure = True
        ahead = self._zero_beat + float(phase[0]) - anchor.beat_at(self._heard_s)
        self._zero_beat -= math.trunc(ahead)
        beat = self._zero_beat + float(best.place[0]) / TWELFTHS
        return PlayerBeat(beat, float(best.period[0]), float(best.time[0]), anchor.epoch)
