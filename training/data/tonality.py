"""The key of a melody: its Sa, and which form of each scale degree it uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.corpus import DURATION, ONSET, PITCH
from training.key_profiles import KEY_PROFILES, profile_fits

# A raga is heard against its drone: Sa above all, then Pa or Ma, whatever the other degrees are.
_DRONE_PROFILE = np.array([7.0, 3.0, 2.8, 3.2, 3.4, 4.0, 3.0, 5.5, 3.0, 2.8, 3.0, 3.2])

_LONGEST_TICKS = 48
_HARDLY_HEARD = 0.02
_LAST_NOTE_BONUS = 0.25
_PHRASE_END_BONUS = 0.2

# The two forms of Re, Ga, Ma, Dha and Ni, in semitones above Sa, and which is meant where neither is heard.
_FORMS = ((1, 2), (3, 4), (5, 6), (8, 9), (10, 11))
_UNHEARD = {False: (2, 4, 5, 9, 11), True: (2, 3, 5, 8, 10)}


@dataclass(frozen=True)
class Key:
    """A tonic (pitch class of Sa), the scale degrees in semitones above it, and whether the third is minor.

    A song's scale has seven degrees, a raga's only those that are heard: many leave some out.
    """

    tonic: int
    scale: tuple[int, ...]
    minor: bool

    def has(self, pitch: int) -> bool:
        """Whether a pitch belongs to the scale."""
        return (pitch - self.tonic) % 12 in self.scale


def _weights(notes: NDArray[np.int32]) -> NDArray[np.float64]:
    """How much each pitch class sounds [12]; a note before a silence, and the last one, count for more."""
    length = np.minimum(notes[:, DURATION], _LONGEST_TICKS).astype(np.float64)
    histogram = np.bincount(notes[:, PITCH] % 12, length, minlength=12).astype(np.float64)
    gaps = np.diff(notes[:, ONSET], append=notes[-1, ONSET] + 2 * _LONGEST_TICKS)
    ends = notes[gaps >= _LONGEST_TICKS, PITCH] % 12
    histogram /= histogram.sum()
    histogram += _PHRASE_END_BONUS * np.bincount(ends, minlength=12) / len(ends)
    histogram[notes[-1, PITCH] % 12] += _LAST_NOTE_BONUS
    return histogram


def find_key(notes: NDArray[np.int32], *, raga: bool, tonic: int | None = None) -> Key:
    """The key of a melody, notes [N, 5] in order: the tonic whose profile correlates best with what sounds.

    Phrases end on the tonic more often than elsewhere, so their last notes weigh more: without them a minor key and
    its relative major are one. A `tonic` that is known is taken as it is.
    """
    histogram = _weights(notes)
    fits = profile_fits(histogram, _DRONE_PROFILE[None, :] if raga else KEY_PROFILES)
    sa = int(fits.max(axis=0).argmax()) if tonic is None else tonic
    above = np.roll(histogram, -sa)
    minor = bool(above[3] > above[4])
    if above[3] + above[4] == 0:  # no third: the other degrees tell
        minor = bool(sum(above[low] - above[high] for low, high in _FORMS if low != 5) > 0)
    heard = [low if above[low] > above[high] else high for low, high in _FORMS]
    if raga:
        return Key(sa, tuple(sorted({0, *(degree for degree in (*heard, 7) if above[degree] > _HARDLY_HEARD)})), minor)
    degrees = [h if above[h] > 0 else d for h, d in zip(heard, _UNHEARD[minor], strict=True)]
    return Key(sa, tuple(sorted({0, 7, *degrees})), minor)
