"""Chord symbols in Harte's spelling (`A:min7/b3`) as the words of the conductor, and the tables that hold them.

Spelling: Harte, Sandler, Abdallah & Gómez, "Symbolic representation of musical chords" (ISMIR 2005).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bollylive.model.chord_words import KINDS, NO_CHORD, word_of

CHORDS_ENDING: Final = ".chords.tsv"
BEATS_ENDING: Final = ".beats.tsv"

_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS: Final = {"#": 1, "b": -1}
# By how a quality begins; what is none of these, such as `maj7` or `aug`, counts as major.
_QUALITIES: Final = (
    (("min",), "minor"),
    (("dim", "hdim"), "dim"),
    (("sus",), "sus"),
    (("7", "9", "11", "13"), "seventh"),
)


def word_of_symbol(symbol: str) -> int:
    """The word of a symbol; its bass does not count, and `N` and `X` are no chord. Raises ValueError for another."""
    spelt, _, quality = symbol.partition("/")[0].partition(":")
    if spelt in ("N", "X"):
        return NO_CHORD
    if spelt[:1] not in _LETTERS or not set(spelt[1:]) <= set(_SIGNS):
        raise ValueError(f"{symbol!r} is no chord symbol")
    root = (_LETTERS[spelt[0]] + sum(_SIGNS[sign] for sign in spelt[1:])) % 12
    kind = next((kind for starts, kind in _QUALITIES if quality.startswith(starts)), "major")
    return word_of(root, KINDS.index(kind))


def read_chords(path: Path) -> list[tuple[float, float, int]]:
    """The rows of a table (begin, end, symbol) as (begin, end, word), in its own unit; raises ValueError."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]
    if not rows or any(len(row) != 3 for row in rows):
        raise ValueError("it must have three columns: begin, end, chord")
    return [(float(begin), float(end), word_of_symbol(symbol)) for begin, end, symbol in rows]
