"""The rolling buffer of one channel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.engine.grid import Bars
from bollylive.engine.history import Entry, History
from bollylive.model import codec
from bollylive.model.codec import CHOOSE, HELD, REST, WAIT, WAIT_TICKS
from bollylive.model.predictor import Floats

SHAPE = (1, 2)
BAR = Bars(0, 96)


def state(number: float) -> Floats:
    return np.full(SHAPE, number, dtype=np.float32)


def played(tick: int, pitch: int = 60) -> Entry:
    return Entry(tick, pitch, 6, 100)


def chosen(tick: int, pitch: int = 60) -> Entry:
    return Entry(tick, pitch, 6, 100, by_model=True, next_ticks=12, queried=True)


def hear(history: History, index: int) -> int:
    """Hear as the model would before it is asked about an entry, each state one more than the one before it."""
    first = history.first_unprocessed(index)
    states = [history.state_before(first) + 1 + i for i in range(index - first)]
    history.store_states(first, np.stack(states))
    return len(states)


def hear_all(history: History) -> int:
    """Let the model say what comes after the newest entry, if it has not; how many rows it heard for that."""
    if not history.needs_query:
        return 0
    index = len(history.entries) - 1
    rows = hear(history, index)
    history.store_next(index, 12)
    return rows


def row_of(history: History, index: int, instrument: int = 0) -> list[int]:
    """An entry as a row, as when it is asked for."""
    rows, _ = history.rows(index + 1, instrument, BAR)
    return [int(word) for word in rows[-1]]


def unprocessed(history: History) -> list[bool]:
    return [entry.state is None for entry in history.entries]


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
    assert row_of(history, 0, 5) == [WAIT, REST, HELD, 0, CHOOSE, 5, 76, 96, REST]
    assert row_of(history, 1, 5) == [24, 60, 5, 12, CHOOSE, 5, 4, 96, REST]


def test_nobody_asks_what_follows_the_opening_rest(history: History) -> None:
    history.reach(100)
    assert not history.needs_query
    history.insert(played(100))
    assert history.needs_query
    assert hear_all(history) == 1
    assert not history.needs_query


def test_a_question_comes_with_at_least_one_row_to_hear(history: History) -> None:
    history.reach(0)
    assert history.first_unprocessed(1) == 0
    history.insert(played(0))
    hear_all(history)
    assert unprocessed(history) == [False, True]
    assert history.first_unprocessed(2) == 1
    assert hear(history, 2) == 1
    assert history.first_unprocessed(2) == 1  # it is heard again
    before = history.state_before(2)
    hear(history, 2)
    assert np.array_equal(before, history.state_before(2))


def test_it_never_holds_more_than_n_notes(history: History) -> None:
    for i in range(50):
        history.insert(played(5 * i))
        assert len(notes_of(history)) == min(i + 1, 4)
    assert notes_of(history) == [(5 * i, 60) for i in range(46, 50)]


def test_what_rolls_out_stays_in_the_state() -> None:
    history = filled(6)
    assert notes_of(history)[0] == (24, 62)
    assert history.state_before(0)[0, 0] == 3  # the opening rest and two notes
    assert row_of(history, 0)[0] == 12
    assert history.previous_pitch(0) == 61
    assert not history.needs_query


def test_after_2n_notes_the_states_are_computed_again_from_the_last_n(history: History) -> None:
    most = 0.0
    for i in range(100):
        history.insert(played(12 * i))
        hear_all(history)
        hear(history, len(history.entries))
        assert history.last is not None
        assert history.last.state is not None
        most = max(most, float(history.last.state[0, 0]))
    assert most == 2 * 4


def test_what_the_model_chose_counts_as_heard_too(history: History) -> None:
    history.insert(played(0))
    hear_all(history)
    renewals = 0
    for i in range(1, 40):
        hear(history, len(history.entries))
        history.insert(chosen(12 * i))
        renewals += hear_all(history) > 0
    assert renewals >= 39 // 8


def test_a_voice_with_more_rests_than_notes_is_not_heard_again_at_every_note(history: History) -> None:
    rows = 0
    for i in range(100):
        history.insert(played(6 * WAIT_TICKS * i))
        rows += hear_all(history)
    assert rows < 4 * 6 * 100


def test_a_chord_stands_from_low_to_high(history: History) -> None:
    for pitch in (67, 60, 64):
        history.insert(played(0, pitch))
    assert notes_of(history) == [(0, 60), (0, 64), (0, 67)]
    assert [row_of(history, i)[0] for i in range(1, 4)] == [24, 0, 0]


def test_what_stands_after_a_new_note_is_heard_and_asked_again(history: History) -> None:
    history.insert(played(0))
    history.insert(chosen(24))
    history.insert(chosen(36))
    hear(history, 4)
    history.insert(played(30, 62))
    assert notes_of(history) == [(0, 60), (24, 60), (30, 62), (36, 60)]
    assert unprocessed(history) == [False, False, False, True, True]
    assert history.needs_query
    assert hear_all(history) == 1


def test_the_same_note_twice_is_one(history: History) -> None:
    history.insert(played(0))
    hear_all(history)
    history.insert(played(0))
    assert notes_of(history) == [(0, 60)]
    assert not history.needs_query


def test_a_note_older_than_all_of_the_buffer_changes_nothing() -> None:
    for notes in (4, 16):
        history = filled(6, notes)
        before = list(history.entries)
        history.insert(played(before[0].tick - 4))
        assert history.entries == before
        assert not history.needs_query


def test_a_late_ending_is_heard_again_with_all_that_follows(history: History) -> None:
    history.insert(Entry(0, 60, 0, 100))
    history.insert(chosen(24))
    hear(history, 3)
    assert row_of(history, 1)[2] == HELD
    history.close(0, 60, 10)
    assert row_of(history, 1)[2] == 9
    assert unprocessed(history) == [False, True, True]
    assert history.needs_query
    assert hear_all(history) == 1


def test_an_ending_of_nothing_is_ignored(history: History) -> None:
    history.insert(played(0))
    hear_all(history)
    history.close(0, 61, 10)
    history.close(5, 60, 10)
    assert not history.needs_query


def test_a_step_back_leaves_the_states_before_it_untouched(history: History) -> None:
    history.insert(played(0))
    hear_all(history)
    hear(history, 2)
    before = [(entry, entry.state) for entry in history.entries]
    for i in range(1, 3):
        history.insert(chosen(12 * i))
    history.rest(72)
    assert history.withdraw(0)
    assert [(entry, entry.state) for entry in history.entries] == before
    assert not history.needs_query
    assert not history.withdraw(0)


def test_a_step_back_keeps_what_the_musician_played_and_what_came_before(history: History) -> None:
    history.insert(chosen(0))
    history.insert(chosen(12))
    history.insert(played(12, 70))
    history.insert(chosen(24))
    hear_all(history)
    hear(history, len(history.entries))
    history.withdraw(6)
    assert notes_of(history) == [(0, 60), (12, 70)]
    assert unprocessed(history)[-1]  # it had been heard after a note that is gone
    assert history.needs_query


def test_a_step_back_leaves_no_gap_before_what_the_musician_played(history: History) -> None:
    history.insert(chosen(0))
    history.rest(WAIT_TICKS)
    history.insert(chosen(60))
    history.insert(played(100, 70))
    history.withdraw(20)
    assert [(entry.tick, entry.pitch) for entry in history.entries][1:] == [(0, 60), (48, REST), (96, REST), (100, 70)]


def test_a_note_that_a_step_back_leaves_alone_can_be_asked_about(history: History) -> None:
    for i in range(4):
        history.insert(chosen(12 * i))
        hear(history, len(history.entries))
    history.insert(chosen(48))
    assert len(history.entries) == 4
    history.withdraw(12)
    assert [(entry.tick, entry.pitch) for entry in history.entries] == [(12 - 24, REST), (12, 60)]
    history.close(12, 60, 30)
    assert hear_all(history) == 1
    assert row_of(history, 1)[0] == 24


@pytest.mark.parametrize("silence", [48, 49, 500, 768, 769, 100_000])
def test_any_silence_is_bridged(history: History, silence: int) -> None:
    history.insert(played(0))
    history.insert(played(silence))
    ticks = [entry.tick for entry in history.entries]
    assert len(ticks) <= 20
    rows, _ = history.rows(len(ticks), 0, BAR)
    assert ((rows[:, codec.ONSET] >= 0) & (rows[:, codec.ONSET] <= WAIT)).all()
    assert ticks == sorted(ticks)


def test_after_a_very_long_silence_the_voice_begins_afresh_where_it_is(history: History) -> None:
    history.insert(played(0))
    history.insert(played(100_000))
    assert [entry.tick for entry in history.entries][2:] == [100_000 - 24, 100_000]


def test_nobody_asks_what_follows_the_rest_after_a_very_long_silence_either(history: History) -> None:
    history.insert(Entry(0, 60, 0, 100))
    history.insert(chosen(100_000))
    history.close(0, 60, 99_000)
    assert history.withdraw(99_999)
    assert history.last is not None
    assert (history.last.tick, history.needs_query) == (100_000 - 24, False)


def test_where_only_the_opening_rest_is_left_the_next_note_comes_a_beat_after_it(history: History) -> None:
    history.insert(chosen(100))
    assert history.withdraw(80)
    assert history.last is not None
    assert (history.last.tick, history.last.next_ticks, history.needs_query) == (76, 24, False)


def test_a_voice_that_only_waits_stays_small(history: History) -> None:
    history.insert(played(0))
    for i in range(1, 500):
        history.rest(i * WAIT_TICKS)
        hear_all(history)
    assert len(history.entries) < 300
    assert row_of(history, 0)[0] == WAIT
    history.insert(played(500 * WAIT_TICKS))
    assert notes_of(history) == [(500 * WAIT_TICKS, 60)]


def test_a_question_stands_after_all_that_was_played(history: History) -> None:
    history.insert(played(0, 64))
    history.reach(100)
    rows, ticks = history.rows(len(history.entries), 3, BAR, 100)
    assert rows[-1].tolist() == [4, CHOOSE, CHOOSE, CHOOSE, CHOOSE, 3, 4, 96, 64]
    assert ticks.tolist() == [-24, 0, 48, 96, 100]
    assert rows[:, codec.NEXT].tolist() == [24, WAIT, WAIT, 4, CHOOSE]


def test_a_question_equals_the_row_of_its_answer_but_for_what_was_open(history: History) -> None:
    history.insert(played(0, 64))
    asked, _ = history.rows(2, 3, BAR, 30)
    history.insert(played(30, 72))
    told, _ = history.rows(3, 3, BAR)
    assert asked[:-1].tolist() == told[:-1].tolist()
    assert np.delete(asked[-1], range(1, 5)).tolist() == np.delete(told[-1], range(1, 5)).tolist()


def test_a_copy_at_another_time_keeps_all_distances() -> None:
    history = filled(6)
    moved = history.branch(-960)
    assert [entry.tick - 960 for entry in history.entries] == [entry.tick for entry in moved.entries]
    assert history.rows(4, 0, BAR)[0].tolist() == moved.rows(4, 0, BAR)[0].tolist()


def test_a_branch_goes_its_own_way() -> None:
    history = filled(6)

    def rows(one: History) -> list[list[int]]:
        encoded: list[list[int]] = one.rows(len(one.entries), 0, BAR)[0].tolist()
        return encoded

    before = rows(history)
    branch = history.branch()
    assert rows(branch) == before
    branch.insert(played(100, 90))
    assert rows(history) == before
    later = rows(branch)
    history.insert(played(110, 91))
    assert rows(branch) == later


def test_rows_are_encoded_anew_where_the_bars_begin_elsewhere() -> None:
    history = filled(6)
    places = history.rows(4, 0, BAR)[0][:, codec.PLACE]
    later = history.rows(4, 0, BAR._replace(zero_tick=5))[0][:, codec.PLACE]
    assert later.tolist() == ((places - 5) % BAR.ticks).tolist()


# What may happen to a buffer, each some ticks after the one before.
happenings = st.tuples(
    st.sampled_from(["played", "late", "chosen", "rest", "hear", "close", "withdraw", "branch"]), st.integers(0, 200)
)


def encode_all(history: History) -> None:
    """All entries become rows, and those that were encoded before are what they would be now."""
    rows, ticks = history.rows(len(history.entries), 0, BAR)
    again, _ = history.branch(BAR.ticks).rows(len(history.entries), 0, BAR)  # a moved copy encodes all anew
    assert rows.tolist() == again.tolist()
    assert ticks.tolist() == [entry.tick for entry in history.entries]


@given(st.lists(happenings, max_size=60), st.integers(4, 8), st.booleans())
def test_whatever_happens_every_row_can_be_encoded_and_asked_for(
    steps: list[tuple[str, int]], notes: int, often: bool
) -> None:
    history = History(notes, SHAPE)
    now = 0
    for what, ticks in steps:
        now += ticks
        match what:
            case "played":
                history.withdraw(now)
                history.insert(played(now, 60 + ticks % 12))
            case "late":
                history.insert(played(now - ticks // 2, 60 + ticks % 12))
            case "chosen":
                history.reach(now + 10)
                hear_all(history)
                history.rows(len(history.entries), 0, BAR, now + 10)
                hear(history, len(history.entries))
                history.insert(chosen(now + 10, 60 + ticks % 12))
            case "rest":
                history.reach(now + WAIT_TICKS)
            case "hear":
                hear_all(history)
            case "close":
                for tick, pitch in notes_of(history)[-1 - ticks % 4 :]:
                    history.close(tick, pitch, 5 + ticks)
            case "withdraw":
                history.withdraw(now - ticks)
            case "branch":
                history = history.branch(ticks - 100)
                now += ticks - 100
        assert len(notes_of(history)) <= notes
        if often and history.entries:
            encode_all(history)
        keys = [(entry.tick, entry.pitch) for entry in history.entries]
        assert [tick for tick, _ in keys] == sorted(tick for tick, _ in keys)
    if history.entries:
        encode_all(history)
        hear_all(history)
        assert not history.needs_query
