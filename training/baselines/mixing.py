"""Many opinions to one distribution: a weighted product, with weights fitted on music that nobody counted.

Each expert's logarithms are weighted by how long a context it recognised, then added and normalised, as the
products of viewpoints of Pearce ("The construction and evaluation of statistical models of melodic structure in
music perception and composition", 2005), and the mixing of PAQ (Mahoney 2005), whose weights are fitted too. The
bits are convex in the weights, so that gradient descent finds the best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_STEPS = 150
_RATE = 0.05
_IMPOSSIBLE = -1e9
_DOUBT = 1e-3


@dataclass(frozen=True)
class Opinions:
    """Natural logarithms float32 [E, N, V] of E experts, and how sure each is: a grade int64 [E, N] from 0."""

    logs: Floats
    grade: Ints
    possible: NDArray[np.bool_]  # [N, V]

    def of(self, some: NDArray[np.bool_]) -> Opinions:
        """The opinions on some of the N alone."""
        return Opinions(self.logs[:, some], self.grade[:, some], self.possible[some])

    def by(self, experts: list[int]) -> Opinions:
        """The opinions of some of the E alone."""
        return Opinions(self.logs[experts], self.grade[experts], self.possible)


def mix(opinions: Opinions, weights: Floats) -> Floats:
    """Natural logarithms [N, V] of the mixture under weights [E, grades]; what is not possible gets none."""
    scores = np.where(opinions.possible, np.float32(0), np.float32(_IMPOSSIBLE))
    for logs, grade, weight in zip(opinions.logs, opinions.grade, weights, strict=True):
        scores += weight[grade][:, None] * logs
    scores -= scores.max(axis=1, keepdims=True)
    mixed: Floats = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return mixed


def doubt(mixed: Floats, possible: NDArray[np.bool_]) -> Floats:
    """A mixture that keeps a small share for each possible word alike: where all experts err, it costs less."""
    even = possible / np.maximum(possible.sum(axis=1, keepdims=True), 1)
    chance = (1 - _DOUBT) * np.exp(mixed) + _DOUBT * even
    doubted: Floats = np.log(np.where(possible, chance, 0), where=possible, out=np.full_like(mixed, -np.inf))
    return doubted


def fit_weights(opinions: Opinions, words: Ints, importance: Floats, grades: int) -> Floats:
    """The weights [E, grades] under which words [N] cost the fewest bits, each as important [N] as it is.

    By Adam (Kingma & Ba 2015) over all words at once, from equal weights.
    """
    experts = len(opinions.logs)
    weights = np.full((experts, grades), 1 / experts, dtype=np.float32)
    share = (importance / importance.sum())[:, None]
    rows = np.arange(len(words))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        error = np.exp(mix(opinions, weights))
        error[rows, words] -= 1
        error *= share
        slope = np.stack(
            [
                np.bincount(grade, (error * logs).sum(axis=1), grades)
                for logs, grade in zip(opinions.logs, opinions.grade, strict=True)
            ]
        ).astype(np.float32)
        mean += 0.1 * (slope - mean)
        square += 0.01 * (slope**2 - square)
        rate = _RATE * min(1.0, 2 * (1 - step / _STEPS)) if step < _STEPS else 0.0
        weights -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-9)
    return weights
