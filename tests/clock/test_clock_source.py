"""Which input leads the beat."""

from __future__ import annotations

from bollylive.clock.clock_source import ClockSource
from bollylive.clock.midi_follower import LOST_S
from bollylive.midi.messages import Continue, Event, NoteOn, Position, Start, Stop, Tick

CLOCK_WORDS: list[Event] = [Tick(), Start(), Continue(), Stop(), Position(0)]


def _all_pass(conductor: ClockSource, port: int, now_s: float) -> bool:
    passed = {conductor.passes(word, port, now_s) for word in CLOCK_WORDS[1:]}
    assert len(passed) == 1
    return passed.pop()


def test_who_ticks_first_leads_and_the_other_is_not_heard() -> None:
    conductor = ClockSource()
    assert conductor.passes(Tick(), 1, 0.0)
    assert not conductor.passes(Tick(), 0, 0.01)
    assert not _all_pass(conductor, 0, 0.02)
    assert _all_pass(conductor, 1, 0.03)


def test_notes_always_pass() -> None:
    conductor = ClockSource()
    conductor.passes(Tick(), 1, 0.0)
    assert conductor.passes(NoteOn(0, 60, 90), 0, 0.01)


def test_a_start_before_any_tick_passes_and_does_not_lead() -> None:
    conductor = ClockSource()
    assert _all_pass(conductor, 0, 0.0)
    assert conductor.passes(Tick(), 1, 0.01)
    assert not conductor.passes(Tick(), 0, 0.02)


def test_a_leader_that_is_silent_for_long_gives_the_lead_away_and_does_not_get_it_back() -> None:
    conductor = ClockSource()
    conductor.passes(Tick(), 0, 0.0)
    assert not conductor.passes(Tick(), 1, LOST_S)
    assert conductor.passes(Tick(), 1, LOST_S + 0.01)
    assert not conductor.passes(Tick(), 0, LOST_S + 0.02)


def test_an_input_that_goes_leaves_the_lead_at_once() -> None:
    conductor = ClockSource()
    conductor.passes(Tick(), 0, 0.0)
    conductor.leave(1)
    assert not conductor.passes(Tick(), 1, 0.01)
    conductor.leave(0)
    assert conductor.passes(Tick(), 1, 0.02)
