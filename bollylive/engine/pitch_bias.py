"""What a channel's setting adds to the model's scores: its range, density, polyphony and grid, and what bores it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

import numpy as np

from bollylive.model import codec
from bollylive.model.predictor import Floats
from bollylive.sets.band import ChannelSet

_FORBIDDEN = -1e9
_PATIENCE_NOTES, _BOREDOM = 6, 0.5  # after so many repeats, so much of a score for each further one
_SIXTEENTH_TICKS, _TRIPLET_TICKS = codec.TICKS_PER_BEAT // 4, codec.TICKS_PER_BEAT // 3
_AHEAD_BEATS: Floats = (np.minimum(np.arange(codec.ONSETS), codec.WAIT_TICKS) / codec.TICKS_PER_BEAT).astype(np.float32)


def _grid_bias() -> Floats:
    """Scores [tick in the beat, ONSETS] that keep a voice to sixteenths and triplets.

    From a sixteenth it goes to sixteenths, from a triplet to triplets, from a beat or from off the grid to either.
    """
    places = np.arange(codec.TICKS_PER_BEAT)[:, None]
    ahead = np.arange(codec.ONSETS)
    allowed = np.zeros((codec.TICKS_PER_BEAT, codec.ONSETS), dtype=bool)
    for step in (_SIXTEENTH_TICKS, _TRIPLET_TICKS):
        other = _SIXTEENTH_TICKS + _TRIPLET_TICKS - step
        from_here = (places % step == 0) | (places % other != 0)
        allowed |= from_here & ((places + ahead) % step == 0)
    allowed[:, [0, codec.WAIT]] = True  # a chord, and a rest
    return np.where(allowed, 0, _FORBIDDEN).astype(np.float32)


_GRID_BIAS = _grid_bias()


class Bias:
    """The additive scores of one channel. With `quantise`, what the model chooses keeps to sixteenths and triplets."""

    def __init__(self, setting: ChannelSet, quantise: bool) -> None:
        self._pitch = np.full(codec.PITCHES, _FORBIDDEN, dtype=np.float32)
        self._pitch[setting.lowest : setting.highest + 1] = 0
        if setting.percussion:
            self._pitch[np.setdiff1d(np.arange(codec.PITCHES), [key for key, _ in setting.percussion])] = _FORBIDDEN
        self._density, self._polyphony, self._quantise = setting.density, setting.polyphony, quantise

    def allows(self, pitch: int) -> bool:
        """Whether a pitch 0-127 is in the channel's range."""
        return bool(self._pitch[pitch] == 0)

    def of_pitch(self, newest: Iterable[int]) -> Floats:
        """The scores of the pitches [128] after some others, the newest first.

        One that has been struck again and again becomes less likely each time: a model that hears mostly its own
        repeated note finds nothing more likely than that note, for ever.
        """
        bias, sounded = self._pitch.copy(), iter(newest)
        pitch = next(sounded, codec.REST)
        run = 1 + sum(1 for _ in takewhile(lambda other: other == pitch, sounded))
        if run > _PATIENCE_NOTES:
            bias[pitch] -= _BOREDOM * (run - _PATIENCE_NOTES)
        return bias

    def of_onset(self, tick: int, sounding: int, push: float = 0.0, *, may_rest: bool = True) -> Floats:
        """The scores of what comes after a tick [ONSETS], at which so many notes of the channel begin.

        A chord of as many notes as the channel may have is complete. `push` is added to the channel's density.
        """
        bias: Floats = np.float32(-self._density - push) * _AHEAD_BEATS
        if sounding >= self._polyphony:
            bias[0] = _FORBIDDEN
        if self._quantise:
            bias += _GRID_BIAS[tick % codec.TICKS_PER_BEAT]
        if not may_rest:
            bias[codec.WAIT] = _FORBIDDEN
        return bias
