"""Notes that are to be played as they stand."""

from __future__ import annotations

import numpy as np

from bollylive.engine.history import Entry
from bollylive.engine.variations import NoteQueue


def queue_of(*ticks: int, then_tick: int | None = None) -> NoteQueue:
    return NoteQueue([Entry(tick, 60, 6, 100, True) for tick in ticks], then_tick)


def popped(queue: NoteQueue, earliest_tick: int, until_tick: int) -> list[int]:
    return [note.tick for note in queue.pop(earliest_tick, until_tick)]


def test_its_notes_come_once_and_in_order() -> None:
    queue = queue_of(0, 12, 12, 24)
    assert popped(queue, 0, 12) == [0, 12, 12]
    assert popped(queue, 0, 23) == []
    assert popped(queue, 0, 24) == [24]
    assert not queue


def test_what_is_overdue_is_left_out_and_does_not_come_later() -> None:
    queue = queue_of(0, 12, 24)
    assert popped(queue, 6, 12) == [12]
    assert popped(queue, 0, 100) == [24]


def test_after_the_last_note_comes_where_the_model_may_choose_again() -> None:
    queue = queue_of(12, then_tick=48)
    assert (bool(queue), queue.next_tick) == (True, 12)
    queue.pop(0, 12)
    assert (bool(queue), queue.next_tick) == (False, 48)


def test_an_empty_one_says_nothing() -> None:
    assert not NoteQueue()
    assert NoteQueue().next_tick is None


def test_its_notes_are_copies_that_the_model_has_yet_to_process() -> None:
    note = Entry(12, 60, 6, 100, True, 6, queried=True, state=np.zeros((1, 2), dtype=np.float32))
    (popped_note,) = NoteQueue([note]).pop(0, 100)
    assert (popped_note.tick, popped_note.queried, popped_note.state) == (12, False, None)
    assert note.queried
