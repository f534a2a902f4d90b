"""What comes back through a loop is no music; what the musician plays is, however like it."""

from __future__ import annotations

import random

import pytest

from bollylive.io.feedback_filter import WINDOW_S, FeedbackFilter
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Program, Raw, Tick
from bollylive.midi.parser import state_key

ON, OFF = NoteOn(1, 60, 90), NoteOff(1, 60)


def leave(feedback_filter: FeedbackFilter, event: Event, at_s: float) -> None:
    feedback_filter.sent.append((at_s, state_key(event), event))


def returns(feedback_filter: FeedbackFilter, event: Event, at_s: float) -> bool:
    return feedback_filter.returns(event, state_key(event), at_s)


class Loop:
    """A filter, and a cable that brings back after `latency_s` what has left: the musician's playing passes."""

    def __init__(self, latency_s: float) -> None:
        self.filter = FeedbackFilter()
        self.heard: list[tuple[float, Event]] = []
        self._latency_s = latency_s
        self._under_way: list[tuple[float, Event]] = []

    def band(self, event: Event, at_s: float) -> None:
        self.advance(at_s)
        self._send(event, at_s)

    def play(self, event: Event, at_s: float) -> None:
        self.advance(at_s)
        self._come(event, at_s)

    def advance(self, until_s: float) -> None:
        while self._under_way and self._under_way[0][0] <= until_s:
            at_s, event = self._under_way.pop(0)
            self._come(event, at_s)

    def _come(self, event: Event, at_s: float) -> None:
        if not returns(self.filter, event, at_s):
            self.heard.append((at_s, event))
            self._send(event, at_s)

    def _send(self, event: Event, at_s: float) -> None:
        leave(self.filter, event, at_s)
        self._under_way.append((at_s + self._latency_s, event))


@pytest.mark.parametrize("event", [ON, Program(0, 5), Control(0, 7, 9), Raw(b"\xe0\x01\x02"), Raw(b"\xf0\x01\xf7")])
def test_what_has_just_left_is_filtered_once(event: Event) -> None:
    feedback_filter = FeedbackFilter()
    leave(feedback_filter, event, 1.0)
    assert returns(feedback_filter, event, 0.999 + WINDOW_S)
    assert not returns(feedback_filter, event, 0.999 + WINDOW_S)


@pytest.mark.parametrize("event", [NoteOn(1, 60, 91), NoteOn(1, 61, 90), NoteOn(0, 60, 90), NoteOff(1, 61), Tick()])
def test_what_differs_is_the_musicians(event: Event) -> None:
    feedback_filter = FeedbackFilter()
    leave(feedback_filter, ON, 1.0)
    assert not returns(feedback_filter, event, 1.01)


def test_what_comes_later_is_the_musicians() -> None:
    feedback_filter = FeedbackFilter()
    leave(feedback_filter, ON, 1.0)
    assert not returns(feedback_filter, ON, 1.001 + WINDOW_S)


@pytest.mark.parametrize("gap_s", [0.008, 0.02, 0.03, 0.06, 0.1])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_musician_who_repeats_a_note_fast_is_heard_every_time(gap_s: float, share: float) -> None:
    feedback_filter = FeedbackFilter()
    for i in range(200):
        for event, at_s in ((ON, i * gap_s), (OFF, (i + share) * gap_s)):
            assert not returns(feedback_filter, event, at_s)
            leave(feedback_filter, event, at_s)  # thru
    assert feedback_filter.echoes == 0


@pytest.mark.parametrize("latency_s", [0.0, 0.003, 0.02, 0.045])
def test_nothing_of_the_band_is_heard_in_a_loop(latency_s: float) -> None:
    loop = Loop(latency_s)
    for i in range(100):
        loop.band(NoteOn(1, 60 + i % 3, 80 + i % 5), i * 0.1)
        loop.band(NoteOff(1, 60 + i % 3), i * 0.1 + 0.06)
    loop.advance(99.0)
    assert loop.heard == []
    assert loop.filter.echoes == 100
    assert loop.filter.take_problem() is not None
    assert loop.filter.take_problem() is None


