"""Notes by name, so that a set can say `C4` instead of 60."""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = re.compile(r"(?P<letter>[A-Ga-g])(?P<sign>[#b♯♭]?)(?P<octave>-?\d)")
_SEMITONES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}


def pitch_of(name: str) -> int | None:
    """Return the MIDI note 0-127 of a name such as `C4` (60, middle C), `c#3` or `Bb2`; None if it is none."""
    found = _NAME.fullmatch(name.strip())
    if found is None:
        return None
    pitch = 12 * (int(found["octave"]) + 1) + _SEMITONES[found["letter"].upper()] + _SIGNS[found["sign"]]
    return pitch if 0 <= pitch <= 127 else None
