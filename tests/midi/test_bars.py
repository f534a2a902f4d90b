"""Where bars begin."""

from __future__ import annotations

import pytest

from bollylive.midi.bars import Bar, bar_at
from bollylive.midi.song import Meters

PICKUP: Meters = ((0.0, 1.0), (1.0, 3.0))
SEVEN_EIGHT: Meters = ((0.0, 3.5),)
CUT_SHORT: Meters = ((0.0, 4.0), (6.0, 2.5), (11.0, 4.0))  # the second bar in 4/4 has two beats


@pytest.mark.parametrize(
    ("meters", "beat", "bar"),
    [
        (PICKUP, 0.0, Bar(0.0, 1.0)),
        (PICKUP, 0.99, Bar(0.0, 1.0)),
        (PICKUP, 1.0, Bar(1.0, 3.0)),
        (PICKUP, 3.9, Bar(1.0, 3.0)),
        (PICKUP, 4.0, Bar(4.0, 3.0)),
        (PICKUP, 302.0, Bar(301.0, 3.0)),
        (SEVEN_EIGHT, 3.49, Bar(0.0, 3.5)),
        (SEVEN_EIGHT, 7.0, Bar(7.0, 3.5)),
        (CUT_SHORT, 5.5, Bar(4.0, 4.0)),
        (CUT_SHORT, 6.0, Bar(6.0, 2.5)),
        (CUT_SHORT, 8.5, Bar(8.5, 2.5)),
        (CUT_SHORT, 15.0, Bar(15.0, 4.0)),
        (SEVEN_EIGHT, -1.0, Bar(-3.5, 3.5)),
    ],
)
def test_a_beat_is_in_the_bar_of_the_metre_in_force(meters: Meters, beat: float, bar: Bar) -> None:
    assert bar_at(meters, beat) == bar


def test_a_bar_line_that_rounding_puts_a_hair_earlier_is_a_bar_line() -> None:
    third = 4 / 3  # a bar of 4/12 cannot be written, but beats of a triplet file are such numbers
    assert bar_at(((0.0, 1.0), (third, 3.0)), third + 9 - 1e-12).begin_beats == pytest.approx(third + 9)
    assert bar_at(((0.0, 1.0), (1.0, 3.0)), 1.0 - 1e-12).begin_beats == 1.0
