"""Chords as words: twelve roots of five kinds each, and a word for no chord.

The conductor's network, the engine and the training speak of chords in these words alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

KINDS: Final = ("major", "minor", "dim", "sus", "seventh")
KIND_TONES: Final = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 5, 7), (0, 4, 7, 10))  # semitones above the root
NO_CHORD: Final = 12 * len(KINDS)
CHORDS: Final = NO_CHORD + 1  # how many words there are

_ROOT_NAMES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_KIND_NAMES: Final = ("", "m", "dim", "sus4", "7")


def word_of(root: int, kind: int) -> int:
    """The word of a chord: its root as a pitch class 0-11, its kind as a place in `KINDS`."""
    return len(KINDS) * root + kind


def _tones() -> NDArray[np.float32]:
    tones = np.zeros((CHORDS, 12), dtype=np.float32)
    for word in range(NO_CHORD):
        root, kind = divmod(word, len(KINDS))
        tones[word, [(root + step) % 12 for step in KIND_TONES[kind]]] = 1
    return tones


TONES: Final = _tones()  # [CHORDS, 12]: 1 where a pitch class is in the chord
ROOT_OF: Final = np.append(np.arange(NO_CHORD) // len(KINDS), -1)  # [CHORDS]: pitch class of the root, -1 for none
KIND_OF: Final = np.append(np.arange(NO_CHORD) % len(KINDS), -1)  # [CHORDS]: place in `KINDS`, -1 for none
IS_ROOT: Final = (ROOT_OF[:, None] == np.arange(12)).astype(np.float32)  # [CHORDS, 12]: 1 at the root


def chord_name(word: int) -> str:
    """A chord as musicians write it, such as `Am`, `Bb7` or `F#dim`; `N.C.` for no chord."""
    if word == NO_CHORD:
        return "N.C."
    root, kind = divmod(word, len(KINDS))
    return _ROOT_NAMES[root] + _KIND_NAMES[kind]


def transpose(words: NDArray[np.int64], semitones: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """The words of chords moved up by some semitones, one number or one for each word; no chord stays none."""
    roots, kinds = np.divmod(words, len(KINDS))
    return np.where(words == NO_CHORD, NO_CHORD, (roots + semitones) % 12 * len(KINDS) + kinds)
