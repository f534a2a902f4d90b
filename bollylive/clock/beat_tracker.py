"""The musician's own beat, from the onsets of their notes alone: the best of its `readings`, told against the band's.

The first note is on a beat, and its tempo is about the band's; from there the readings decide. The band's beats keep
the musician's count, so that a bar stays a bar, unless they come to be a whole beat apart.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from bollylive.clock.anchor import Anchor, PlayerBeat
from bollylive.clock.beat_hypotheses import ALIKE, TWELFTHS, BeatHypotheses

_CHORD_S: Final = 0.045  # onsets nearer than this are one
_TEMPO_DOUBT: Final = 0.07  # of the tempo at the beginning, as a share of it
_TEMPO_DOUBT_LATER: Final = 0.04  # when they come back after a rest
_PHASE_DOUBT_LATER: Final = 0.1  # and then of the beat, in beats
_REST_BEATS: Final = 16.0
_SURE: Final = 0.5  # the share of all readings that must be of one opinion
_LEAST_ONSETS: Final = 5


class BeatTracker:
    """Tells where the musician's beat is. `begin` it with their first note, then let it `hear` each onset.

    One thread owns it; an onset costs about 0.2 ms. Nothing is told while the readings disagree.
    """

    def __init__(self) -> None:
        self._readings = BeatHypotheses(0, 0.0, 1.0, _TEMPO_DOUBT)
        self._zero_beat = 0.0  # the band's beat from which places are counted
        self._onsets = 0  # so many since the readings began; 0: not begun
        self._heard_s = 0.0
        self._sure = False  # an opinion has been told

    def begin(self, anchor: Anchor, at_s: float) -> None:
        """The musician's first note, which is on a beat; `anchor` is the band's time."""
        self._zero_beat, self._heard_s, self._onsets, self._sure = anchor.beat_at(at_s), at_s, 1, False
        self._readings = BeatHypotheses(0, at_s, anchor.seconds_per_beat, _TEMPO_DOUBT)

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
        self._readings.branch(at_s)
        return self._opinion(anchor) if self._onsets >= _LEAST_ONSETS else None

    def _rejoin(self, anchor: Anchor, at_s: float) -> None:
        """Who comes back after a rest does so on the band's beat: they have heard no other."""
        self._onsets = 1
        beat = math.floor(anchor.beat_at(at_s) - self._zero_beat) - 1
        doubt = _TEMPO_DOUBT_LATER if self._sure else _TEMPO_DOUBT
        at_s, beat_s = anchor.seconds_at(self._zero_beat + beat), anchor.seconds_per_beat
        self._readings = BeatHypotheses(TWELFTHS * beat, at_s, beat_s, doubt, _PHASE_DOUBT_LATER * beat_s)

    def _opinion(self, anchor: Anchor) -> PlayerBeat | None:
        """The best reading, if those that count are of its opinion."""
        read = self._readings
        phase = read.place / TWELFTHS + (self._heard_s - read.time) / read.period
        alike = (np.abs(phase - phase[0]) < 2 * ALIKE) & (np.abs(read.period / read.period[0] - 1) < ALIKE)
        share = np.exp(read.weight)
        if share[alike].sum() < _SURE * share.sum():
            return None
        self._sure = True
        ahead = self._zero_beat + float(phase[0]) - anchor.beat_at(self._heard_s)
        self._zero_beat -= math.trunc(ahead)
        beat = self._zero_beat + float(read.place[0]) / TWELFTHS
        return PlayerBeat(beat, float(read.period[0]), float(read.time[0]), anchor.epoch)
