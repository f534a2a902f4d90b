"""Songs: when a beat falls, and at which tempo."""

from __future__ import annotations

import pytest

from bollylive.midi.song import seconds_at, tempo_at


@pytest.mark.parametrize(
    ("beat", "seconds", "bpm"),
    [(0.0, 0.0, 120.0), (4.0, 2.0, 60.0), (5.0, 3.0, 60.0), (8.0, 6.0, 240.0), (12.0, 7.0, 240.0), (3.0, 1.5, 120.0)],
)
def test_a_beat_falls_where_all_tempos_before_it_put_it(beat: float, seconds: float, bpm: float) -> None:
    tempos = ((0.0, 120.0), (4.0, 60.0), (8.0, 240.0))
    assert seconds_at(tempos, beat) == pytest.approx(seconds)
    assert tempo_at(tempos, beat) == bpm
