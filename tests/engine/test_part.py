"""One channel of the band."""

from __future__ import annotations

from answering import BARS, choose, part_of, planned, process_all, reply

from bollylive.engine.history import Entry
from bollylive.engine.model_query import query_next_onset
from bollylive.engine.part import Part
from bollylive.engine.part_state import Step
from bollylive.engine.variations import NoteQueue
from bollylive.model.codec import PERCUSSION, REST, WAIT_TICKS, Choice
from bollylive.sets.settings import ChannelSet


def step_of(part: Part) -> tuple[int, Step]:
    assert part.playing is not None
    return part.playing.due_tick, part.playing.step


def queue(part: Part, *notes: tuple[int, int], then_tick: int) -> None:
    """Let the part play some notes (tick, pitch) before the model chooses."""
    part.enter(0)
    part.play(NoteQueue([Entry(tick, pitch, 6, 100, True) for tick, pitch in notes], then_tick))


def test_the_channel_of_the_drums_stays_percussion() -> None:
    drums, flute = part_of(ChannelSet(9, program=5)), part_of(ChannelSet(3, program=73))
    for part in (drums, flute):
        part.change_program(40)
    assert (drums.instrument, flute.instrument) == (PERCUSSION, 40)


def test_notes_follow_each_other_as_the_model_foresees() -> None:
    part = part_of()
    part.enter(0)
    assert [choose(part, next_ticks=ticks) for ticks in (12, 24, 0)] == [0, 12, 36]
    assert choose(part, 64) == 36
    assert planned(part) == [(0, 60), (12, 60), (36, 60), (36, 64)]


def test_nothing_is_due_beyond_the_horizon_nor_in_silence() -> None:
    part = part_of()
    assert not part.prepare(10**6)
    part.enter(50)
    assert not part.prepare(49)
    assert part.prepare(50)


def test_a_rest_is_a_row_about_which_the_model_is_queried_before_it_goes_on() -> None:
    part = part_of()
    part.enter(0)
    choose(part, next_ticks=None)
    assert step_of(part) == (WAIT_TICKS, Step.REST)
    part.prepare(10**6)
    rest = query_next_onset(part, BARS)
    assert rest is not None
    assert rest.rows[:, 1].tolist() == [60, REST]
    reply(rest, Choice(60, 1, 1, 5))
    assert step_of(part) == (WAIT_TICKS + 5, Step.NOTE)


def test_an_overdue_note_keeps_its_place_in_the_beat() -> None:
    part = part_of()
    part.enter(10)
    assert part.playing is not None
    assert not part.playing.skip_ahead(10)
    assert part.playing.skip_ahead(11)
    assert part.due_tick == 34
    part.playing.skip_ahead(100)
    assert part.due_tick == 106


def test_a_voice_that_rests_goes_on_resting_where_it_is_overdue() -> None:
    part = part_of()
    part.history.insert(Entry(0, 60, 6, 100))
    process_all(part, None)
    part.enter(0)
    part.resume(WAIT_TICKS + 30)
    assert step_of(part) == (WAIT_TICKS + 48, Step.REST)
    assert part.playing is not None
    assert not part.playing.skip_ahead(WAIT_TICKS + 50)
    for _ in range(2):  # first it hears that time has passed
        assert part.due_tick == WAIT_TICKS + 72
        assert part.prepare(WAIT_TICKS + 72)
        process_all(part, 6)
    assert step_of(part) == (WAIT_TICKS + 78, Step.NOTE)
    assert part.history.last is not None
    assert (part.history.last.tick, part.history.last.pitch) == (WAIT_TICKS + 72, REST)


def test_it_resumes_where_the_buffer_ends() -> None:
    part = part_of()
    part.history.insert(Entry(0, 60, 6, 100))
    process_all(part, 18)
    part.enter(0)
    part.resume(0)
    assert part.due_tick == 18


