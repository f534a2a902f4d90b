"""Notes by name, so that a set can say `C4` instead of 60."""

from __future__ import annotations

import re
from typing import Final

_CLASS: Final = r"(?P<letter>[A-Ga-g])(?P<sign>[#b♯♭]?)"
_CLASS_NAME: Final = re.compile(_CLASS)
_NAME: Final = re.compile(_CLASS + r"(?P<octave>-?\d)")
_SEMITONES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}

CLASS_NAMES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")  # by pitch class 0-11


def pitch_of(name: str) -> int | None:
    """Return the MIDI note 0-127 of a name such as `C4` (60, middle C), `c#3` or `Bb2`; None if it is none."""
    found = _NAME.fullmatch(name.strip())
    if found is None:
        return None
    pitch = 12 * (int(found["octave"]) + 1) + _semitones(found)
    return pitch if 0 <= pitch <= 127 else None


def class_of(name: str) -> int | None:
    """Return the pitch class 0-11 of a name without an octave, such as `C` (0), `f#` or `Bb`; None if it is none."""
    found = _CLASS_NAME.fullmatch(name.strip())
    return None if found is None else _semitones(found) % 12


def _semitones(found: re.Match[str]) -> int:
    return _SEMITONES[found["letter"].upper()] + _SIGNS[found["sign"]]
