"""One channel of the band."""

from __future__ import annotations

from answering import CYCLE, choose, hear_all, part_of, planned, reply

from bollylive.engine.history import Entry
from bollylive.engine.model_query import ask_to_foresee
from bollylive.engine.variations import Score
from bollylive.model import codec
from bollylive.model.codec import PERCUSSION, REST, WAIT_TICKS, Choice
from bollylive.sets.band import ChannelSet


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
    rest = ask_to_foresee(part, CYCLE)
    assert rest is not None
    assert rest.rows[:, codec.PITCH].tolist() == [60, REST]
    reply(rest, Choice(60, 1, 1, 5))
    assert (part.due, part.resting) == (WAIT_TICKS + 5, False)


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


def test_a_score_is_planned_as_it_stands_before_the_model_chooses_again() -> None:
    part = part_of()
    part.play(Score([Entry(0, 60, 6, 100, True), Entry(12, 62, 6, 100, True)], 36))
    assert not part.prepares
    assert [note.pitch for note in part.read(0, 11)] == [60]
    assert part.due == 12
    part.read(0, 12)
    assert planned(part) == [(0, 60), (12, 62)]
    assert part.adrift
    hear_all(part, 6)
    part.carry_on(0)
    assert part.due == 36
    assert choose(part) == 36


def test_what_a_score_has_for_after_the_turn_is_not_planned() -> None:
    part = part_of()
    part.play(Score([Entry(0, 60), Entry(12, 62)], 24))
    part.until = 12
    part.read(0, 100)
    assert planned(part) == [(0, 60)]


def test_only_what_a_score_has_before_the_end_waits_to_be_read() -> None:
    part = part_of()
    assert part.next_page is None
    part.play(Score([Entry(30, 60)], 48))
    assert part.next_page == 30
    part.until = 31
    assert part.next_page == 30
    part.until = 30
    assert part.next_page is None


def test_who_has_to_be_quiet_puts_the_score_away() -> None:
    part = part_of()
    part.play(Score([Entry(0, 60)], 24))
    part.be_quiet(0)
    assert not part.score
    part.come_in(6)
    assert choose(part) == 6
