"""Notes that an earlier relay left sounding."""

from __future__ import annotations

from bollylive.hanging_notes import HangingNotes
from bollylive.note import Event, NoteOff, NoteOn, Player
from bollylive.scheduler import Scheduler

LEFT: tuple[tuple[int, int, Player], ...] = ((0, 64, "musician"), (1, 40, "model"))


def ended(hanging: HangingNotes, now_s: float) -> list[Event]:
    return [event for event, _ in hanging.end(now_s)]


def test_who_inherits_nothing_ends_nothing() -> None:
    assert HangingNotes(Scheduler()).end(0.0) == []


def test_they_are_ended_at_once_and_in_the_name_of_who_played_them() -> None:
    hanging = HangingNotes(Scheduler())
    hanging.inherit(LEFT, 7.0)
    assert hanging.end(7.0) == [(NoteOff(0, 64), "musician"), (NoteOff(1, 40), "model")]
    assert hanging.end(7.0) == []


def test_they_are_ended_again_while_who_listens_may_be_joining() -> None:
    hanging = HangingNotes(Scheduler())
    hanging.inherit(LEFT, 7.0)
    told_s = [step / 10 for step in range(70, 170) if hanging.end(step / 10)]
    assert told_s == [7.0, 7.5, 8.5, 11.0]


def test_one_that_is_struck_anew_is_left_alone() -> None:
    scheduler = Scheduler()
    hanging = HangingNotes(scheduler)
    hanging.inherit(LEFT, 0.0)
    hanging.end(0.0)
    scheduler.press(NoteOn(0, 64, 90))
    assert ended(hanging, 0.5) == [NoteOff(1, 40)]
    scheduler.lift(NoteOff(0, 64))
    assert ended(hanging, 1.5) == [NoteOff(0, 64), NoteOff(1, 40)]
