"""Which pitch classes clash with what the musician holds, and how much a set keeps the band from them.

Consonant are unisons and octaves, thirds, fourths and fifths, and sixths: the consonances of common practice, the
fourth among them as between any two upper voices. The network has learned what fits from music in which all knew what
was to come; on stage the band only hears it, and its doubts are taken from what is already sounding.
"""

from __future__ import annotations

import numpy as np

from bollylive.model import codec
from bollylive.model.context import LEAD_HARMONY
from bollylive.model.predictor import Floats, Ints

CONSONANT = (0, 3, 4, 5, 7, 8, 9)  # semitones, of 12
MATRIX = np.array([[(b - a) % 12 in CONSONANT for b in range(12)] for a in range(12)])  # closed under inversion

_CLASH: Floats = (~MATRIX).astype(np.float32)
_STRONG = 3.0  # as the natural logarithm of odds: a clash becomes twenty times less likely
_LEAD_NOW = slice(LEAD_HARMONY.start, LEAD_HARMONY.start + 12)
_CLASS_OF_PITCH: Ints = np.arange(codec.PITCHES) % 12


def avoid_clashes(context: Floats, instrument: Ints, follow: float) -> Floats:
    """The scores to add to the pitches of Q questions [Q, 128], from what each hears [Q, C]; `follow` is 0 to 1.

    Percussion [Q], an instrument word, clashes with nothing.
    """
    clashes = np.minimum(context[:, _LEAD_NOW] @ _CLASH, 1)[:, _CLASS_OF_PITCH]
    pitched = (instrument != codec.PERCUSSION)[:, None]
    scores: Floats = (-_STRONG * follow * clashes * pitched).astype(np.float32)
    return scores
