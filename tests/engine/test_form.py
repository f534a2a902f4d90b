"""Where percussion plays a fill."""

from __future__ import annotations

from bollylive.clock.anchor import Anchor
from bollylive.engine.form import is_fill
from bollylive.engine.grid import Grid
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set


def fills(beats_per_bar: float) -> list[int]:
    """The beats of sixteen bars, from 0 on, that belong to a fill."""
    grid = Grid(LiveSet(Set(beats_per_bar=beats_per_bar)), Anchor(0.0, 0.5, 0.0))
    return [tick // 24 for tick in range(0, 16 * grid.bar_ticks, 24) if is_fill(tick, grid)]


def test_every_eighth_bar_ends_with_a_fill() -> None:
    assert fills(4.0) == [30, 31, 62, 63]


def test_bars_of_three_beats_are_halved_as_well() -> None:
    assert fills(3.0) == [23, 47]
