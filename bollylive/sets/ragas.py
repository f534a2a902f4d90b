"""The ragas that a set can name: the notes of aroha and avaroha together.

They are facts of the OpenRaga tables, which have a licence of their own: CC BY 4.0. Khamaj has both Ni. The order of
the notes, and which of them begin and end phrases, is not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from bollylive.errors import quoted
from bollylive.sets.value_kinds import Kind

# The semitones above Sa; a small letter is komal (flat), M' is tivra Ma (sharp).
SWARAS: Final[Mapping[str, int]] = {
    "S": 0, "r": 1, "R": 2, "g": 3, "G": 4, "M": 5, "M'": 6, "P": 7, "d": 8, "D": 9, "n": 10, "N": 11,
}  # fmt: skip

RAGAS: Final[Mapping[str, str]] = {
    "asavari": "S R g M P d n",
    "bhairav": "S r G M P d N",
    "bhairavi": "S r g M P d n",
    "bhupali": "S R G P D",
    "bilawal": "S R G M P D N",
    "kafi": "S R g M P D n",
    "khamaj": "S R G M P D n N",
    "marwa": "S r G M' D N",
    "purvi": "S r G M' P d N",
    "todi": "S r g M' P d N",
    "yaman": "S R G M' P D N",
}


def raga_degrees(raga: str) -> tuple[int, ...]:
    """The semitones above Sa of a raga in `RAGAS`, ascending. Pure; raises KeyError for another name."""
    return tuple(SWARAS[swara] for swara in RAGAS[raga].split())


@dataclass(frozen=True, slots=True)
class Raga(Kind):
    """The name of a raga, in small or capital letters."""

    @property
    def words(self) -> Mapping[str, str]:
        return RAGAS

    def read(self, value: object) -> str:
        name = value.strip().lower() if isinstance(value, str) else ""
        if name in RAGAS:
            return name
        near = get_close_matches(name, RAGAS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"must be one of {', '.join(map(repr, RAGAS))}, not {quoted(value)}{hint}")