@pytest.mark.parametrize("latency_s", [0.003, 0.02, 0.045])
@pytest.mark.parametrize("length_s", [0.002, 0.03, 0.2])
def test_the_musician_is_heard_once_in_a_loop(latency_s: float, length_s: float) -> None:
    loop = Loop(latency_s)
    loop.band(ON, 0.5)  # by this the loop is known
    loop.band(OFF, 0.9)
    played: list[Event] = []
    for i in range(50):
        for event, at_s in ((NoteOn(1, 64, 100), 1 + i * 0.25), (NoteOff(1, 64), 1 + i * 0.25 + length_s)):
            loop.play(event, at_s)
            played.append(event)
    loop.advance(99.0)
    assert [event for _, event in loop.heard] == played


def test_a_wheel_that_turns_is_heard_once_in_a_loop() -> None:
    loop = Loop(0.02)
    loop.band(ON, 0.5)
    played: list[Event] = [Control(1, 1, 64 + (i % 7)) for i in range(300)]
    for i, event in enumerate(played):
        loop.play(event, 0.53 + i * 0.005)
    loop.advance(99.0)
    assert [event for _, event in loop.heard] == played


def test_a_key_that_the_musician_takes_from_the_band_in_a_loop_is_held_until_they_lift_it() -> None:
    loop = Loop(0.02)
    for i in range(3):
        loop.band(NoteOn(1, 50 + i, 90), 0.1 * i)
    loop.band(ON, 0.5)
    for event in (OFF, NoteOn(1, 60, 70)):  # the scheduler ends the band's note first
        loop.band(event, 0.6)
    loop.advance(0.7)
    loop.play(OFF, 1.0)
    assert loop.heard == [(1.0, OFF)]


def test_a_loop_that_is_taken_away_is_forgotten_with_the_next_note() -> None:
    feedback_filter = FeedbackFilter()
    for i in range(3):
        leave(feedback_filter, NoteOn(1, 50 + i, 90), 0.1 * i)
        assert returns(feedback_filter, NoteOn(1, 50 + i, 90), 0.1 * i + 0.01)
    leave(feedback_filter, ON, 1.0)
    leave(feedback_filter, OFF, 1.08)
    leave(feedback_filter, ON, 1.1)
    leave(feedback_filter, OFF, 1.11)
    assert not returns(feedback_filter, ON, 1.12)


def test_a_daw_that_says_everything_twice_makes_no_loop() -> None:
    feedback_filter = FeedbackFilter()
    for i in range(9):
        for word in (Program(1, 5), Control(1, 7, 100)):
            leave(feedback_filter, word, 0.01 * i)
            assert returns(feedback_filter, word, 0.01 * i + 0.001)
    leave(feedback_filter, ON, 0.2)
    leave(feedback_filter, OFF, 0.21)
    assert not returns(feedback_filter, ON, 0.22)
    assert feedback_filter.take_problem() is None


def test_without_a_loop_the_musicians_own_off_is_never_lost() -> None:
    feedback_filter = FeedbackFilter()
    leave(feedback_filter, ON, 0.0)
    assert not returns(feedback_filter, NoteOn(1, 60, 70), 0.2)  # not passed on, as where thru is off
    leave(feedback_filter, OFF, 0.201)
    assert not returns(feedback_filter, OFF, 0.22)


def test_by_chance_hardly_a_note_is_lost() -> None:
    """The band plays four notes a second in an octave, and so does the musician, on the same channel and as loud."""
    chance = random.Random(1)
    feedback_filter = FeedbackFilter()
    events: list[tuple[float, bool, Event]] = []
    for by_band in (True, False):
        for i in range(20_000):
            at_s = i * 0.25 + chance.uniform(0, 0.1)
            pitch = 60 + chance.randrange(12)
            events.append((at_s, by_band, NoteOn(1, pitch, chance.randint(60, 100))))
            events.append((at_s + 0.12, by_band, NoteOff(1, pitch)))
    events.sort(key=lambda timed: timed[0])
    lost = 0
    for at_s, by_band, event in events:
        if by_band:
            leave(feedback_filter, event, at_s)
        else:
            lost += returns(feedback_filter, event, at_s) and isinstance(event, NoteOn)
    assert lost == feedback_filter.echoes
    assert lost / 20_000 < 0.002
