"""Whether a part says the same bar again and again; bars are compared in 16ths, so that looseness is no variation."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np

from training.judging.take import KINDS, ONSET, PITCH, TICKS_PER_BEAT, Kind, Notes, Take, joined

Strokes: TypeAlias = frozenset[tuple[int, int]]  # (16th in the bar, pitch)

SIXTEENTH_TICKS: Final = TICKS_PER_BEAT // 4
WINDOW_BARS: Final = 16


def grid_bars(notes: Notes, bar_beats: float, bars: int) -> list[Strokes]:
    """What begins in each bar: pairs of 16th and pitch; a note before the line is in the bar of its tick."""
    bar_ticks = round(bar_beats * TICKS_PER_BEAT)
    ticks = np.rint(notes[:, ONSET] * TICKS_PER_BEAT).astype(int)
    found: list[set[tuple[int, int]]] = [set() for _ in range(bars)]
    for tick, pitch in zip(ticks.tolist(), notes[:, PITCH].tolist(), strict=True):
        bar, place = divmod(tick, bar_ticks)
        if 0 <= bar < bars:
            found[bar].add((round(place / SIXTEENTH_TICKS), int(pitch)))
    return [frozenset(strokes) for strokes in found]


def longest_run(bars: list[Strokes]) -> int:
    """How often the bar that is repeated most comes again without a pause: 0 where none is as the one before."""
    longest = run = 0
    for before, bar in pairwise(bars):
        run = run + 1 if bar and bar == before else 0
        longest = max(longest, run)
    return longest


def runs_by_kind(take: Take) -> dict[Kind, int]:
    """The longest run of one identical bar by kind of instrument, of the voice that has it.

    All drums are one voice, whatever tracks they stand on.
    """
    runs: dict[Kind, int] = {}
    for kind in KINDS:
        parts = [voice.notes for voice in take.band() if voice.kind == kind and len(voice.notes)]
        if kind == "drums" and parts:
            parts = [joined(parts)]
        if parts:
            runs[kind] = max(longest_run(grid_bars(notes, take.bar_beats, take.bars)) for notes in parts)
    return runs
