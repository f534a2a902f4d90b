"""Which input leads the beat."""

from __future__ import annotations

from bollylive.clock.clock_source import ClockSource
from bollylive.clock.midi_follower import LOST_S
from bollylive.midi.messages import Continue, Event, NoteOn, Position, Start, Stop, Tick

CLOCK_MESSAGES: list[Event] = [Tick(), Start(), Continue(), Stop(), Position(0)]


def _all_pass(clock_source: ClockSource, port: int, now_s: float) -> bool:
    passed = {clock_source.passes(message, port, now_s) for message in CLOCK_MESSAGES[1:]}
    assert len(passed) == 1
    return passed.pop()


def test_who_ticks_first_leads_and_the_other_is_not_heard() -> None:
    clock_source = ClockSource()
    assert clock_source.passes(Tick(), 1, 0.0)
    assert not clock_source.passes(Tick(), 0, 0.01)
    assert not _all_pass(clock_source, 0, 0.02)
    assert _all_pass(clock_source, 1, 0.03)


def test_notes_always_pass() -> None:
    clock_source = ClockSource()
    clock_source.passes(Tick(), 1, 0.0)
    assert clock_source.passes(NoteOn(0, 60, 90), 0, 0.01)


def test_a_start_before_any_tick_passes_and_does_not_lead() -> None:
    clock_source = ClockSource()
    assert _all_pass(clock_source, 0, 0.0)
    assert clock_source.passes(Tick(), 1, 0.01)
    assert not clock_source.passes(Tick(), 0, 0.02)


def test_a_leader_that_is_silent_for_long_gives_the_lead_away_and_does_not_get_it_back() -> None:
    clock_source = ClockSource()
    clock_source.passes(Tick(), 0, 0.0)
    assert not clock_source.passes(Tick(), 1, LOST_S)
    assert clock_source.passes(Tick(), 1, LOST_S + 0.01)
    assert not clock_source.passes(Tick(), 0, LOST_S + 0.02)


def test_an_input_that_goes_leaves_the_lead_at_once() -> None:
    clock_source = ClockSource()
    clock_source.passes(Tick(), 0, 0.0)
    assert not clock_source.leave(1)
    assert not clock_source.passes(Tick(), 1, 0.01)
    assert clock_source.leave(0)
    assert clock_source.passes(Tick(), 1, 0.02)
