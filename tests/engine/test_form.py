"""Where percussion plays a fill."""

from __future__ import annotations

from bollylive.clock.anchor import Anchor
from bollylive.engine.band_notes import BandNotes
from bollylive.engine.form import is_fill
from bollylive.engine.grid import Grid
from bollylive.engine.history import Entry
from bollylive.engine.lead import Lead
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set


def fills(lead: Lead, beats_per_bar: float = 4.0) -> list[int]:
    """The ticks of the beats of sixteen bars that belong to a fill."""
    grid = Grid(LiveSet(Set(beats_per_bar=beats_per_bar)), Anchor(0.0, 0.5, 0.0))
    return [tick for tick in range(0, 16 * grid.bar_ticks, 24) if is_fill(tick, grid, lead)]


def playing_until(*spans: tuple[int, int]) -> Lead:
    notes = BandNotes()
    lead = Lead(notes)
    for begin, end in spans:
        notes.add(0, 0, Entry(begin, 60, end - begin, 90))
    lead.listen(0)
    return lead


def test_every_eighth_bar_ends_with_a_fill() -> None:
    assert fills(playing_until((0, 16 * 96))) == [7 * 96 + 48, 7 * 96 + 72, 15 * 96 + 48, 15 * 96 + 72]


def test_a_gap_at_the_end_of_four_bars_is_filled_too() -> None:
    lead = playing_until((0, 3 * 96 + 24), (4 * 96, 16 * 96))
    assert fills(lead)[:2] == [3 * 96 + 48, 3 * 96 + 72]
    late = playing_until((0, 3 * 96 + 48), (4 * 96, 16 * 96))
    assert fills(late)[0] == 3 * 96 + 72


def test_bars_of_three_beats_are_halved_as_well() -> None:
    assert fills(playing_until((0, 16 * 72)), 3.0) == [7 * 72 + 48, 15 * 72 + 48]
