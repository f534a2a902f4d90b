"""What is added to the model's scores: a channel's range, density, polyphony and grid, and penalties.

A pitch that is repeated too often is penalised, and so is one that clashes with what the musician holds. Unisons,
octaves, thirds, fourths, fifths and sixths count as consonant: the consonances of common practice, with the fourth, as
between any two upper voices. The network was trained on music whose players knew what was to come. On stage the band
only hears it, so what clashes with a note that already sounds is made less likely.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

import numpy as np

from bollylive.model import codec
from bollylive.model.context import LEAD_HARMONY
from bollylive.model.predictor import Floats, Ints
from bollylive.sets.settings import Set

_FORBIDDEN = -1e9
_REPEATS_ALLOWED, _REPETITION_PENALTY = 6, 0.5  # what each further repeat takes off the score
_SIXTEENTH_TICKS, _TRIPLET_TICKS = codec.TICKS_PER_BEAT // 4, codec.TICKS_PER_BEAT // 3
_AHEAD_BEATS: Floats = (np.minimum(np.arange(codec.ONSETS), codec.WAIT_TICKS) / codec.TICKS_PER_BEAT).astype(np.float32)

CONSONANT = (0, 3, 4, 5, 7, 8, 9)  # semitones, of 12
MATRIX = np.array([[(b - a) % 12 in CONSONANT for b in range(12)] for a in range(12)])  # closed under inversion

_CLASH: Floats = (~MATRIX).astype(np.float32)
_STRONG = 3.0  # as the natural logarithm of odds: a clash becomes twenty times less likely
_LEAD_NOW = slice(LEAD_HARMONY.start, LEAD_HARMONY.start + 12)
_CLASS_OF_PITCH: Ints = np.arange(codec.PITCHES) % 12


def _grid_bias() -> Floats:
    """Scores [tick in the beat, ONSETS] that keep a voice to sixteenths and triplets.

    From a sixteenth it goes to sixteenths, from a triplet to triplets, and from a beat or a place off the grid to
    either.
    """
    places = np.arange(codec.TICKS_PER_BEAT)[:, None]
    ahead = np.arange(codec.ONSETS)
    allowed = np.zeros((codec.TICKS_PER_BEAT, codec.ONSETS), dtype=bool)
    for step in (_SIXTEENTH_TICKS, _TRIPLET_TICKS):
        other = _SIXTEENTH_TICKS + _TRIPLET_TICKS - step
        from_here = (places % step == 0) | (places % other != 0)
        allowed |= from_here & ((places + ahead) % step == 0)
    allowed[:, [0, codec.WAIT]] = True  # a chord and a rest are always allowed
    return np.where(allowed, 0, _FORBIDDEN).astype(np.float32)


_GRID_BIAS = _grid_bias()


class PitchBias:
    """The scores that a set adds for one channel; build a new one when the set changes."""

    def __init__(self, band: Set, channel: int) -> None:
        """`channel` 0-15. If the set quantises, what the model chooses keeps to sixteenths and triplets."""
        setting = band.channel(channel)
        self._pitch = np.full(codec.PITCHES, _FORBIDDEN, dtype=np.float32)
        self._pitch[setting.lowest : setting.highest + 1] = 0
        if setting.percussion:
            self._pitch[np.setdiff1d(np.arange(codec.PITCHES), [key for key, _ in setting.percussion])] = _FORBIDDEN
        self._density, self._polyphony, self._quantise = setting.density, setting.polyphony, band.quantise
        self._has_part = bool(setting.part)  # then `Texture` sees to the density

    def allows(self, pitch: int) -> bool:
        """Whether a pitch 0-127 is in the channel's range."""
        return bool(self._pitch[pitch] == 0)

    def of_pitch(self, newest: Iterable[int]) -> Floats:
        """The scores of the pitches [128], given the pitches before, the newest first.

        A pitch becomes less likely each time that it is repeated: a model that hears mostly its own repeated note would
        go on repeating that note for ever.
        """
        bias, sounded = self._pitch.copy(), iter(newest)
        pitch = next(sounded, codec.REST)
        run = 1 + sum(1 for _ in takewhile(lambda other: other == pitch, sounded))
        if run > _REPEATS_ALLOWED:
            bias[pitch] -= _REPETITION_PENALTY * (run - _REPEATS_ALLOWED)
        return bias

    def of_onset(self, place: int, sounding: int, density_offset: float = 0.0, *, may_rest: bool = True) -> Floats:
        """The scores of the onsets that may follow a place in the bar [ONSETS].

        `sounding` notes of the channel begin there; a chord with as many notes as the channel may play is complete.
        `density_offset` is added to the channel's density; with a part neither counts here.
        """
        density = 0.0 if self._has_part else self._density + density_offset
        bias: Floats = np.float32(-density) * _AHEAD_BEATS
        if sounding >= self._polyphony:
            bias[0] = _FORBIDDEN
        if self._quantise:
            bias += _GRID_BIAS[place % codec.TICKS_PER_BEAT]
        if not may_rest:
            bias[codec.WAIT] = _FORBIDDEN
        return bias


def avoid_clashes(context: Floats, instrument: Ints, follow: float) -> Floats:
    """The scores to add for the pitches of Q questions [Q, 128], from what each hears [Q, C]; `follow` is 0 to 1.

    Percussion [Q], an instrument word, clashes with nothing.
    """
    clashes = np.minimum(context[:, _LEAD_NOW] @ _CLASH, 1)[:, _CLASS_OF_PITCH]
    pitched = (instrument != codec.PERCUSSION)[:, None]
    scores: Floats = (-_STRONG * follow * clashes * pitched).astype(np.float32)
    return scores
