"""The form of an arrangement: intro, the melody some times over with interludes between, and an end on sam."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.arranging.chart import Section
from training.arranging.metre import Metre
from training.data.corpus import DURATION, ONSET

_BAR_TICKS = 96
_MOST_VERSES = 4


@dataclass(frozen=True)
class Form:
    """Sections from tick 0 on. A verse's first tick is the melody's tick `sam`, and it lasts `verse` ticks."""

    sections: tuple[Section, ...]
    sam: int
    verse: int


def first_sam(notes: NDArray[np.int32], metre: Metre) -> int:
    """The melody tick of the sam that its first verse begins on: what is less than half a cycle before is an upbeat."""
    into = (int(notes[0, ONSET]) - metre.phase) % metre.cycle
    begin = int(notes[0, ONSET]) - into
    return begin + metre.cycle if into > metre.cycle // 2 else begin


def verse_ticks(notes: NDArray[np.int32], metre: Metre) -> int:
    """How long a verse is in whole cycles, so that the melody's end does not run into its next upbeat."""
    sam = first_sam(notes, metre)
    end = int((notes[:, ONSET] + notes[:, DURATION]).max()) - sam
    last = int(notes[-1, ONSET]) - sam
    upbeat = max(sam - int(notes[0, ONSET]), 0)
    needed = max(end - metre.matra, last + 1) + upbeat  # a last note may ring a matra over
    return -(-needed // metre.cycle) * metre.cycle


def draw_form(notes: NDArray[np.int32], metre: Metre, rng: random.Random) -> Form:
    """A form of about 24 to 64 bars of four beats; a melody longer than that is played once."""
    sam, verse = first_sam(notes, metre), verse_ticks(notes, metre)
    cycle = metre.cycle
    wanted = rng.randint(28, 60) * _BAR_TICKS
    verses = min(max(round(wanted / (verse + 2 * _BAR_TICKS)), 1), _MOST_VERSES)
    four = max(cycle, round(4 * _BAR_TICKS / cycle) * cycle)
    two = max(cycle, round(2 * _BAR_TICKS / cycle) * cycle)
    intro = rng.choice((0, two, four, four))
    if sam > notes[0, ONSET]:
        intro = max(intro, cycle)
    sections, tick = [], 0

    def add(kind: str, length: int) -> None:
        nonlocal tick
        if length:
            sections.append(Section(kind, tick, tick + length))
            tick += length

    add("intro", intro)
    for i in range(verses):
        if i:
            add("interlude", rng.choice((0, two, four)) if i == 1 or rng.random() < 0.5 else 0)
        add("verse", verse)
    add("outro", metre.bar)
    return Form(tuple(sections), sam, verse)
