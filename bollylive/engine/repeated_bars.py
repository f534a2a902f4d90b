"""How often a voice has just played the same bar, so that it can tire of it.

The echoes close a loop: a voice hears what it played a bar ago, plays it again, and so hears it twice. A voice that
plays pitches hears no echo once it has played a bar twice. Percussion may keep its groove for longer.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bollylive.engine.grid import Bars
from bollylive.model import codec
from bollylive.model.predictor import Ints

PATIENCE_BARS: Final = 2
PERCUSSION_PATIENCE_BARS: Final = 4
_CELL_TICKS: Final = codec.TICKS_PER_BEAT // 4  # bars are compared in sixteenths, so looseness is no variation


def is_tired(rows: codec.Rows, ticks: Ints, tick: int, bars: Bars) -> bool:
    """Whether the voice with these rows [T, F] at `ticks` [T] has played one bar too often before the bar of a tick."""
    percussion = rows[-1, codec.INSTRUMENT] == codec.PERCUSSION
    patience = PERCUSSION_PATIENCE_BARS if percussion else PATIENCE_BARS
    return repeated_bars(rows, ticks, tick, bars, patience) >= patience


def repeated_bars(rows: codec.Rows, ticks: Ints, tick: int, bars: Bars, most: int) -> int:
    """How many of the bars before that of a tick are alike, the newest of them included: 0 if that one is empty.

    At most `most` are looked at. Bars are alike if the same pitches begin on the same sixteenths.
    """
    begin = tick - bars.place(tick)
    first = begin - most * bars.ticks
    cell = (ticks - first + _CELL_TICKS // 2) // _CELL_TICKS
    sounds = (rows[:, codec.PITCH] != codec.REST) & (cell >= 0) & (ticks < begin)
    bar, place = np.divmod(cell[sounds] * _CELL_TICKS, bars.ticks)
    strokes = place * codec.PITCHES + rows[sounds, codec.PITCH]
    contents = [frozenset(strokes[bar == number].tolist()) for number in range(most)]
    newest = contents[-1]
    if not newest:
        return 0
    return next((back for back, content in enumerate(reversed(contents)) if content != newest), most)
