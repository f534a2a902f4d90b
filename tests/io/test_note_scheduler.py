"""Planned notes and the ledger: every on gets exactly one off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.io.note_scheduler import Scheduler
from bollylive.midi.messages import Note, NoteOff, NoteOn, Player

BEAT_S = 0.5


def note(onset: float, duration: float | None = 1.0, pitch: int = 60, channel: int = 0) -> Note:
    return Note(channel, pitch, 100, onset, duration)


def sent(scheduler: Scheduler, beat: float) -> list[NoteOn | NoteOff]:
    return [event for event, _, _ in scheduler.due(beat, BEAT_S)]


ON, OFF = NoteOn(0, 60, 100), NoteOff(0, 60)


def test_a_planned_note_begins_and_ends_when_due() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(1.0))
    assert sent(scheduler, 0.99) == []
    assert scheduler.next_beat() == 1.0
    assert list(scheduler.due(1.01, BEAT_S)) == [(ON, "model", 1.0)]
    assert list(scheduler.due(2.0, BEAT_S)) == [(OFF, "model", 2.0)]
    assert scheduler.next_beat() is None


def test_at_the_same_beat_offs_go_first_and_ons_keep_their_order() -> None:
    scheduler = Scheduler()
    for planned in (note(1.0), note(2.0), note(2.0, pitch=50), note(2.0, pitch=40)):
        scheduler.plan(planned)
    sent(scheduler, 1.0)
    assert sent(scheduler, 2.0) == [OFF, ON, NoteOn(0, 50, 100), NoteOn(0, 40, 100)]


def test_a_repeated_pitch_is_ended_first_and_the_earlier_off_is_swallowed() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, 2.0))
    scheduler.plan(note(1.0, 3.0))
    sent(scheduler, 0.0)
    assert sent(scheduler, 1.0) == [OFF, ON]
    assert sent(scheduler, 3.0) == []
    assert sent(scheduler, 4.0) == [OFF]


def test_a_note_that_is_a_little_late_is_still_played() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(1.0))
    assert sent(scheduler, 1.0 + 0.049 / BEAT_S) == [ON]


def test_a_note_that_is_too_late_is_dropped_with_its_off() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(1.0))
    assert sent(scheduler, 1.0 + 0.051 / BEAT_S) == []
    assert sent(scheduler, 9.0) == []
    assert scheduler.dropped_late == 1


def test_a_note_that_was_to_leave_early_is_late_only_after_its_own_time() -> None:
    scheduler = Scheduler()
    for onset in (1.0, 2.0):
        scheduler.plan(note(onset, 0.5), early_beats=0.4)
    assert sent(scheduler, 1.0) == [ON]
    assert sent(scheduler, 1.49) == []
    assert sent(scheduler, 1.5) == [OFF]
    assert sent(scheduler, 2.4 + 0.049 / BEAT_S) == [ON]
    assert sent(scheduler, 2.89) == []
    assert sent(scheduler, 2.9) == [OFF]
    scheduler.plan(note(4.0), early_beats=0.4)
    assert sent(scheduler, 4.4 + 0.051 / BEAT_S) == []


def test_an_off_is_sent_however_late() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(1.0))
    sent(scheduler, 1.0)
    assert sent(scheduler, 100.0) == [OFF]


@pytest.mark.parametrize("duration", [0.0, -1.0])
def test_a_note_without_length_still_begins_before_it_ends(duration: float) -> None:
    scheduler = Scheduler()
    scheduler.plan(note(1.0, duration))
    assert sent(scheduler, 1.05) == [ON, OFF]


def test_a_note_without_a_duration_sounds_until_it_is_released() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(1.0, None))
    assert sent(scheduler, 1.0) == [ON]
    assert sent(scheduler, 99.0) == []
    assert scheduler.release(0) == [(OFF, "model")]


def test_the_musician_takes_a_pitch_from_the_model() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(1.0))
    sent(scheduler, 1.0)
    assert scheduler.press(NoteOn(0, 60, 90)) == [(OFF, "model"), (NoteOn(0, 60, 90), "musician")]
    assert sent(scheduler, 2.0) == []
    assert scheduler.lift(NoteOff(0, 60, 10)) == [(NoteOff(0, 60, 10), "musician")]


def test_the_model_never_takes_a_pitch_from_the_musician() -> None:
    scheduler = Scheduler()
    scheduler.press(ON)
    scheduler.plan(note(1.0))
    assert sent(scheduler, 5.0) == []
    assert scheduler.dropped_late == 1
    scheduler.plan(note(5.0))
    assert sent(scheduler, 5.0) == []
    assert scheduler.dropped_held == 1
    assert scheduler.lift(OFF) == [(OFF, "musician")]


def test_orphan_offs_are_swallowed() -> None:
    scheduler = Scheduler()
    assert scheduler.lift(OFF) == []
    scheduler.plan(note(0.0))
    sent(scheduler, 0.0)
    assert scheduler.lift(OFF) == []
    assert sent(scheduler, 1.0) == [OFF]


def test_a_release_ends_and_forgets_the_model_on_one_channel_only() -> None:
    scheduler = Scheduler()
    for planned in (note(0.0), note(3.0), note(0.0, channel=1), note(3.0, channel=1)):
        scheduler.plan(planned)
    sent(scheduler, 0.0)
    scheduler.press(NoteOn(0, 61, 1))
    assert scheduler.release(0, "model") == [(OFF, "model")]
    assert sent(scheduler, 1.0) == [NoteOff(1, 60)]
    assert sent(scheduler, 3.0) == [NoteOn(1, 60, 100)]
    assert scheduler.release(0, "musician") == [(NoteOff(0, 61), "musician")]


def test_a_fade_shortens_what_sounds_and_forgets_what_has_not_begun() -> None:
    scheduler = Scheduler()
    for planned in (note(0.0, 5.0), note(0.0, 0.6, 64), note(0.0, 5.0, channel=1), note(0.8)):
        scheduler.plan(planned)
    sent(scheduler, 0.0)
    scheduler.fade(0, 0.75)
    assert sent(scheduler, 0.7) == [NoteOff(0, 64)]
    assert list(scheduler.due(1.0, BEAT_S)) == [(OFF, "model", 0.75)]
    assert sent(scheduler, 9.0) == [NoteOff(1, 60)]


def test_the_musician_takes_a_pitch_that_fades_and_keeps_it() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, 5.0))
    sent(scheduler, 0.0)
    scheduler.fade(0, 0.5)
    assert [event for event, _ in scheduler.press(ON)] == [OFF, ON]
    assert sent(scheduler, 9.0) == []


def test_a_release_of_the_musician_leaves_the_plan() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(1.0))
    scheduler.press(ON)
    assert scheduler.release(None, "musician") == [(OFF, "musician")]
    assert sent(scheduler, 1.0) == [ON]


def moved(scheduler: Scheduler, beat: float, to: int | None, pitch: int = 60, duration: float = 9.0) -> None:
    """Plan that a note moves from a pitch to another; None: it ends."""
    scheduler.move(note(beat, None, pitch), None if to is None else note(beat, duration, to))


def test_a_note_that_moves_ends_where_its_successor_begins_and_lasts_no_longer() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, 4.0))
    moved(scheduler, 1.0, 62)
    assert sent(scheduler, 0.0) == [ON]
    assert sent(scheduler, 0.99) == []
    assert list(scheduler.due(1.0, BEAT_S)) == [(OFF, "model", 1.0), (NoteOn(0, 62, 100), "model", 1.0)]
    assert sent(scheduler, 3.99) == []
    assert list(scheduler.due(9.0, BEAT_S)) == [(NoteOff(0, 62), "model", 4.0)]
    assert scheduler.next_beat() is None


def test_a_successor_is_as_short_as_it_was_asked_to_be_and_never_louder_than_the_note_before() -> None:
    scheduler = Scheduler()
    scheduler.plan(Note(0, 60, 70, 0.0, 4.0))
    scheduler.plan(Note(0, 64, 70, 0.0, 4.0))
    scheduler.move(note(1.0, None, 60), Note(0, 62, 90, 1.0, 0.5))
    scheduler.move(note(1.0, None, 64), Note(0, 65, 50, 1.0, 0.5))
    sent(scheduler, 0.0)
    assert sent(scheduler, 1.0) == [OFF, NoteOff(0, 64), NoteOn(0, 62, 70), NoteOn(0, 65, 50)]
    assert sent(scheduler, 1.5) == [NoteOff(0, 62), NoteOff(0, 65)]


def test_a_note_that_is_let_go_ends_and_nothing_begins() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, None))
    moved(scheduler, 1.0, None)
    sent(scheduler, 0.0)
    assert sent(scheduler, 1.0) == [OFF]
    assert scheduler.sounding == 0
    assert scheduler.next_beat() is None


def test_a_note_without_a_duration_moves_into_one_that_is_released() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, None))
    scheduler.move(note(1.0, None), note(1.0, None, 62))
    assert sent(scheduler, 0.0) == [ON]
    assert sent(scheduler, 1.0) == [OFF, NoteOn(0, 62, 100)]
    assert sent(scheduler, 99.0) == []
    assert scheduler.release() == [(NoteOff(0, 62), "model")]


def test_a_move_of_a_note_that_has_ended_or_never_began_begins_nothing() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, 1.0))
    moved(scheduler, 1.0, 62)  # at its end
    moved(scheduler, 2.0, 62)  # after it
    moved(scheduler, 2.0, 62, pitch=50)
    assert sent(scheduler, 0.0) == [ON]
    assert sent(scheduler, 9.0) == [OFF]


def test_the_second_move_of_a_note_does_nothing_and_its_successor_can_move_in_turn() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, 9.0))
    for beat, to, pitch in ((1.0, 62, 60), (1.0, 65, 60), (2.0, 67, 60), (3.0, 64, 62)):
        moved(scheduler, beat, to, pitch)
    sent(scheduler, 0.0)
    assert sent(scheduler, 1.0) == [OFF, NoteOn(0, 62, 100)]
    assert sent(scheduler, 2.0) == []
    assert sent(scheduler, 3.0) == [NoteOff(0, 62), NoteOn(0, 64, 100)]
    assert sent(scheduler, 9.0) == [NoteOff(0, 64)]


def test_a_note_that_is_struck_again_at_the_beat_of_a_move_or_after_it_is_another_note() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, 9.0))
    scheduler.plan(note(1.0, 2.0))
    sent(scheduler, 0.0)
    sent(scheduler, 1.01)
    moved(scheduler, 1.0, 62)  # too late: the note that it meant has ended, and this one began at its beat
    assert sent(scheduler, 1.02) == []
    assert sent(scheduler, 9.0) == [OFF]


def test_two_notes_may_swap_and_a_whole_chord_may_step_up() -> None:
    scheduler = Scheduler()
    for pitch in (60, 62):
        scheduler.plan(note(0.0, 4.0, pitch))
    moved(scheduler, 1.0, 62, 60)
    moved(scheduler, 1.0, 60, 62)
    moved(scheduler, 2.0, 62, 60)
    moved(scheduler, 2.0, 64, 62)
    sent(scheduler, 0.0)
    assert sent(scheduler, 1.0) == [OFF, NoteOff(0, 62), NoteOn(0, 62, 100), NoteOn(0, 60, 100)]
    assert sent(scheduler, 2.0) == [OFF, NoteOff(0, 62), NoteOn(0, 62, 100), NoteOn(0, 64, 100)]


def test_a_successor_strikes_no_key_that_sounds() -> None:
    scheduler = Scheduler()
    for planned in (note(0.0, 4.0, 60), note(0.0, 4.0, 62), note(0.0, 4.0, 64), note(1.0, 2.0, 65)):
        scheduler.plan(planned)
    scheduler.press(NoteOn(0, 67, 90))
    for pitch, to in ((60, 64), (62, 67)):  # the model's own, and the musician's
        moved(scheduler, 1.0, to, pitch)
    moved(scheduler, 2.0, 65, 64)
    sent(scheduler, 0.0)
    assert sent(scheduler, 1.0) == [OFF, NoteOff(0, 62), NoteOn(0, 65, 100)]
    assert scheduler.dropped_held == 1
    assert sent(scheduler, 2.0) == [NoteOff(0, 64)]
    assert sent(scheduler, 9.0) == [NoteOff(0, 65)]


def test_the_musician_takes_a_note_that_was_to_move_and_keeps_it() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, 4.0))
    moved(scheduler, 1.0, 62)
    sent(scheduler, 0.0)
    scheduler.press(ON)
    assert sent(scheduler, 9.0) == []
    assert scheduler.lift(OFF) == [(OFF, "musician")]


@pytest.mark.parametrize("fades", [False, True])
def test_a_channel_that_is_released_or_fades_moves_no_more(fades: bool) -> None:
    scheduler = Scheduler()
    for channel in (0, 1):
        scheduler.plan(note(0.0, 4.0, channel=channel))
        scheduler.move(note(1.0, None, channel=channel), note(1.0, 3.0, 62, channel))
    sent(scheduler, 0.0)
    if fades:
        scheduler.fade(0, 0.5)
    else:
        assert scheduler.release(0, "model") == [(OFF, "model")]
    assert sent(scheduler, 0.5) == ([OFF] if fades else [])
    assert sent(scheduler, 1.0) == [NoteOff(1, 60), NoteOn(1, 62, 100)]


def test_a_move_that_comes_while_a_note_fades_lasts_no_longer_than_the_fade() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, 4.0))
    sent(scheduler, 0.0)
    scheduler.fade(0, 0.5)
    moved(scheduler, 0.25, 62)
    assert sent(scheduler, 0.25) == [OFF, NoteOn(0, 62, 100)]
    assert sent(scheduler, 0.5) == [NoteOff(0, 62)]


def test_a_move_that_comes_too_late_still_ends_its_note() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, 4.0))
    sent(scheduler, 0.0)
    moved(scheduler, 1.0, 62)
    assert sent(scheduler, 1.0 + 0.051 / BEAT_S) == [OFF]
    assert scheduler.dropped_late == 1
    assert sent(scheduler, 9.0) == []


def test_on_a_channel_whose_notes_leave_early_moves_do_too() -> None:
    scheduler = Scheduler()
    scheduler.plan(note(0.0, 4.0), early_beats=0.4)
    scheduler.move(note(1.0, None), note(1.0, 3.0, 62), early_beats=0.4)
    sent(scheduler, 0.0)
    assert sent(scheduler, 1.0 + 0.39) == [OFF, NoteOn(0, 62, 100)]


PITCH, CHANNEL = st.integers(60, 62), st.integers(0, 1)
BEATS = st.floats(0, 4) | st.sampled_from([0.0, 1.0, 2.0])
MOST_EARLY = 1.0
STEPS = st.one_of(
    st.tuples(
        st.just("plan"), CHANNEL, PITCH, BEATS, st.none() | st.floats(-1, 2), st.sampled_from([0.0, 0.2, MOST_EARLY])
    ),
    st.tuples(st.just("move"), CHANNEL, PITCH, BEATS, st.none() | st.floats(-1, 2), st.none() | PITCH),
    st.tuples(st.just("press"), CHANNEL, PITCH),
    st.tuples(st.just("lift"), CHANNEL, PITCH),
    st.tuples(st.just("due"), st.floats(0, 0.5)),
    st.tuples(st.just("fade"), CHANNEL, st.floats(0, 1)),
    st.tuples(st.just("release"), st.none() | CHANNEL, st.sampled_from([None, "model", "musician"])),
)


def ask(
    scheduler: Scheduler,
    name: str,
    beat: float,
    channel: int,
    pitch: int,
    ahead: float,
    duration: float | None,
    other: float | None,
) -> None:
    """Plan a note that leaves `other` beats early, or a move to the pitch `other`; None: to nothing."""
    at_beat = beat + ahead - 0.5
    if name == "plan":
        scheduler.plan(note(at_beat, duration, pitch, channel), other or 0.0)
    else:
        successor = None if other is None else note(at_beat, duration, int(other), channel)
        scheduler.move(note(at_beat, None, pitch, channel), successor)


@given(st.lists(STEPS, max_size=60))
def test_every_on_gets_exactly_one_off_and_nothing_is_left(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    scheduler = Scheduler()
    beat = 0.0
    sounding: dict[tuple[int, int], Player] = {}

    def leave(event: NoteOn | NoteOff, by: Player) -> None:
        key = (event.channel, event.pitch)
        if isinstance(event, NoteOn):
            assert key not in sounding
            sounding[key] = by
        else:
            assert sounding.pop(key) == by

    for name, *args in steps:
        if name in ("plan", "move"):
            ask(scheduler, name, beat, *args)
        elif name == "press":
            channel, pitch = args
            for event, by in scheduler.press(NoteOn(channel, pitch, 90)):
                leave(event, by)
            assert sounding[channel, pitch] == "musician"
        elif name == "lift":
            channel, pitch = args
            for event, by in scheduler.lift(NoteOff(channel, pitch)):
                leave(event, by)
            assert sounding.get((channel, pitch)) != "musician"
        elif name == "fade":
            scheduler.fade(args[0], beat + args[1])
        elif name == "release":
            for event, by in scheduler.release(*args):
                leave(event, by)
        else:
            beat += args[0]
            for event, by, due_beat in scheduler.due(beat, BEAT_S):
                assert due_beat <= beat
                assert isinstance(event, NoteOff) or (beat - due_beat - MOST_EARLY) * BEAT_S <= scheduler.late_bound_s
                leave(event, by)
            assert (scheduler.next_beat() or beat) >= beat
    for event, by in scheduler.release():
        leave(event, by)
    assert not sounding
    assert scheduler.next_beat() is None
