"""When a voice is tired of a bar that it has repeated."""

from __future__ import annotations

import numpy as np
import pytest

from bollylive.engine.grid import Bars
from bollylive.engine.repeated_bars import is_tired, repeated_bars
from bollylive.model import codec
from bollylive.model.predictor import Ints

BAR = 96
BARS = Bars(0, BAR)


def voice(*bars: tuple[tuple[int, int], ...], instrument: int = 33) -> tuple[codec.Rows, Ints]:
    """Rows and ticks of a voice that plays these bars of (tick in the bar, pitch)."""
    notes = [(number * BAR + tick, pitch) for number, bar in enumerate(bars) for tick, pitch in bar]
    rows = np.zeros((len(notes), len(codec.ROW)), dtype=np.int64)
    rows[:, codec.INSTRUMENT] = instrument
    rows[:, codec.PITCH] = [pitch for _, pitch in notes]
    return rows, np.array([tick for tick, _ in notes], dtype=np.int64)


RIFF, OTHER = ((0, 36), (24, 43), (48, 36)), ((0, 36), (24, 41), (48, 36))
LOOSE = ((1, 36), (22, 43), (50, 36))


@pytest.mark.parametrize(
    ("bars", "count"),
    [
        ((RIFF, RIFF, RIFF), 3),
        ((OTHER, RIFF, RIFF), 2),
        ((RIFF, OTHER, RIFF), 1),
        ((RIFF, LOOSE, RIFF), 3),
        ((RIFF, RIFF, ()), 0),
        ((), 0),
    ],
)
def test_bars_count_back_from_the_newest_and_looseness_is_no_variation(
    bars: tuple[tuple[tuple[int, int], ...], ...], count: int
) -> None:
    rows, ticks = voice(*bars)
    if len(rows):
        assert repeated_bars(rows, ticks, len(bars) * BAR + 30, BARS, 4) == count


def test_what_has_begun_in_the_present_bar_does_not_count() -> None:
    rows, ticks = voice(RIFF, RIFF, OTHER)
    assert repeated_bars(rows, ticks, 2 * BAR + 90, BARS, 4) == 2


def test_a_rest_is_no_note() -> None:
    rows, ticks = voice(((0, 36), (24, codec.REST)), ((0, 36),))
    assert repeated_bars(rows, ticks, 2 * BAR, BARS, 4) == 2


def test_a_voice_tires_after_two_bars_and_percussion_after_four() -> None:
    assert is_tired(*voice(RIFF, RIFF), 2 * BAR, BARS)
    assert not is_tired(*voice(OTHER, RIFF), 2 * BAR, BARS)
    groove = [RIFF] * 3
    assert not is_tired(*voice(*groove, instrument=codec.PERCUSSION), 3 * BAR, BARS)
    assert is_tired(*voice(*groove, RIFF, instrument=codec.PERCUSSION), 4 * BAR, BARS)
