"""Who plays in an arrangement: the kinds of bands that Hindi songs are heard with, drawn by chance within a kind.

The kinds and their instruments follow G. Booth, "Behind the Curtain: Making Music in Mumbai's Film Studios" (2008)
for film orchestras, and P. Manuel, "Cassette Culture" (1993) for bhajan, ghazal and qawwali. Programs are those of
General MIDI, from 0.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

SITAR, HARMONIUM, SANTOOR, SARANGI, SHEHNAI, FLUTE, VIOLIN = 104, 20, 15, 110, 111, 73, 40
STRINGS = (48, 49, 50, 51)
SYNTHS = (50, 51, 89)  # pads whose General MIDI sounds are louder than bowed ones
LEADS = (52, 53, FLUTE, VIOLIN, SARANGI, SITAR, SHEHNAI, 71, 21, SANTOOR, 25, 65, 80)
COUNTERS = (FLUTE, FLUTE, 48, 49, SITAR, SANTOOR, VIOLIN, 11, 68)

_REGISTERS = {FLUTE: (72, 91), SITAR: (55, 76), SANTOOR: (64, 88), VIOLIN: (64, 86), 11: (65, 86), 68: (62, 82)}


@dataclass(frozen=True)
class Band:
    """One song's band. Programs, or None where nobody plays it."""

    kind: str
    lead: int
    tabla: bool = False
    dholak: bool = False
    kit: bool = False
    manjira: bool = False
    tambourine: bool = False
    claps: bool = False
    bass: int | None = None
    pad: int | None = None
    comping: int | None = None
    chops: bool = False
    tanpura: bool = False
    counter: int | None = None
    harmonium: bool = False  # shadows the melody
    strict: bool = True

    @property
    def register(self) -> tuple[int, int]:
        """The lowest and highest pitch of the answering instrument's comfortable register."""
        return _REGISTERS.get(self.counter if self.counter is not None else -1, (60, 81))


def draw_band(rng: random.Random, *, raga: bool, grooves: bool) -> Band:
    """A band for a song, or for a raga, where only a drone and scale notes are allowed; `grooves`: a kit can play.

    Who answers the melody never has the melody's own sound.
    """
    band = _draw(rng, raga=raga, grooves=grooves)
    if band.counter == band.lead:
        return replace(band, counter=VIOLIN if band.lead == FLUTE else FLUTE)
    return band


def _draw(rng: random.Random, *, raga: bool, grooves: bool) -> Band:
    strict = rng.random() < 0.6
    lead = rng.choice(LEADS)
    if raga:
        return Band(
            "raga",
            rng.choice((52, FLUTE, SARANGI, SITAR, SHEHNAI, VIOLIN, SANTOOR)),
            tabla=True,
            tanpura=rng.random() < 0.9,
            harmonium=rng.random() < 0.4,
            manjira=rng.random() < 0.15,
            counter=rng.choice((SARANGI, VIOLIN, FLUTE, SITAR)) if rng.random() < 0.4 else None,
            strict=strict,
        )
    kind = rng.choices(("film", "modern", "bhajan", "ghazal", "folk"), (0.4, 0.25, 0.12, 0.12, 0.11))[0]
    answers = rng.choice(COUNTERS) if rng.random() < 0.75 else None
    if kind == "film":
        dholak = rng.random() < 0.5
        return Band(
            kind,
            lead,
            tabla=not dholak,
            dholak=dholak,
            manjira=rng.random() < 0.2,
            tambourine=rng.random() < 0.25,
            bass=rng.choice((32, 33, 33, 35)),
            pad=rng.choice(STRINGS) if rng.random() < 0.9 else None,
            comping=rng.choice((24, 25, 26, 0, 4)) if rng.random() < 0.6 else None,
            chops=rng.random() < 0.4,
            counter=answers,
            strict=strict,
        )
    if kind == "modern":
        return Band(
            kind,
            lead,
            kit=grooves,
            dholak=not grooves or rng.random() < 0.5,
            tambourine=rng.random() < 0.2,
            bass=rng.choice((33, 33, 34, 36, 38, 39)),
            pad=rng.choice((89, 50, 51, 48)),
            comping=rng.choice((25, 27, 28, 0, 4, 5)) if rng.random() < 0.8 else None,
            chops=rng.random() < 0.5,
            counter=answers,
            strict=strict,
        )
    if kind == "bhajan":
        return Band(
            kind,
            lead,
            tabla=rng.random() < 0.6,
            dholak=True,
            manjira=rng.random() < 0.9,
            bass=rng.choice((32, 33)) if rng.random() < 0.4 else None,
            pad=HARMONIUM,
            tanpura=rng.random() < 0.6,
            counter=rng.choice((FLUTE, SITAR, VIOLIN)) if rng.random() < 0.4 else None,
            strict=strict,
        )
    if kind == "ghazal":
        return Band(
            kind,
            lead,
            tabla=True,
            bass=rng.choice((32, 35)) if rng.random() < 0.7 else None,
            pad=rng.choice((49, 89)) if rng.random() < 0.5 else None,
            comping=24 if rng.random() < 0.8 else None,
            tanpura=rng.random() < 0.2,
            harmonium=rng.random() < 0.7,
            counter=rng.choice((SANTOOR, VIOLIN, FLUTE, SITAR)) if rng.random() < 0.8 else None,
            strict=strict,
        )
    return Band(
        kind,
        rng.choice((SHEHNAI, FLUTE, SARANGI, 52, 21)),
        dholak=True,
        manjira=rng.random() < 0.3,
        tambourine=rng.random() < 0.5,
        claps=rng.random() < 0.4,
        bass=33 if rng.random() < 0.5 else None,
        pad=HARMONIUM if rng.random() < 0.7 else None,
        tanpura=rng.random() < 0.2,
        counter=rng.choice((FLUTE, SHEHNAI, 25)) if rng.random() < 0.4 else None,
        strict=strict,
    )