def test_it_resumes_only_once_the_newest_note_is_processed() -> None:
    part = part_of()
    part.enter(0)
    for _ in range(3):
        choose(part)
    part.history.insert(Entry(5, 72, 6, 100))
    part.withdraw(12)
    part.resume(6)
    assert part.playing is not None
    assert part.due_is_stale
    assert not part.prepare(10**6)
    assert not part.playing.skip_ahead(10**6)
    process_all(part, 7)
    part.resume(6)
    assert step_of(part) == (12 + 7, Step.NOTE)


def test_a_silenced_part_does_not_resume() -> None:
    part = part_of()
    part.enter(0)
    choose(part)
    part.history.insert(Entry(5, 72, 6, 100))
    part.resume(6)
    assert part.due_is_stale
    part.silence(6)
    part.resume(6)
    assert not part.is_playing
    assert not part.due_is_stale


def test_it_enters_at_once_where_nothing_is_left_to_resume_from() -> None:
    part = part_of(notes=4)
    part.history.insert(Entry(0, 60, 6, 100))
    process_all(part)
    part.enter(0)
    part.resume(6)
    for _ in range(6):
        choose(part)
    part.withdraw(6)
    assert part.history.last is None
    part.resume(20)
    assert part.due_tick == 20
    assert choose(part) == 20


def test_a_part_that_was_to_enter_later_still_does_where_nothing_is_left_to_resume_from() -> None:
    part = part_of()
    part.enter(48)
    choose(part)
    part.withdraw(0)
    part.resume(20)
    assert part.due_tick == 48


def test_a_silenced_part_has_no_plan_and_its_future_is_withdrawn() -> None:
    part = part_of()
    part.enter(0)
    for _ in range(4):
        choose(part)
    part.silence(12)
    assert (part.playing, part.plan) == (None, [])
    assert part.history.last is not None
    assert part.history.last.tick == 12


def test_a_committed_note_leaves_the_plan_and_stays_in_the_buffer() -> None:
    part = part_of()
    part.enter(0)
    for _ in range(4):
        choose(part)
    assert [entry.tick for entry in part.commit(12)] == [0, 12]
    assert planned(part) == [(24, 60), (36, 60)]
    assert part.withdraw(24)
    assert planned(part) == [(24, 60)]
    assert [entry.tick for entry in part.history.entries if entry.pitch != REST] == [0, 12, 24]


def test_queued_notes_are_planned_as_they_are_before_the_model_chooses_again() -> None:
    part = part_of()
    queue(part, (0, 60), (12, 62), then_tick=36)
    assert not part.needs_model
    assert [note.pitch for note in part.plan_queued(0, 11)] == [60]
    assert step_of(part) == (12, Step.QUEUED)
    part.plan_queued(0, 12)
    assert planned(part) == [(0, 60), (12, 62)]
    assert part.due_is_stale
    process_all(part, 6)
    part.resume(0)
    assert part.due_tick == 36
    assert choose(part) == 36


def test_queued_notes_after_the_end_of_the_turn_are_not_planned() -> None:
    part = part_of()
    queue(part, (0, 60), (12, 62), then_tick=24)
    assert part.playing is not None
    part.playing.until_tick = 12
    part.plan_queued(0, 100)
    assert planned(part) == [(0, 60)]


def test_only_queued_notes_before_the_end_of_the_turn_are_waited_for() -> None:
    part = part_of()
    queue(part, (30, 60), then_tick=48)
    assert part.playing is not None
    assert part.playing.next_queued_tick == 30
    part.playing.until_tick = 31
    assert part.playing.next_queued_tick == 30
    part.playing.until_tick = 30
    assert part.playing.next_queued_tick is None


def test_a_silenced_part_forgets_its_queue() -> None:
    part = part_of()
    queue(part, (0, 60), then_tick=24)
    part.silence(0)
    part.enter(6)
    assert step_of(part) == (6, Step.NOTE)
    assert choose(part) == 6
