from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.data.phase import find_shift

BAR, WALTZ = 96, 72


def _oompah(cycle: int, bars: int = 12) -> NDArray[np.int32]:
    """A long note on the first beat, short ones on the others, and some eighths."""
    rows = []
    for start in range(0, bars * cycle, cycle):
        rows.append((start, cycle // 2, 40, 90, 0))
        rows += [(start + beat, 12, 60, 70, 0) for beat in range(24, cycle, 24)]
        rows += [(start + 36, 12, 64, 70, 0)]
    return np.array(rows, dtype=np.int32)


@given(st.sampled_from([BAR, WALTZ]), st.integers(0, WALTZ - 1).filter(lambda late: late % 6))
def test_music_beside_its_beat_is_found_to_be_as_late_as_it_is(cycle: int, late: int) -> None:
    music = _oompah(cycle)
    music[:, 0] += late
    assert find_shift(music, cycle) == late


@pytest.mark.parametrize("cycle", [BAR, WALTZ])
@pytest.mark.parametrize("late", [0, 24, 48])
def test_music_on_its_beat_stays_where_it_is_also_where_it_begins_on_another(cycle: int, late: int) -> None:
    music = _oompah(cycle)
    music[:, 0] += late
    assert find_shift(music, cycle) == 0


@pytest.mark.parametrize("late", [1, 23, 7, 50])
def test_music_without_a_beat_stays_where_it_is(late: int) -> None:
    free = _oompah(BAR)
    free[:, 0] += late + np.random.default_rng(1).integers(0, 24, len(free))
    assert find_shift(free, BAR) == 0
