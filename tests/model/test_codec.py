"""Notes to model rows and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.model import codec
from bollylive.model.codec import (
    CHOOSE,
    CHOSEN,
    CYCLE,
    DURATION,
    DURATION_TICKS,
    FIELDS,
    HELD,
    INSTRUMENT,
    NEXT,
    ONSET,
    PLACE,
    PREVIOUS,
    REST,
    ROW,
    WAIT,
    WAIT_TICKS,
    Rows,
    Voice,
)

# A row of a voice: ticks since the row before, pitch, duration, velocity.
steps = st.tuples(st.integers(0, WAIT_TICKS), st.integers(0, 127), st.integers(1, 500), st.integers(1, 127))


def voice_of(*notes: tuple[int, int, int, int]) -> Voice:
    """A voice of (tick, pitch, duration, velocity)."""
    columns = np.array(notes, dtype=np.int64).reshape(-1, 4).T
    return Voice(*columns)


def encode(voice: Voice, since: int = 0, previous: int = REST, cycle: int = 96) -> Rows:
    return codec.encode(voice, since=since, previous=previous, instrument=0, origin=0, cycle=cycle)


def voice_of_steps(notes: list[tuple[int, int, int, int]], start: int) -> Voice:
    ticks = start + np.cumsum([delta for delta, *_ in notes])
    return voice_of(*sorted((int(tick), *note[1:]) for tick, note in zip(ticks, notes, strict=True)))


@given(st.lists(steps, min_size=1), st.integers(-5000, 5000))
def test_what_is_encoded_comes_back_as_exactly_as_the_words_allow(
    notes: list[tuple[int, int, int, int]], start: int
) -> None:
    voice = voice_of_steps(notes, start)
    rows = encode(voice, since=start)
    tick = start + int(rows[0, ONSET])
    for i, row in enumerate(rows[:-1]):
        choice = codec.decode(row[CHOSEN])
        assert tick == voice.tick[i]
        assert choice.pitch == voice.pitch[i]
        assert abs(choice.velocity - voice.velocity[i]) <= 4
        nearest = np.abs(DURATION_TICKS - voice.duration[i]).min()
        assert abs(choice.duration_ticks - voice.duration[i]) == nearest
        assert choice.next_ticks is not None
        tick += choice.next_ticks


@given(st.lists(steps, min_size=1), st.integers(-5000, 5000))
def test_every_word_is_in_its_vocabulary(notes: list[tuple[int, int, int, int]], start: int) -> None:
    rows = encode(voice_of_steps(notes, start), since=start)
    assert (rows[:-1] < [field.choices or field.words for field in ROW]).all()
    assert (rows[:-1] >= 0).all()
    assert (rows[:, PLACE] < rows[:, CYCLE]).all()
    assert (rows[:, PLACE] >= 0).all()
    assert (rows[:, PREVIOUS] <= REST).all()


def test_the_durations_grow_and_each_stands_for_itself() -> None:
    assert (np.diff(DURATION_TICKS) > 0).all()
    rows = encode(voice_of(*((0, i, int(ticks), 64) for i, ticks in enumerate(DURATION_TICKS))))
    assert rows[:, DURATION].tolist() == list(range(codec.DURATIONS))


@pytest.mark.parametrize(("ticks", "word"), [(0, HELD), (1, 0), (24, 23), (10_000, codec.DURATIONS - 1)])
def test_a_duration_is_held_or_the_nearest_word(ticks: int, word: int) -> None:
    assert encode(voice_of((0, 60, ticks, 64)))[0, DURATION] == word


def test_each_next_is_the_following_onset_and_the_last_is_to_be_chosen() -> None:
    rows = encode(voice_of((5, 60, 1, 1), (17, 60, 1, 1), (17, 64, 1, 1), (65, 60, 1, 1)), since=2)
    assert rows[:, ONSET].tolist() == [3, 12, 0, 48]
    assert rows[:, NEXT].tolist() == [12, 0, 48, CHOOSE]


def test_previous_is_the_pitch_sounded_last_over_chords_and_rests() -> None:
    voice = voice_of((0, 60, 1, 1), (0, 64, 1, 1), (48, REST, 0, 0), (50, 62, 1, 1))
    assert encode(voice, previous=55)[:, PREVIOUS].tolist() == [55, 60, 64, 64]
    assert encode(voice_of((48, REST, 0, 0), (50, 62, 1, 1)))[:, PREVIOUS].tolist() == [REST, REST]


def test_a_rest_is_told_apart_from_an_onset_after_two_beats() -> None:
    rows = encode(voice_of((0, 60, 1, 1), (48, REST, 0, 0), (96, 62, 1, 1)))
    assert rows[:, ONSET].tolist() == [0, WAIT, 48]
    assert [codec.decode(row[CHOSEN]).next_ticks for row in rows[:2]] == [None, 48]


@pytest.mark.parametrize(
    ("until", "rests"), [(1, []), (48, []), (49, [48]), (96, [48]), (97, [48, 96]), (145, [48, 96, 144])]
)
def test_rests_fill_what_one_onset_cannot_span(until: int, rests: list[int]) -> None:
    assert codec.rest_ticks(0, until) == rests


@pytest.mark.parametrize(("first", "second"), [(0, 49), (10, 9), (49, 49), (-1, 0)])
def test_rows_too_far_apart_or_out_of_order_are_refused(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="0 to 48 ticks apart"):
        encode(voice_of((first, 60, 1, 1), (second, 60, 1, 1)))


def test_instrument_place_and_cycle_stand_in_every_row() -> None:
    voice = voice_of((-1, 60, 1, 1), (0, 60, 1, 1), (13, 60, 1, 1))
    rows = codec.encode(voice, since=-1, previous=REST, instrument=104, origin=12, cycle=72)
    assert rows[:, INSTRUMENT].tolist() == [104] * 3
    assert rows[:, PLACE].tolist() == [59, 60, 1]
    assert rows[:, CYCLE].tolist() == [72] * 3


def test_the_metre_may_change_from_row_to_row() -> None:
    voice = voice_of((90, 60, 1, 1), (100, 60, 1, 1))
    cycles = np.array([96, 72])
    rows = codec.encode(voice, since=90, previous=REST, instrument=0, origin=np.array([0, 96]), cycle=cycles)
    assert rows[:, PLACE].tolist() == [90, 4]
    assert rows[:, CYCLE].tolist() == [96, 72]


def test_a_voice_without_notes_has_no_rows() -> None:
    assert encode(voice_of()).shape == (0, len(FIELDS))


def test_before_a_rest_may_lie_any_time() -> None:
    rows = encode(voice_of((0, 60, 1, 1), (9000, REST, 0, 0), (9024, 62, 1, 1)))
    assert rows[:, ONSET].tolist() == [0, WAIT, 24]
    with pytest.raises(ValueError, match="0 to 48 ticks apart"):
        encode(voice_of((0, 60, 1, 1), (9000, REST, 0, 0), (9049, 62, 1, 1)))


def test_no_velocity_decodes_to_silence() -> None:
    velocities = [codec.decode(np.array([60, 0, word, 0])).velocity for word in range(codec.VELOCITIES)]
    assert velocities == sorted(velocities)
    assert 1 <= velocities[0] < velocities[-1] <= 127
