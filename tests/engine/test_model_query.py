"""The queries to the model about a part, and what becomes of its answers."""

from __future__ import annotations

import numpy as np
import pytest
from answering import BARS, choose, next_query, part_of, planned, process_all, reply

from bollylive.engine.history import Entry
from bollylive.engine.model_query import query_next_onset, query_note
from bollylive.model.codec import CHOOSE, REST, Choice
from bollylive.sets.settings import ChannelSet

FORBIDDEN = -1e8


def test_only_the_range_is_allowed() -> None:
    part = part_of(ChannelSet(0, lowest=40, highest=52))
    part.enter(0)
    part.prepare(0)
    query = query_note(part, BARS)
    assert np.flatnonzero(query.pitch_bias > FORBIDDEN).tolist() == list(range(40, 53))


def test_density_weighs_the_near_onsets_against_the_far_ones() -> None:
    for density in (-1.0, 0.0, 2.0):
        part = part_of(ChannelSet(0, density=density, polyphony=8))
        part.enter(0)
        assert next_query(part).onset_bias[[0, 24, 48]] == pytest.approx([0, -density, -2 * density])


def test_a_full_chord_may_not_grow() -> None:
    part = part_of(ChannelSet(0, polyphony=2))
    part.enter(0)
    assert next_query(part).onset_bias[0] > FORBIDDEN
    choose(part, 60, 0)
    assert next_query(part).onset_bias[0] < FORBIDDEN


def test_a_full_chord_of_the_musicians_may_not_grow_either() -> None:
    part = part_of(ChannelSet(0, polyphony=2))
    biases = []
    for pitch in (60, 64, 67):
        part.history.insert(Entry(0, pitch, 6, 100))
        query = query_next_onset(part, BARS)
        assert query is not None
        biases.append(query.onset_bias[0] < FORBIDDEN)
    assert biases == [False, True, True]


def test_a_note_gets_its_state_with_the_next_question() -> None:
    part = part_of()
    part.enter(0)
    for notes in range(3):
        part.prepare(10**6)
        query = query_note(part, BARS)
        assert query.rows[:, 1].tolist() == [60 if notes else REST, CHOOSE]
        assert query.state[0, 0] == max(0, notes)
        reply(query, Choice(60, 6, 100, 12))
    assert [entry.state is None for entry in part.history.entries] == [False, False, False, True]


def test_after_a_step_back_the_newest_row_that_is_left_is_heard_once_more() -> None:
    part = part_of()
    part.enter(0)
    for _ in range(4):
        choose(part)
    part.withdraw(12)
    part.resume(0)
    query = query_note(part, BARS)
    assert (query.tick, query.ticks.tolist(), query.state[0, 0]) == (24, [12, 24], 2)


def test_a_long_buffer_is_heard_bit_by_bit() -> None:
    part = part_of(notes=64)
    for i in range(50):
        part.history.insert(Entry(12 * i, 60, 6, 100))
    lengths, heard = [], 0
    while (query := query_next_onset(part, BARS)) is not None:
        lengths.append(len(query.rows) - 1)
        assert query.state[0, 0] == heard
        heard += lengths[-1]
        reply(query, Choice(0, 1, 1, 18))
    assert (lengths, heard) == ([16, 16, 16, 2], 50)
    part.enter(0)
    part.resume(0)
    assert part.due_tick == 49 * 12 + 18


def test_the_model_is_told_what_the_part_played_a_bar_ago() -> None:
    part = part_of(notes=32)
    for i in range(8):
        part.history.insert(Entry(12 * i, 60 + i, 6, 100))
    process_all(part)
    part.enter(0)
    part.resume(0)
    part.prepare(10**6)
    query = query_note(part, BARS)
    assert (query.tick, query.echoes[0, 0], query.echoes[1, 0]) == (96, 60, REST)


@pytest.mark.parametrize("pitch", [60, 59, 100])
def test_a_chord_that_has_no_room_left_ends(pitch: int) -> None:
    part = part_of(ChannelSet(0, highest=72))
    part.enter(0)
    choose(part, 60, 0)
    choose(part, pitch, 0)
    assert planned(part) == [(0, 60)]
    assert part.due_tick == 24


def test_where_the_musician_got_first_the_model_plays_above() -> None:
    part = part_of()
    part.enter(0)
    choose(part)
    part.history.insert(Entry(15, 64, 6, 100))
    query = next_query(part)
    assert query.tick == 15
    assert query.rows[-1].tolist()[:2] == [0, CHOOSE]
    assert query.rows[-1, 8] == 64


def test_a_note_that_is_repeated_again_and_again_becomes_less_likely() -> None:
    part = part_of(notes=32)
    scores = []
    for tick in range(0, 120, 12):
        part.enter(tick)
        part.prepare(tick)
        process_all(part)
        query = query_note(part, BARS)
        scores.append(float(query.pitch_bias[60]))
        assert query.pitch_bias[61] == 0
        reply(query, Choice(60, 6, 90, 12))
    assert scores[:7] == [0] * 7
    assert scores[7:] == sorted(scores[7:], reverse=True)
    assert scores[-1] < scores[7] < 0
