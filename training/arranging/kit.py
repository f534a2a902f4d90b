"""What else keeps time: a drum kit that carries the tala, manjira (finger cymbals), tambourine and claps."""

from __future__ import annotations

import random

from training.arranging.chart import Chart, Part, Section, Tone, swung
from training.arranging.theka import STROKE_TICKS, phrase_cycles

CLAP, TAMBOURINE, MANJIRA_CLOSED, MANJIRA_OPEN, CRASH = 39, 54, 80, 81, 49
_ROLL = (38, 38, 45, 45)  # snare, then low tom, in the last two matras
_LOUDNESS = {36: 84, 37: 62, 38: 80, 42: 54, 46: 58}
_ACCENT = 12


def play_kit(chart: Chart, groove: dict[int, str], resting: frozenset[Section], rng: random.Random) -> Part:
    """A groove in every cycle but where it rests, a cymbal where a section begins, a roll where one ends."""
    metre = chart.metre
    part: Part = []
    phrase = phrase_cycles(metre.cycle)
    for section in chart.sections:
        if section in resting:
            continue
        part.append(Tone(section.start, STROKE_TICKS, CRASH, 78))
        if section.kind == "outro":
            part.append(Tone(section.start, STROKE_TICKS, 36, 96))
            continue
        for i, sam in enumerate(range(section.start, section.end, metre.cycle)):
            last = sam + metre.cycle >= section.end
            rolls = last or (i % phrase == phrase - 1 and rng.random() < 0.3)
            stop = metre.tala.matras - 2 if rolls else metre.tala.matras
            for key, line in groove.items():
                for j, mark in enumerate(line[:stop]):
                    if mark != ".":
                        velocity = _LOUDNESS[key] + (_ACCENT if mark == "X" else 0) + rng.randint(-2, 2)
                        tick = swung(sam + j * metre.matra, metre.swing)
                        part.append(Tone(tick, STROKE_TICKS, key, velocity))
            for j, key in enumerate(_ROLL if rolls else ()):
                tick = swung(sam + stop * metre.matra + j * metre.matra // 2, metre.swing)
                part.append(Tone(tick, STROKE_TICKS, key, 74 + 5 * j))
    return part


def play_cymbals(chart: Chart, resting: frozenset[Section]) -> Part:
    """Manjira: they ring where a vibhag is clapped, and are closed half-way between (Courtney on bhajan)."""
    metre = chart.metre
    marks = []
    for start, vibhag in zip(metre.tala.starts, metre.tala.vibhags, strict=True):
        marks.append((start, MANJIRA_OPEN, 66 if start == 0 else 60))
        if vibhag in {2, 4}:
            marks.append((start + vibhag // 2, MANJIRA_CLOSED, 52))
    return _repeat(chart, marks, resting)


def play_tambourine(chart: Chart, resting: frozenset[Section]) -> Part:
    """A tambourine (khanjari) on every matra, stronger where the vibhag answers."""
    tala = chart.metre.tala
    middles = {start + vibhag // 2 for start, vibhag in zip(tala.starts, tala.vibhags, strict=True)}
    marks = [(i, TAMBOURINE, 68 if i in middles else 50) for i in range(tala.matras)]
    return _repeat(chart, marks, resting)


def play_claps(chart: Chart, resting: frozenset[Section]) -> Part:
    """Claps against the beat, as in qawwali: half-way through each vibhag of four, on the last matra of three."""
    tala = chart.metre.tala
    marks = [(s + (v + 1) // 2, CLAP, 74) for s, v in zip(tala.starts, tala.vibhags, strict=True)]
    return _repeat(chart, marks, resting)


def _repeat(chart: Chart, marks: list[tuple[int, int, int]], resting: frozenset[Section]) -> Part:
    metre = chart.metre
    return [
        Tone(swung(sam + at * metre.matra, metre.swing), STROKE_TICKS, key, velocity)
        for section in chart.sections
        if section not in resting and section.kind != "outro"
        for sam in range(section.start, section.end, metre.cycle)
        for at, key, velocity in marks
    ]
