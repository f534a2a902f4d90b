"""The rolling buffer of one channel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.codec import CHOOSE, HELD, REST, WAIT, WAIT_TICKS
from bollylive.history import Entry, History
from bollylive.predictor import Floats

SHAPE = (1, 2)


def state(number: float) -> Floats:
    return np.full(SHAPE, number, dtype=np.float32)


def played(tick: int, pitch: int = 60) -> Entry:
    return Entry(tick, pitch, 6, 100)


def chosen(tick: int, pitch: int = 60, after: float = 1.0) -> Entry:
    return Entry(tick, pitch, 6, 100, by_model=True, state=state(after), next_ticks=12)


def hear_all(history: History) -> int:
    """Hear as the model would, each state one more than the one before it; how many rows it took."""
    rows = 0
    while (index := history.unheard()) is not None:
        history.hear(index, history.state_before(index) + 1, 12)
        rows += 1
    return rows


def notes_of(history: History) -> list[tuple[int, int]]:
    return [(entry.tick, entry.pitch) for entry in history.entries if entry.pitch != REST]


@pytest.fixture
def history() -> History:
    return History(4, SHAPE)


def filled(count: int, notes: int = 4) -> History:
    history = History(notes, SHAPE)
    for i in range(count):
        history.insert(played(12 * i, 60 + i % 12))
        hear_all(history)
    return history


def test_a_voice_begins_with_a_rest_a_beat_before_its_first_note(history: History) -> None:
    history.insert(played(100))
    assert [(e.tick, e.pitch) for e in history.entries] == [(76, REST), (100, 60)]
    assert history.row(0, 5, 96).tolist() == [[WAIT, REST, HELD, 0, CHOOSE, 5, 76, 96, REST]]
    assert history.row(1, 5, 96).tolist() == [[24, 60, 5, 12, CHOOSE, 5, 4, 96, REST]]


def test_it_never_holds_more_than_n_notes(history: History) -> None:
    for i in range(50):
        history.insert(played(5 * i))
        assert len(notes_of(history)) == min(i + 1, 4)
    assert notes_of(history) == [(5 * i, 60) for i in range(46, 50)]


def test_what_rolls_out_stays_in_the_state() -> None:
    history = filled(6)
    assert notes_of(history)[0] == (24, 62)
    assert history.state_before(0)[0, 0] == 3  # the opening rest and two notes
    assert history.row(0, 0, 96)[0].tolist()[0] == 12
    assert history.previous_pitch(0) == 61
    assert history.unheard() is None


def test_after_2n_rows_the_states_are_computed_again_from_the_last_n(history: History) -> None:
    most = 0.0
    for i in range(100):
        history.insert(played(12 * i))
        hear_all(history)
        assert history.last is not None
        assert history.last.state is not None
        most = max(most, float(history.last.state[0, 0]))
    assert most == 2 * 4


def test_what_the_model_chose_counts_as_heard_too(history: History) -> None:
    history.insert(played(0))
    hear_all(history)
    renewals = 0
    for i in range(1, 40):
        history.insert(chosen(12 * i))
        renewals += hear_all(history) > 0
    assert renewals >= 39 // 8


def test_a_chord_stands_from_low_to_high(history: History) -> None:
    for pitch in (67, 60, 64):
        history.insert(played(0, pitch))
    assert notes_of(history) == [(0, 60), (0, 64), (0, 67)]
    assert [int(history.row(i, 0, 96)[0, 0]) for i in range(1, 4)] == [24, 0, 0]


def test_what_stands_after_a_new_note_is_heard_again(history: History) -> None:
    history.insert(played(0))
    history.insert(chosen(24))
    history.insert(chosen(36))
    hear_all(history)
    history.insert(played(30, 62))
    assert notes_of(history) == [(0, 60), (24, 60), (30, 62), (36, 60)]
    assert [entry.state is None for entry in history.entries] == [False, False, False, True, True]


def test_the_same_note_twice_is_one(history: History) -> None:
    history.insert(played(0))
    hear_all(history)
    history.insert(played(0))
    assert notes_of(history) == [(0, 60)]
    assert history.unheard() is None


def test_a_note_older_than_a_full_buffer_changes_nothing() -> None:
    history = filled(6)
    before = list(history.entries)
    history.insert(played(20))
    assert history.entries == before
    assert history.unheard() is None


def test_a_late_ending_is_heard_again_with_all_that_follows(history: History) -> None:
    history.insert(Entry(0, 60, 0, 100))
    history.insert(chosen(24))
    hear_all(history)
    assert history.row(1, 0, 96)[0, 2] == HELD
    history.close(0, 60, 10)
    assert history.row(1, 0, 96)[0, 2] == 9
    assert history.unheard() == 1
    assert hear_all(history) == 2


def test_an_ending_of_nothing_is_ignored(history: History) -> None:
    history.insert(played(0))
    hear_all(history)
    history.close(0, 61, 10)
    history.close(5, 60, 10)
    assert history.unheard() is None


def test_a_step_back_leaves_the_states_before_it_untouched(history: History) -> None:
    history.insert(played(0))
    hear_all(history)
    before = [(entry, entry.state) for entry in history.entries]
    for i in range(1, 3):
        history.insert(chosen(12 * i, after=50 + i))
    history.rest(72)
    assert history.withdraw(0)
    assert [(entry, entry.state) for entry in history.entries] == before
    assert history.unheard() is None
    assert not history.withdraw(0)


def test_a_step_back_keeps_what_the_musician_played_and_what_came_before(history: History) -> None:
    history.insert(chosen(0))
    history.insert(chosen(12))
    history.insert(played(12, 70))
    history.insert(chosen(24))
    history.withdraw(6)
    assert notes_of(history) == [(0, 60), (12, 70)]


@pytest.mark.parametrize("silence", [48, 49, 500, 768, 769, 100_000])
def test_any_silence_is_bridged(history: History, silence: int) -> None:
    history.insert(played(0))
    history.insert(played(silence))
    ticks = [entry.tick for entry in history.entries]
    assert len(ticks) <= 20
    for index in range(len(ticks)):
        assert 0 <= history.row(index, 0, 96)[0, 0] <= WAIT
    assert ticks == sorted(ticks)


def test_after_a_very_long_silence_the_voice_begins_afresh_where_it_is(history: History) -> None:
    history.insert(played(0))
    history.insert(played(100_000))
    assert [entry.tick for entry in history.entries][2:] == [100_000 - 24, 100_000]


def test_a_voice_that_only_waits_stays_small(history: History) -> None:
    history.insert(played(0))
    for i in range(1, 500):
        history.rest(i * WAIT_TICKS)
        hear_all(history)
    assert len(history.entries) < 300
    assert history.row(0, 0, 96)[0, 0] == WAIT
    history.insert(played(500 * WAIT_TICKS))
    assert notes_of(history) == [(500 * WAIT_TICKS, 60)]


def test_a_question_stands_after_all_that_was_played(history: History) -> None:
    history.insert(played(0, 64))
    history.reach(100)
    assert history.question(100, 3, 96).tolist() == [[4, CHOOSE, CHOOSE, CHOOSE, CHOOSE, 3, 4, 96, 64]]


def test_a_jump_of_the_beat_moves_all_and_changes_no_distance() -> None:
    history, moved = filled(6), filled(6)
    moved.shift(-960)
    assert [entry.tick - 960 for entry in history.entries] == [entry.tick for entry in moved.entries]
    for index in range(4):
        assert history.row(index, 0, 96).tolist() == moved.row(index, 0, 96).tolist()


# What may happen to a buffer, each some ticks after the one before.
happenings = st.tuples(st.sampled_from(["played", "chosen", "rest", "hear", "withdraw"]), st.integers(0, 200))


@given(st.lists(happenings, max_size=60), st.integers(4, 8))
def test_whatever_happens_every_row_can_be_encoded(steps: list[tuple[str, int]], notes: int) -> None:
    history = History(notes, SHAPE)
    now = 0
    for what, ticks in steps:
        now += ticks
        match what:
            case "played":
                history.withdraw(now)
                history.insert(played(now, 60 + ticks % 12))
            case "chosen":
                hear_all(history)
                history.reach(now + 10)
                hear_all(history)
                history.question(now + 10, 0, 96)
                history.insert(chosen(now + 10, 60 + ticks % 12))
            case "rest":
                history.reach(now + WAIT_TICKS)
            case "hear":
                hear_all(history)
            case "withdraw":
                history.withdraw(now)
        assert len(notes_of(history)) <= notes
        for index in range(len(history.entries)):
            history.row(index, 0, 96)
        keys = [(entry.tick, entry.pitch) for entry in history.entries]
        assert [tick for tick, _ in keys] == sorted(tick for tick, _ in keys)
