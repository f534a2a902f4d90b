"""Scales by name, such as `D dorian`: which pitch classes each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from bollylive.errors import quoted
from bollylive.midi.pitch_names import class_of
from bollylive.sets.value_kinds import Kind

OWN: Final = "own"
FREE: Final = "free"

# By name: the semitones above the tonic. A minor key has both sevenths, natural minor only the lower one.
MODES: Final[Mapping[str, tuple[int, ...]]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10, 11),
    "natural minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
}


def scale_classes(scale: str) -> frozenset[int] | None:
    """The pitch classes 0-11 of a legal value of the setting `scale`; None for `own` and `free`. Pure."""
    if scale in (OWN, FREE):
        return None
    tonic, mode = scale.split(" ", 1)
    return transposed(MODES[mode], class_of(tonic) or 0)


def transposed(degrees: tuple[int, ...], tonic: int) -> frozenset[int]:
    """The pitch classes 0-11 of degrees in semitones above a tonic 0-11. Pure."""
    return frozenset((tonic + degree) % 12 for degree in degrees)


@dataclass(frozen=True, slots=True)
class Scale(Kind):
    """`own`, `free`, or a tonic and a mode; it is read as text in one spelling, as in `Bb harmonic minor`."""

    @property
    def words(self) -> Mapping[str, str]:
        return {
            OWN: "the notes that you have used tonight",
            "C minor": "or another note, and another mode, such as dorian or pentatonic",
            FREE: "any note",
        }

    def read(self, value: object) -> str:
        given = " ".join(value.split()) if isinstance(value, str) else ""
        if given.lower() in (OWN, FREE):
            return given.lower()
        tonic, _, mode = given.partition(" ")
        if class_of(tonic) is not None and mode.lower() in MODES:
            return f"{tonic[0].upper()}{tonic[1:]} {mode.lower()}"
        sentence = f"must be {OWN!r}, {FREE!r}, or a note and a mode such as 'D dorian', not {quoted(value)}"
        if class_of(tonic) is None:
            near = get_close_matches(given.lower(), (OWN, FREE), n=1)
        else:
            near = [f"{tonic} {known}" for known in get_close_matches(mode.lower(), MODES, n=1)]
        if near:
            raise ValueError(f"{sentence}; did you mean {near[0]!r}?")
        raise ValueError(f"{sentence}; the modes are {', '.join(MODES)}.")


@dataclass(frozen=True, slots=True)
class PitchClass(Kind):
    """A note without its octave, as in `F#`; it is read as 0 for C to 11 for B."""

    @property
    def legal(self) -> str:
        return "C to B"

    def read(self, value: object) -> int:
        found = class_of(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"must be the name of a note such as 'C', 'F#' or 'Bb', not {quoted(value)}.")
        return found
