"""Whole notes as single tokens, for the LSTM baseline: the commonest combinations of a note's four words.

A token joins onset, pitch, duration and a coarse velocity. A combination that is not among the commonest is the
escape of its onset, so that every row has a token. A rest is a token of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec

Ints = NDArray[np.int64]

LEVELS = 4  # coarse velocities
WORDS_A_LEVEL = codec.VELOCITIES // LEVELS
_SHAPE = (codec.ONSETS, codec.PITCHES, codec.DURATIONS, LEVELS)


@dataclass(frozen=True)
class Vocabulary:
    """The combinations int64 [K, 4], sorted. Tokens 0 to K-1 are they, then an escape for each onset word.

    WAIT is an onset that no note has, and so its escape is the rest.
    """

    notes: Ints

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return len(self.notes) + codec.ONSETS

    def tokens(self, rows: NDArray[np.integer]) -> Ints:
        """The tokens [...] of rows [..., F]."""
        stated: Ints = rows[..., codec.STATED].astype(np.int64)
        onset, pitch, duration, velocity = (stated[..., i] for i in range(stated.shape[-1]))
        known = (pitch < codec.PITCHES) & (duration < codec.DURATIONS)
        keys = _keys(np.stack([onset, pitch, duration, velocity // WORDS_A_LEVEL], axis=-1))
        there = _keys(self.notes)
        if not len(there):
            return onset
        place = np.minimum(np.searchsorted(there, keys), len(there) - 1)
        return np.where(known & (there[place] == keys), place, len(there) + onset)


def commonest(rows: list[NDArray[np.int16]], shares: list[float], most: int) -> Vocabulary:
    """The `most` combinations that are heard most often in corpora of rows [N, F], each heard by its share."""
    keys, weights = [], []
    for part, share in zip(rows, shares, strict=True):
        notes = part[part[:, codec.PITCH] != codec.REST, codec.STATED].astype(np.int64)
        notes[:, codec.VELOCITY] //= WORDS_A_LEVEL
        found, times = np.unique(_keys(notes), return_counts=True)
        keys.append(found)
        weights.append(times * share / max(1, len(notes)))
    found, place = np.unique(np.concatenate(keys), return_inverse=True)
    heard = np.bincount(place, np.concatenate(weights))
    best = np.sort(found[np.argsort(-heard, kind="stable")[:most]])
    return Vocabulary(np.stack(np.unravel_index(best, _SHAPE), axis=-1).astype(np.int64))


def _keys(notes: Ints) -> Ints:
    onset, pitch, duration, level = np.moveaxis(notes, -1, 0)
    keys: Ints = ((onset * _SHAPE[1] + pitch) * _SHAPE[2] + duration) * _SHAPE[3] + level
    return keys
