"""The bar lines of music that was written down beside its beat.

Some transcriptions keep steady time but begin anywhere in the bar: all their onsets stand as far from the grid. Such
music is moved as a whole, so that it stands in its bars as most music does. Metrical weights of places are common to
theories of metre (Lerdahl & Jackendoff 1983, "A Generative Theory of Tonal Music"); the values are ours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bollylive.model.codec import TICKS_PER_BEAT
from training.data.corpus import DURATION, ONSET

_BEAT, _SIXTEENTH, _TRIPLET = 1.0, 0.5, 0.3  # how well an onset stands there
_POOR, _GOOD, _GAIN = 0.5, 0.55, 0.25  # music that stands well enough, or would not stand well, is left alone
_MIDDLE = 0.5  # of the bar, beside the weight of its first beat


def find_shift(notes: NDArray[np.int32], cycle: int) -> int:
    """By how many ticks all notes are late in their bars of `cycle` ticks, 0 to cycle - 1; 0 where they stand well."""
    onsets = np.bincount(notes[:, ONSET] % TICKS_PER_BEAT, minlength=TICKS_PER_BEAT) / len(notes)
    standing = np.array([_weights() @ np.roll(onsets, -shift) for shift in range(TICKS_PER_BEAT)])
    in_beat = int(standing.argmax())
    if standing[0] > _POOR or standing[in_beat] < max(_GOOD, standing[0] + _GAIN):
        return 0
    shifts = np.arange(in_beat, cycle, TICKS_PER_BEAT)
    return int(shifts[np.argmax([_downbeat(notes, cycle, int(shift)) for shift in shifts])])


def _weights() -> NDArray[np.float64]:
    weights = np.zeros(TICKS_PER_BEAT)
    weights[:: TICKS_PER_BEAT // 3] = _TRIPLET
    weights[:: TICKS_PER_BEAT // 4] = _SIXTEENTH
    weights[0] = _BEAT
    return weights


def _downbeat(notes: NDArray[np.int32], cycle: int, shift: int) -> float:
    """How much begins on the first beat, and half as much counts in the middle of the bar; long notes weigh more."""
    places = (notes[:, ONSET] - shift) % cycle
    length = np.minimum(notes[:, DURATION], cycle)
    middle = places == cycle // (2 * TICKS_PER_BEAT) * TICKS_PER_BEAT
    return float(length[places == 0].sum() + _MIDDLE * length[middle].sum())
