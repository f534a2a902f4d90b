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


PITCH, CHANNEL = st.integers(60, 62), st.integers(0, 1)
BEATS = st.floats(0, 4) | st.sampled_from([0.0, 1.0, 2.0])
MOST_EARLY = 1.0
STEPS = st.one_of(
    st.tuples(
        st.just("plan"), CHANNEL, PITCH, BEATS, st.none() | st.floats(-1, 2), st.sampled_from([0.0, 0.2, MOST_EARLY])
    ),
    st.tuples(st.just("press"), CHANNEL, PITCH),
    st.tuples(st.just("lift"), CHANNEL, PITCH),
    st.tuples(st.just("due"), st.floats(0, 0.5)),
    st.tuples(st.just("fade"), CHANNEL, st.floats(0, 1)),
    st.tuples(st.just("release"), st.none() | CHANNEL, st.sampled_from([None, "model", "musician"])),
)


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
        if name == "plan":
            channel, pitch, ahead, duration, early = args
            scheduler.plan(note(beat + ahead - 0.5, duration, pitch, channel), early)
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
