"""Tabla and dholak syllables (bols) as General MIDI percussion: the one table from what is spoken to what sounds.

A theka is written as it is spoken: matras apart by spaces, the syllables of one matra run together, each with a capital
letter (`DhaGe` is two halves of a matra), `S` is silence and `|` a vibhag border that only helps the eye. What
each syllable is made of (dayan, the treble drum, and bayan, the bass drum) follows D. R. Courtney, "Fundamentals of
Tabla" (Sur Sangeet Services, 1998): Dha = Na + Ge, Dhin = Tin + Ge; Ke, Te and Re do not ring. General MIDI has no
tabla, so bongos stand for the dayan, congas for dholak and bayan, the closest in pitch and decay.
"""

from __future__ import annotations

import re
from typing import NamedTuple

NA, TIN, TE, GE, KE = "na", "tin", "te", "ge", "ke"

# What each syllable strikes. Ti here is the ringing Tin of keherwa's "Na Ti"; the closed one is written Te.
SYLLABLES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Dha", "Dhe"), (NA, GE)),
    **dict.fromkeys(("Dhin", "Dhi", "Din"), (TIN, GE)),
    **dict.fromkeys(("Na", "Ta"), (NA,)),
    **dict.fromkeys(("Tin", "Ti", "Tu", "Tun"), (TIN,)),
    **dict.fromkeys(("Te", "Re", "Tak", "Da"), (TE,)),
    **dict.fromkeys(("Ge", "Ga"), (GE,)),
    **dict.fromkeys(("Ka", "Ke", "Ki", "Kat"), (KE,)),
    "S": (),
}

# General MIDI keys. 60 and 61 high and low bongo, 62 muted, 63 open high conga, 64 low conga.
TABLA = {NA: 60, TIN: 61, TE: 62, KE: 62, GE: 64}
DHOLAK = {NA: 63, TIN: 63, TE: 62, KE: 62, GE: 64}
BAYAN = 64

# How loud a stroke is before the place in the cycle is known: ringing ones carry, closed ones fill.
LOUDNESS = {NA: 80, TIN: 72, TE: 58, KE: 56, GE: 80}


class Stroke(NamedTuple):
    """A stroke `at` so many matras after the sam."""

    at: float
    sound: str


def syllables(matra: str) -> list[str]:
    """The syllables of one matra; raises ValueError for what is no bol."""
    found = re.findall("[A-Z][a-z]*", matra)
    if "".join(found) != matra or not all(name in SYLLABLES for name in found):
        raise ValueError(f"{matra!r} is not made of known bols")
    return found


def read_bols(text: str) -> list[Stroke]:
    """A spoken line as strokes in order; see the top of this file for how it is written."""
    strokes = []
    for i, matra in enumerate(text.replace("|", " ").split()):
        parts = syllables(matra)
        for j, name in enumerate(parts):
            strokes += [Stroke(i + j / len(parts), sound) for sound in SYLLABLES[name]]
    return strokes


def count_matras(text: str) -> int:
    """How many matras a spoken line lasts."""
    return len(text.replace("|", " ").split())
