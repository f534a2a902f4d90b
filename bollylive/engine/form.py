"""Where a phrase ends, and percussion plays a fill: by a rule on the place in the form."""

from __future__ import annotations

from typing import Final

from bollylive.engine.grid import Grid

FILL_DENSITY: Final = 0.3  # added to the density of percussion in a fill
_PHRASE_BARS: Final = 8


def is_fill(tick: int, grid: Grid) -> bool:
    """Whether percussion leaves its groove at a tick: in the last half of every eighth bar."""
    phrase_ticks = _PHRASE_BARS * grid.bar_ticks
    return 2 * (phrase_ticks - grid.ticks_past(tick, phrase_ticks)) <= grid.bar_ticks
