"""Notes that are to be played as they stand."""

from __future__ import annotations

import numpy as np

from bollylive.engine.history import Entry
from bollylive.engine.variations import Score


def score_of(*ticks: int, then_tick: int | None = None) -> Score:
    return Score([Entry(tick, 60, 6, 100, True) for tick in ticks], then_tick)


def read(score: Score, earliest_tick: int, until_tick: int) -> list[int]:
    return [note.tick for note in score.read(earliest_tick, until_tick)]


def test_it_is_read_once_in_order() -> None:
    score = score_of(0, 12, 12, 24)
    assert read(score, 0, 12) == [0, 12, 12]
    assert read(score, 0, 23) == []
    assert read(score, 0, 24) == [24]
    assert not score


def test_what_is_overdue_is_left_out_and_does_not_come_later() -> None:
    score = score_of(0, 12, 24)
    assert read(score, 6, 12) == [12]
    assert read(score, 0, 100) == [24]


def test_after_the_last_note_comes_where_the_model_may_choose_again() -> None:
    score = score_of(12, then_tick=48)
    assert (bool(score), score.next_tick) == (True, 12)
    score.read(0, 12)
    assert (bool(score), score.next_tick) == (False, 48)


def test_an_empty_one_says_nothing() -> None:
    assert not Score()
    assert Score().next_tick is None


def test_it_moves_with_the_grid() -> None:
    score = score_of(12, 24, then_tick=48)
    score.shift(-10)
    assert (read(score, 0, 100), score.next_tick) == ([2, 14], 38)


def test_its_notes_are_copies_that_no_model_has_heard() -> None:
    note = Entry(12, 60, 6, 100, True, 6, asked=True, state=np.zeros((1, 2), dtype=np.float32))
    (read_note,) = Score([note]).read(0, 100)
    assert (read_note.tick, read_note.asked, read_note.state) == (12, False, None)
    assert note.asked
