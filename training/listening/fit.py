"""How well an accompaniment fits a melody, and how soon it does again after the melody has changed key.

Two notes that sound together fit where their interval is a consonance (`bollylive.consonance`). The fit is the share
of the time that all pairs of a melody note and an accompanying note sound together in which they are consonant.
Percussion has no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bollylive.engine.pitch_bias import MATRIX
from training.data.corpus import DURATION, ONSET, PITCH
from training.listening.excerpt import Notes, percussive

_RESAMPLES = 200

Sound = NDArray[np.float64]  # [ticks, 12]: how many notes of each pitch class sound


def sound_of(notes: Notes, end: int) -> Sound:
    """What sounds at each tick from 0 to before `end`."""
    change = np.zeros((end + 1, 12))
    pitched = notes[~percussive(notes)]
    begin = np.clip(pitched[:, ONSET], 0, end)
    np.add.at(change, (begin, pitched[:, PITCH] % 12), 1)
    np.add.at(change, (np.clip(pitched[:, ONSET] + pitched[:, DURATION], 0, end), pitched[:, PITCH] % 12), -1)
    return change.cumsum(axis=0)[:end]


def together(melody: Sound, others: Sound) -> tuple[float, float]:
    """For how many ticks pairs of notes sound together, consonant ones and all; the shorter music counts."""
    consonant, every = together_by_tick(melody, others)
    return float(consonant.sum()), float(every.sum())


def together_by_tick(melody: Sound, others: Sound) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The pairs at each tick, consonant ones and all."""
    length = min(len(melody), len(others))
    melody, others = melody[:length], others[:length]
    return ((melody @ MATRIX) * others).sum(axis=1), melody.sum(axis=1) * others.sum(axis=1)


@dataclass(frozen=True)
class Fit:
    """Shares of consonance, and how far the generated accompaniment is from chance (0) to the real one (1)."""

    real: float
    shuffled: float
    generated: float
    score: float
    low: float  # of the score: where 95 % of the resampled songs lie
    high: float


def measure_fit(melodies: list[Sound], real: list[Sound], generated: list[Sound], seed: int = 0) -> Fit | None:
    """The fit of generated accompaniments beside the real ones and those of all other songs, each in its own key.

    The score is (generated - shuffled) / (real - shuffled); its interval is from songs drawn anew with replacement.
    None where there are not two songs, or the real accompaniment fits no better than another song's.
    """
    if len(melodies) < 2:
        return None
    own, mismatched, made = _own(melodies, real), _of_others(melodies, real), _own(melodies, generated)
    every = np.arange(len(melodies))
    score = _score(own, mismatched, made, every)
    if score is None:
        return None
    rng = np.random.default_rng(seed)
    drawn = (_score(own, mismatched, made, rng.choice(every, len(every))) for _ in range(_RESAMPLES))
    low, high = np.percentile([one for one in drawn if one is not None], (2.5, 97.5))
    real_share, shuffled, generated_share = (_share(pairs, every) for pairs in (own, mismatched, made))
    return Fit(real_share, shuffled, generated_share, score, float(low), float(high))


def share_of_consonance(melodies: list[Sound], others: list[Sound]) -> tuple[float, float]:
    """The fit of accompaniments to their own melodies, and to those of the other songs."""
    every = np.arange(len(melodies))
    return _share(_own(melodies, others), every), _share(_of_others(melodies, others), every)


def _own(melodies: list[Sound], others: list[Sound]) -> NDArray[np.float64]:
    return np.array([together(melody, other) for melody, other in zip(melodies, others, strict=True)])


def _of_others(melodies: list[Sound], others: list[Sound]) -> NDArray[np.float64]:
    pairs = np.zeros((len(melodies), 2))
    for i, melody in enumerate(melodies):
        for j, other in enumerate(others):
            if i != j:
                pairs[i] += together(melody, other)
    return pairs / max(len(melodies) - 1, 1)


def _score(
    own: NDArray[np.float64], mismatched: NDArray[np.float64], made: NDArray[np.float64], which: NDArray[np.int64]
) -> float | None:
    real, shuffled, generated = (_share(pairs, which) for pairs in (own, mismatched, made))
    return (generated - shuffled) / (real - shuffled) if real > shuffled else None


def _share(pairs: NDArray[np.float64], which: NDArray[np.int64]) -> float:
    consonant, every = pairs[which].sum(axis=0)
    return float(consonant / max(every, 1))
