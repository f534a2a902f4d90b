"""Pitches that clash with what the musician holds become less likely."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.engine.pitch_bias import avoid_clashes
from bollylive.model.codec import PERCUSSION
from bollylive.model.context import CONTEXT_SIZE, LEAD_HARMONY
from bollylive.model.predictor import Floats


def _held(*classes: int) -> Floats:
    context = np.zeros((1, CONTEXT_SIZE), dtype=np.float32)
    context[0, [LEAD_HARMONY.start + one for one in classes]] = 1
    return context


def _scores(*classes: int, instrument: int = 0, follow: float = 1.0) -> Floats:
    scores: Floats = avoid_clashes(_held(*classes), np.array([instrument]), follow)[0]
    return scores


def test_what_clashes_with_a_held_c_becomes_less_likely_in_every_octave() -> None:
    scores = _scores(0)
    for octave in range(10):
        fits = (scores[12 * octave : 12 * octave + 12] == 0).nonzero()[0].tolist()
        assert fits == [0, 3, 4, 5, 7, 8, 9]
    assert scores.min() < -1
    assert scores.shape == (128,)


def test_a_pitch_that_clashes_with_several_is_no_less_likely_than_with_one() -> None:
    assert _scores(0, 5).min() == _scores(0).min()


@pytest.mark.parametrize(("classes", "instrument", "follow"), [((), 0, 1.0), ((0,), PERCUSSION, 1.0), ((0,), 0, 0.0)])
def test_nothing_changes_without_a_musician_nor_for_percussion_nor_if_the_set_says_so(
    classes: tuple[int, ...], instrument: int, follow: float
) -> None:
    assert not _scores(*classes, instrument=instrument, follow=follow).any()


@given(st.integers(0, 11), st.integers(0, 127), st.floats(0, 1))
def test_it_is_the_same_in_every_key(held: int, pitch: int, follow: float) -> None:
    score = _scores(held, follow=follow)[pitch]
    assert score == _scores((held + 1) % 12, follow=follow)[(pitch + 1) % 12]
    assert score == pytest.approx(follow * _scores(held)[pitch], rel=1e-6)
