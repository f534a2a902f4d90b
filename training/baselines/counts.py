"""How often each word followed a context: counted over a corpus, or within a sequence so far, and blended.

A *chain* is a list of contexts from general to special. The distribution of each is discounted, and what is taken
from it goes to the distribution of the context before: interpolated absolute discounting (Ney, Essen & Kneser, "On
structuring probabilistic dependences in stochastic language modelling", 1994). It is what prediction by partial
match of method D (Howard 1993) does with a discount of one half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.baselines.flat import Hashes

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Table:
    """Contexts uint32 [C], sorted; how many words each has, `spread` int64 [C]; `words` uint8 and `counts` of each."""

    contexts: Hashes
    spread: NDArray[np.int64]
    words: NDArray[np.uint8]
    counts: NDArray[np.uint32]

    def look_up(self, contexts: Hashes, vocabulary: int) -> Floats:
        """The counts [N, vocabulary] of the words after each context; zeros for one that was never met."""
        counts = np.zeros((len(contexts), vocabulary), dtype=np.float32)
        if not len(self.contexts):
            return counts
        where = np.minimum(np.searchsorted(self.contexts, contexts), len(self.contexts) - 1)
        met = np.flatnonzero(self.contexts[where] == contexts)
        spread = self.spread[where[met]]
        begin = (np.cumsum(self.spread) - self.spread)[where[met]]
        row = np.repeat(met, spread)
        within = np.arange(len(row)) - np.repeat(np.cumsum(spread) - spread, spread)
        entry = np.repeat(begin, spread) + within
        counts[row, self.words[entry]] = self.counts[entry]
        return counts


def count(contexts: Hashes, words: NDArray[np.uint8], least: int) -> Table:
    """Count the words after each context; contexts met fewer than `least` times are left out."""
    keys = (contexts.astype(np.uint64) << np.uint64(8)) | words
    keys.sort()
    new = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.zeros(0, dtype=np.int64)
    counts = np.diff(np.append(new, len(keys)))
    keys = keys[new]
    context = (keys >> np.uint64(8)).astype(np.uint32)
    begin = np.flatnonzero(np.concatenate(([True], context[1:] != context[:-1]))) if len(keys) else new
    spread = np.diff(np.append(begin, len(keys)))
    often = np.add.reduceat(counts, begin) >= least if len(begin) else np.zeros(0, dtype=bool)
    kept = np.repeat(often, spread)
    return Table(
        context[begin][often],
        spread[often].astype(np.int64),
        (keys[kept] & np.uint64(255)).astype(np.uint8),
        counts[kept].astype(np.uint32),
    )


def count_so_far(contexts: NDArray[np.uint32], onehot: Floats) -> Floats:
    """The counts [B, T, V] of the words [B, T, V] that followed each row's context [B, T] earlier in its sequence."""
    same = contexts[:, :, None] == contexts[:, None, :]
    earlier = np.tri(contexts.shape[1], k=-1, dtype=bool)
    counts: Floats = (same & earlier).astype(np.float32) @ onehot
    return counts


def blend(levels: list[Floats], discount: float) -> tuple[Floats, NDArray[np.int64]]:
    """The distribution [N, V] of a chain from the counts of its contexts, and how many of these were met [N]."""
    size = levels[0].shape
    blended = np.full(size, 1 / size[1], dtype=np.float32)
    met = np.zeros(size[0], dtype=np.int64)
    for counts in levels:
        total = counts.sum(axis=1, keepdims=True)
        there = total[:, 0] > 0
        freed = discount * (counts > 0).sum(axis=1, keepdims=True)
        special = (np.maximum(counts - discount, 0) + freed * blended) / np.maximum(total, 1)
        blended = np.where(there[:, None], special, blended).astype(np.float32)
        met += there
    return blended, met


def smear(chances: Floats, width: float) -> Floats:
    """Distributions [N, V] over ordered words, smeared by a Gaussian of so many words."""
    words = np.arange(chances.shape[1])
    kernel = np.exp(-((words[:, None] - words) ** 2) / (2 * width**2)).astype(np.float32)
    smeared: Floats = chances @ (kernel / kernel.sum(axis=1, keepdims=True))
    return smeared
