"""Where a phrase ends, and percussion plays a fill: by rules on the place in the form and on the gaps of the lead."""

from __future__ import annotations

from typing import Final

from bollylive.engine.grid import Grid
from bollylive.engine.lead import Lead
from bollylive.model.codec import TICKS_PER_BEAT

FILL_DENSITY: Final = 0.6  # added to the density of percussion in a fill
_PHRASE_BARS, _HALF_PHRASE_BARS = 8, 4
_GAP_TICKS: Final = TICKS_PER_BEAT


def is_fill(tick: int, grid: Grid, lead: Lead) -> bool:
    """Whether percussion leaves its groove at a tick: in the last half of every eighth bar.

    It also does so at the end of four bars where the lead has been silent for a beat, and so leaves room.
    """
    past = grid.ticks_past(tick, _PHRASE_BARS * grid.bar_ticks)
    bar, place = divmod(past, grid.bar_ticks)
    if bar % _HALF_PHRASE_BARS != _HALF_PHRASE_BARS - 1 or 2 * place < grid.bar_ticks:
        return False
    silent_since = lead.silent_since(tick)
    return bar == _PHRASE_BARS - 1 or (silent_since is not None and tick - silent_since >= _GAP_TICKS)
