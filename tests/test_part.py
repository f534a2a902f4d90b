"""One channel of the band."""

from __future__ import annotations

import numpy as np
import pytest

from bollylive.ask import Ask, ask_to_choose, ask_to_foresee
from bollylive.band import ChannelSet
from bollylive.codec import CHOOSE, PERCUSSION, REST, WAIT_TICKS, Choice
from bollylive.history import Entry, History
from bollylive.part import Part
from bollylive.predictor import Floats

SHAPE = (1, 2)
FORBIDDEN = -1e8


def part_of(setting: ChannelSet | None = None, notes: int = 8) -> Part:
    return Part(setting or ChannelSet(0), History(notes, SHAPE))


def reply(ask: Ask, choice: Choice) -> None:
    """Answer an ask, each state one more than the one before it."""
    heard = np.arange(1, len(ask.rows), dtype=np.float32)
    ask.take(choice, ask.state + heard[:, None, None])


def hear_all(part: Part, next_ticks: int | None = 12) -> None:
    while (ask := ask_to_foresee(part, 96)) is not None:
        reply(ask, Choice(60, 1, 1, next_ticks))


def choose(part: Part, pitch: int = 60, next_ticks: int | None = 12) -> int:
    """Let the model choose a note, after it has heard what it must; gives the note's tick."""
    part.prepare(10**6)
    hear_all(part)
    ask = ask_to_choose(part, 96)
    reply(ask, Choice(pitch, 6, 100, next_ticks))
    return ask.tick


def onset_bias(part: Part) -> Floats:
    part.prepare(10**6)
    hear_all(part)
    return ask_to_choose(part, 96).onset_bias


def planned(part: Part) -> list[tuple[int, int]]:
    return [(entry.tick, entry.pitch) for entry in part.plan]


def test_only_the_range_is_allowed() -> None:
    part = part_of(ChannelSet(0, lowest=40, highest=52))
    part.come_in(0)
    part.prepare(0)
    ask = ask_to_choose(part, 96)
    assert np.flatnonzero(ask.pitch_bias > FORBIDDEN).tolist() == list(range(40, 53))


def test_density_weighs_the_near_onsets_against_the_far_ones() -> None:
    for density in (-1.0, 0.0, 2.0):
        part = part_of(ChannelSet(0, density=density, polyphony=8))
        part.come_in(0)
        assert onset_bias(part)[[0, 24, 48]] == pytest.approx([0, -density, -2 * density])


def test_the_channel_of_the_drums_stays_percussion() -> None:
    drums, flute = part_of(ChannelSet(9, program=5)), part_of(ChannelSet(3, program=73))
    for part in (drums, flute):
        part.change_program(40)
    assert (drums.instrument, flute.instrument) == (PERCUSSION, 40)


def test_notes_follow_each_other_as_the_model_foresees() -> None:
    part = part_of()
    part.come_in(0)
    assert [choose(part, next_ticks=ticks) for ticks in (12, 24, 0)] == [0, 12, 36]
    assert choose(part, 64) == 36
    assert planned(part) == [(0, 60), (12, 60), (36, 60), (36, 64)]


def test_nothing_is_due_beyond_the_horizon_nor_without_the_word() -> None:
    part = part_of()
    assert not part.prepare(10**6)
    part.come_in(50)
    assert not part.prepare(49)
    assert part.prepare(50)


def test_a_rest_is_a_row_that_the_model_is_asked_about_before_it_goes_on() -> None:
    part = part_of()
    part.come_in(0)
    choose(part, next_ticks=None)
    assert (part.due, part.resting) == (WAIT_TICKS, True)
    part.prepare(10**6)
    rest = ask_to_foresee(part, 96)
    assert rest is not None
    assert rest.rows[:, 1].tolist() == [60, REST]
    reply(rest, Choice(60, 1, 1, 5))
    assert (part.due, part.resting) == (WAIT_TICKS + 5, False)


def test_a_full_chord_may_not_grow() -> None:
    part = part_of(ChannelSet(0, polyphony=2))
    part.come_in(0)
    assert onset_bias(part)[0] > FORBIDDEN
    choose(part, 60, 0)
    assert onset_bias(part)[0] < FORBIDDEN


def test_a_full_chord_of_the_musicians_may_not_grow_either() -> None:
    part = part_of(ChannelSet(0, polyphony=2))
    biases = []
    for pitch in (60, 64, 67):
        part.history.insert(Entry(0, pitch, 6, 100))
        ask = ask_to_foresee(part, 96)
        assert ask is not None
        biases.append(ask.onset_bias[0] < FORBIDDEN)
    assert biases == [False, True, True]


def test_a_note_gets_its_state_with_the_next_question() -> None:
    part = part_of()
    part.come_in(0)
    for notes in range(3):
        part.prepare(10**6)
        ask = ask_to_choose(part, 96)
        assert ask.rows[:, 1].tolist() == [60 if notes else REST, CHOOSE]
        assert ask.state[0, 0] == max(0, notes)
        reply(ask, Choice(60, 6, 100, 12))
    assert [entry.state is None for entry in part.history.entries] == [False, False, False, True]


def test_after_a_step_back_the_newest_row_that_is_left_is_heard_once_more() -> None:
    part = part_of()
    part.come_in(0)
    for _ in range(4):
        choose(part)
    part.withdraw(12)
    part.carry_on(0)
    ask = ask_to_choose(part, 96)
    assert (ask.tick, ask.ticks.tolist(), ask.state[0, 0]) == (24, [12, 24], 2)


