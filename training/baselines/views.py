"""The same word seen in several ways: a pitch as itself, as an interval, or as a pitch class.

A chain counts one view of the word; its distribution is then carried over to the words themselves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec
from training.baselines.flat import NO_PITCH, UNKNOWN, Past

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

FIELDS = codec.FIGURES  # in the order of the chain
WORDS = dict(zip(codec.FIGURES, codec.CHOICES, strict=True))

_RELATIVE_TO = {
    "pitch": ("p1", NO_PITCH),  # the interval
    "onset": ("e", 0),  # how long after the newest note's end
    "velocity": ("v1", 0),
}


def sizes(view: str, field: str) -> int:
    """How many words a view of a field has: `word` itself, `relative` (see above) or pitch `class`."""
    return {"word": WORDS[field], "relative": 2 * WORDS[field], "class": 12}[view]


def see(view: str, field: str, words: Ints, past: Past) -> Ints:
    """A view of words [M]."""
    if view == "relative":
        return words - _roots(field, past) + WORDS[field]
    return words % 12 if view == "class" else words


def unsee(view: str, field: str, seen: Floats, past: Past) -> Floats:
    """The distribution [M, WORDS] of words from that of a view, up to a factor in each row."""
    words = np.arange(WORDS[field])
    if view == "relative":
        return np.take_along_axis(seen, words - _roots(field, past)[:, None] + WORDS[field], axis=1)
    return seen[:, words % 12] if view == "class" else seen


def _roots(field: str, past: Past) -> Ints:
    name, otherwise = _RELATIVE_TO[field]
    column = past.column(name)
    return np.where(column == UNKNOWN, otherwise, column).astype(np.int64)
