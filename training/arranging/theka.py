"""A percussionist: plays a chart's tala on tabla or dholak, with fills into sam, and keeps time above all.

Accents follow the tala: the sam is loudest, then the clapped vibhags; khali is softer, and its bols leave out the
bayan (Courtney, "Fundamentals of Tabla"; M. Clayton, "Time in Indian Music", 2000, on tali and khali).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from bollylive.model.codec import TICKS_PER_BEAT
from training.arranging.bols import LOUDNESS, TABLA, Stroke, count_matras, read_bols
from training.arranging.chart import Chart, Part, Section, Tone, swung
from training.arranging.metre import Metre
from training.arranging.talas import MUKHRAS, SLOW_MUKHRAS, TIHAI, Tala

STROKE_TICKS = 6
_PHRASE_TICKS = 384
_SAM, _TALI, _KHALI, _OFF = 16, 6, -4, -8


@dataclass(frozen=True)
class Hands:
    """How one song's percussionist plays: lines of bols, and how free they are."""

    line: str
    other: str
    laggi: str | None = None
    sounds: dict[str, int] = field(default_factory=lambda: dict(TABLA))
    loose: float = 0.0  # the share of strokes a tick early or late
    fills: float = 0.6  # the chance of one where a phrase ends within a section
    louder: int = 0


def accent(at: float, tala: Tala) -> int:
    """How much louder or softer than usual a stroke `at` so many matras after sam is."""
    if at == 0:
        return _SAM if 0 not in tala.khali else _TALI
    if at in tala.starts:
        return _KHALI if tala.starts.index(int(at)) in tala.khali else _TALI
    return 0 if at == int(at) else _OFF


def phrase_cycles(cycle: int) -> int:
    """How many cycles make a phrase of about four bars: 1, 2, 4 or 8."""
    return next((count for count in (8, 4, 2) if count * cycle <= _PHRASE_TICKS * 1.1), 1)


def with_fill(line: list[Stroke], fill: str, tala: Tala) -> list[Stroke]:
    """A line whose last matras are a fill instead."""
    start = tala.matras - count_matras(fill)
    return [s for s in line if s.at < start] + [Stroke(start + s.at, s.sound) for s in read_bols(fill)]


def strike(strokes: list[Stroke], sam: int, chart: Chart, hands: Hands, rng: random.Random) -> Part:
    """One cycle of strokes from the tick of its sam on."""
    part = []
    metre = chart.metre
    for stroke in strokes:
        tick = swung(sam + round(stroke.at * metre.matra), metre.swing)
        if stroke.at > 0 and rng.random() < hands.loose:
            tick += rng.choice((-1, 1))
        force = LOUDNESS[stroke.sound] + accent(stroke.at, metre.tala) + hands.louder
        velocity = force + (rng.randint(-5, 5) if hands.loose else rng.randint(-1, 1))
        part.append(Tone(tick, STROKE_TICKS, hands.sounds[stroke.sound], max(1, min(velocity, 110))))
    return part


def draw_fill(metre: Metre, rng: random.Random, *, tihai: bool) -> str:
    """A fill that leaves the sam and the matra after it as they are; with `tihai` that one, where the tala has room."""
    if tihai and count_matras(TIHAI) <= metre.tala.matras:
        return TIHAI
    fills = SLOW_MUKHRAS if metre.matra >= TICKS_PER_BEAT else MUKHRAS
    return rng.choice([fill for fill in fills if count_matras(fill) + 2 <= metre.tala.matras])


def cycle_of(line: str, tala: Tala, i: int) -> list[Stroke]:
    """The strokes of the i-th cycle of a line that takes one cycle, or two in turn."""
    first = (i * tala.matras) % count_matras(line)
    return [Stroke(s.at - first, s.sound) for s in read_bols(line) if first <= s.at < first + tala.matras]


def play_theka(chart: Chart, hands: Hands, resting: frozenset[Section], rng: random.Random) -> Part:
    """The whole song's percussion, but nothing in the sections where they rest; the outro is one stroke on sam."""
    metre, tala = chart.metre, chart.metre.tala
    part: Part = []
    verses = [section for section in chart.sections if section.kind == "verse"]
    for section in chart.sections:
        if section in resting:
            continue
        if section.kind == "outro":
            part += strike([s for s in read_bols(tala.theka) if s.at == 0], section.start, chart, hands, rng)
            continue
        laggi = hands.laggi if len(verses) > 1 and section is verses[-1] else None
        plain = hands.other if section.kind == "interlude" else hands.line
        cycles = range(section.start, section.end, metre.cycle)
        phrase = phrase_cycles(metre.cycle)
        for i, sam in enumerate(cycles):
            last = sam + metre.cycle >= section.end
            rush = laggi is not None and i >= len(cycles) // 2
            line = cycle_of(laggi if rush and laggi else plain, tala, i)
            if (last and i) or (i % phrase == phrase - 1 and rng.random() < hands.fills):
                ending = last and section is verses[-1]
                line = with_fill(line, draw_fill(metre, rng, tihai=ending or rng.random() < 0.15), tala)
            part += strike(line, sam, chart, hands, rng)
    return part


def draw_hands(tala: Tala, sounds: dict[str, int], rng: random.Random, *, strict: bool) -> Hands:
    """A percussionist for a song: the theka itself more often than any variation."""
    line = tala.theka if not tala.prakars or rng.random() < 0.6 else rng.choice(tala.prakars)
    other = line if not tala.prakars or rng.random() < 0.5 else rng.choice((tala.theka, *tala.prakars))
    laggi = rng.choice(tala.laggis) if tala.laggis and rng.random() < 0.25 else None
    return Hands(
        line,
        other,
        laggi,
        sounds=sounds,
        loose=0.0 if strict else rng.choice((0.08, 0.15, 0.25)),
        fills=rng.choice((0.3, 0.6, 0.9)),
        louder=rng.choice((-8, -4, 0, 0, 4)),
    )
