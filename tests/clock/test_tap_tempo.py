"""The tempo of taps."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bollylive.clock.tap_tempo import TapTempo


def tapped(times_s: Sequence[float]) -> float | None:
    """The tempo after taps at these seconds."""
    taps = TapTempo()
    words = [taps.tap(at_s) for at_s in times_s]
    return words[-1].bpm if words[-1] else None


@pytest.mark.parametrize(
    ("times_s", "bpm"),
    [
        ([0.0], None),
        ([0.0, 0.5], None),
        ([0.0, 0.5, 1.0], 120),
        ([0.0, 0.52, 0.98, 1.5], 120),
        ([0.0, 1.0, 2.0, 2.9, 3.8, 4.7, 5.6], 60 / 0.9),  # the latest four gaps count
        ([0.0, 0.5, 0.52, 1.0], 120),  # a key that bounces
        ([0.0, 0.5, 9.0], None),  # another tapping
        ([0.0, 0.5, 9.0, 10.0, 11.0], 60),
        ([0.0, 0.5, 1.0, 2.0], None),  # another tempo
        ([0.0, 0.5, 1.0, 2.0, 3.0], 60),
    ],
)
def test_three_taps_and_more_say_a_tempo(times_s: list[float], bpm: float | None) -> None:
    assert tapped(times_s) == (None if bpm is None else pytest.approx(bpm))