def test_a_long_buffer_is_heard_bit_by_bit() -> None:
    part = part_of(notes=64)
    for i in range(50):
        part.history.insert(Entry(12 * i, 60, 6, 100))
    lengths, heard = [], 0
    while (ask := ask_to_foresee(part, 96)) is not None:
        lengths.append(len(ask.rows) - 1)
        assert ask.state[0, 0] == heard
        heard += lengths[-1]
        reply(ask, Choice(0, 1, 1, 18))
    assert (lengths, heard) == ([16, 16, 16, 2], 50)
    part.carry_on(0)
    assert part.due == 49 * 12 + 18


def test_the_model_is_told_what_the_part_played_a_bar_ago() -> None:
    part = part_of(notes=32)
    for i in range(8):
        part.history.insert(Entry(12 * i, 60 + i, 6, 100))
    hear_all(part)
    part.carry_on(0)
    part.prepare(10**6)
    ask = ask_to_choose(part, 96)
    assert (ask.tick, ask.echoes[0, 0], ask.echoes[1, 0]) == (96, 60, REST)


@pytest.mark.parametrize("pitch", [60, 59, 100])
def test_a_chord_that_has_no_room_left_ends(pitch: int) -> None:
    part = part_of(ChannelSet(0, highest=72))
    part.come_in(0)
    choose(part, 60, 0)
    choose(part, pitch, 0)
    assert planned(part) == [(0, 60)]
    assert part.due == 24


def test_what_is_overdue_keeps_its_place_in_the_beat() -> None:
    part = part_of()
    part.come_in(10)
    assert not part.skip_ahead(10)
    assert part.skip_ahead(11)
    assert part.due == 34
    part.skip_ahead(100)
    assert part.due == 106


def test_a_voice_that_rests_goes_on_resting_where_it_is_overdue() -> None:
    part = part_of()
    part.history.insert(Entry(0, 60, 6, 100))
    hear_all(part, None)
    part.carry_on(WAIT_TICKS + 30)
    assert (part.due, part.resting) == (WAIT_TICKS + 48, True)
    assert not part.skip_ahead(WAIT_TICKS + 50)
    for _ in range(2):  # first it hears that time has passed
        assert part.due == WAIT_TICKS + 72
        assert part.prepare(WAIT_TICKS + 72)
        hear_all(part, 6)
    assert (part.due, part.resting) == (WAIT_TICKS + 78, False)
    assert part.history.last is not None
    assert (part.history.last.tick, part.history.last.pitch) == (WAIT_TICKS + 72, REST)


def test_it_carries_on_where_the_buffer_ends() -> None:
    part = part_of()
    part.history.insert(Entry(0, 60, 6, 100))
    hear_all(part, 18)
    part.carry_on(0)
    assert part.due == 18


def test_it_carries_on_only_once_the_newest_note_is_heard() -> None:
    part = part_of()
    part.come_in(0)
    for _ in range(3):
        choose(part)
    part.history.insert(Entry(5, 72, 6, 100))
    part.withdraw(12)
    part.carry_on(6)
    assert part.adrift
    assert not part.prepare(10**6)
    assert not part.skip_ahead(10**6)
    hear_all(part, 7)
    part.carry_on(6)
    assert (part.due, part.adrift) == (12 + 7, False)


def test_who_has_to_be_quiet_does_not_carry_on() -> None:
    part = part_of()
    part.come_in(0)
    choose(part)
    part.history.insert(Entry(5, 72, 6, 100))
    part.carry_on(6)
    assert part.adrift
    part.be_quiet(6)
    assert not part.adrift


def test_it_comes_in_at_once_where_nothing_is_left_to_carry_on_from() -> None:
    part = part_of(notes=4)
    part.history.insert(Entry(0, 60, 6, 100))
    hear_all(part)
    part.carry_on(6)
    for _ in range(6):
        choose(part)
    part.be_quiet(6)
    assert part.history.last is None
    part.carry_on(20)
    assert part.due == 20
    assert choose(part) == 20


def test_without_the_word_there_is_no_plan_and_the_future_is_taken_back() -> None:
    part = part_of()
    part.come_in(0)
    for _ in range(4):
        choose(part)
    part.be_quiet(12)
    assert (part.due, part.plan) == (None, [])
    assert part.history.last is not None
    assert part.history.last.tick == 12


def test_what_is_committed_leaves_the_plan_and_stays_in_the_buffer() -> None:
    part = part_of()
    part.come_in(0)
    for _ in range(4):
        choose(part)
    assert [entry.tick for entry in part.commit(12)] == [0, 12]
    assert planned(part) == [(24, 60), (36, 60)]
    assert part.withdraw(24)
    assert planned(part) == [(24, 60)]
    assert [entry.tick for entry in part.history.entries if entry.pitch != REST] == [0, 12, 24]


def test_where_the_musician_got_first_the_model_plays_above() -> None:
    part = part_of()
    part.come_in(0)
    choose(part)
    part.history.insert(Entry(15, 64, 6, 100))
    part.prepare(10**6)
    hear_all(part)
    ask = ask_to_choose(part, 96)
    assert ask.tick == 15
    assert ask.rows[-1].tolist()[:2] == [0, CHOOSE]
    assert ask.rows[-1, 8] == 64


def test_a_note_that_is_repeated_again_and_again_becomes_less_likely() -> None:
    part = Part(ChannelSet(0), History(32, (1, 1)))
    scores = []
    for tick in range(0, 120, 12):
        part.come_in(tick)
        part.prepare(tick)
        hear_all(part)
        ask = ask_to_choose(part, 96)
        scores.append(float(ask.pitch_bias[60]))
        assert ask.pitch_bias[61] == 0
        reply(ask, Choice(60, 6, 90, 12))
    assert scores[:7] == [0] * 7
    assert scores[7:] == sorted(scores[7:], reverse=True)
    assert scores[-1] < scores[7] < 0
