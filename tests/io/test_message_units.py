"""Whatever a flood drops, a receiver takes on only what was meant."""

from __future__ import annotations

import random

import pytest
from receiver import Receiver

from bollylive.io.rate_limit import MOST_WAITING, OTHERS_AT_ONCE, OTHERS_PER_S, RateLimit
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Program, Raw

QUIET_S = 100.0  # after this long everything that waited has left


def parameter(channel: int, numbers: tuple[int, int], coarse: int, fine: int, *data: tuple[int, int]) -> list[Event]:
    selected = [Control(channel, numbers[0], coarse), Control(channel, numbers[1], fine)]
    return [*selected, *(Control(channel, number, value) for number, value in data)]


def anything(noise: random.Random) -> list[Event]:
    """What a device sends in one piece, as messages in order."""
    channel, value, fine = noise.randrange(2), noise.randrange(128), noise.randrange(128)
    numbers, which = noise.choice([(99, 98), (101, 100)]), noise.randrange(3)
    pieces: list[list[Event]] = [
        parameter(channel, numbers, 1, which, (6, value)),
        parameter(channel, numbers, 1, which, (6, value), (38, fine)),
        [*parameter(channel, numbers, 1, which, (6, value)), Control(channel, 101, 127), Control(channel, 100, 127)],
        [Control(channel, 98, which), Control(channel, 6, value)],  # the coarse part as before
        [Control(channel, 6, value)],
        [Control(channel, 38, fine)],
        [Control(channel, 96, 0)],
        [Control(channel, 97, 0)],
        [Control(channel, 1, value), Control(channel, 33, fine)],
        [Control(channel, 33, fine)],
        [Control(channel, 0, which), Control(channel, 32, which), Program(channel, value)],
        [Control(channel, 0, which), Program(channel, value)],
        [Control(channel, 74, value)],
        [Control(channel, 0, which)],
    ]
    return noise.choice(pieces)


def let_in(limit: RateLimit, event: Event, now_s: float) -> list[Event]:
    passed = [event] if limit.admits(event, now_s) else []
    return [*passed, *limit.take_waiting(now_s)]


@pytest.mark.parametrize("seed", range(30))
def test_after_any_flood_everything_has_a_value_that_was_really_sent_and_at_last_the_newest(seed: int) -> None:
    noise, limit, now_s = random.Random(seed), RateLimit(), 0.0
    meant, heard = Receiver(), Receiver()
    came = left = 0
    for _ in range(3000):
        now_s += noise.choice([0.0, 0.0, 0.0001, 0.0005])
        for event in anything(noise):
            came += 1
            meant.receive(event)
            for passed in let_in(limit, event, now_s):
                left += 1
                heard.receive(passed)
    for passed in limit.take_waiting(now_s + QUIET_S):
        left += 1
        heard.receive(passed)
    assert heard.settings == meant.settings
    assert all(heard.seen[subject] <= meant.seen[subject] for subject in heard.seen)
    assert came > left > OTHERS_AT_ONCE
    assert limit.dropped > 0


def test_a_flood_of_parameters_sets_none_that_nobody_sent() -> None:
    limit, heard = RateLimit(), Receiver()
    for i in range(20_000):  # 6,000 messages a second: parameter n only ever gets the value n
        for event in parameter(0, (99, 98), 0, i % 100, (6, i % 100)):
            for passed in let_in(limit, event, i / 2000):
                heard.receive(passed)
    for passed in limit.take_waiting(QUIET_S):
        heard.receive(passed)
    assert heard.settings == {("parameter", 0, 99, 0, number): 128 * number for number in range(100)}
    assert {subject: {128 * int(subject[-1])} for subject in heard.seen} == heard.seen


def test_a_program_keeps_its_bank() -> None:
    limit, heard = RateLimit(), Receiver()
    for i in range(20_000):
        sound = i % 100
        for event in (Control(0, 0, sound), Control(0, 32, 127 - sound), Program(0, sound)):
            for passed in let_in(limit, event, i / 2000):
                heard.receive(passed)
    for passed in limit.take_waiting(QUIET_S):
        heard.receive(passed)
    assert heard.seen["sound", 0] <= {(sound, 127 - sound, sound) for sound in range(100)}
    assert heard.settings["sound", 0] == (99, 28, 99)


def drowned() -> RateLimit:
    """A limit at 0 s that admits no controller."""
    limit = RateLimit()
    for i in range(int(OTHERS_AT_ONCE)):
        assert limit.admits(Raw(bytes([0xE0, i % 128, 0])), 0.0)
    return limit


def test_what_was_selected_in_the_flood_is_selected_after_it() -> None:
    limit = drowned()
    for event in parameter(0, (101, 100), 0, 0, (6, 12)):
        assert not limit.admits(event, 0.0)
    for event in parameter(0, (101, 100), 127, 127):  # so that nothing sets the parameter by mistake
        assert not limit.admits(event, 0.0)
    left = limit.take_waiting(1.0)
    assert [event for event in left if isinstance(event, Control) and event.number == 6] == [Control(0, 6, 12)]
    assert left[-2:] == [Control(0, 101, 127), Control(0, 100, 127)]


def test_data_waits_for_its_selection_though_there_is_time_again() -> None:
    limit = drowned()
    assert not any(limit.admits(event, 0.0) for event in parameter(0, (99, 98), 1, 2))
    assert not limit.admits(Control(0, 6, 3), 1.0)
    assert limit.take_waiting(1.0) == parameter(0, (99, 98), 1, 2, (6, 3))
    assert limit.admits(Control(0, 6, 4), 1.0)


def test_a_controller_that_is_no_fine_part_arrives_too() -> None:
    limit = drowned()
    for event in (Control(0, 1, 5), Control(0, 33, 6), Control(0, 1, 7), Control(0, 1, 8)):
        assert not limit.admits(event, 0.0)
    assert limit.take_waiting(1.0) == [Control(0, 1, 5), Control(0, 33, 6), Control(0, 1, 8)]
    assert limit.dropped == 1


def test_a_velocity_prefix_does_not_meet_a_later_note() -> None:
    limit = drowned()
    assert not limit.admits(Control(0, 88, 5), 0.0)
    assert limit.admits(NoteOn(0, 60, 90), 0.0)
    assert limit.take_waiting(1.0) == []
    assert limit.dropped == 1


def test_an_encoder_gone_mad_is_bounded_and_counted() -> None:
    limit = drowned()
    for event in parameter(0, (99, 98), 1, 2, (6, 3)):
        assert not limit.admits(event, 0.0)
    assert not any(limit.admits(Control(0, 96, 0), 0.0) for _ in range(10_000))
    assert len(left := limit.take_waiting(1.0)) < 200
    assert len(left) + limit.dropped == 10_003


def test_the_note_offs_of_a_flood_of_parameters_are_not_lost() -> None:
    limit = RateLimit()
    for i in range(5000):
        now_s, pitch = i / (2 * OTHERS_PER_S), i % 128
        on = limit.admits(NoteOn(0, pitch, 90), now_s)
        for event in parameter(0, (99, 98), 0, i % 100, (6, i % 100)):
            let_in(limit, event, now_s)
        assert limit.admits(NoteOff(0, pitch), now_s) or not on


def test_of_more_parameters_than_can_wait_some_are_dropped_whole() -> None:
    limit, heard = drowned(), Receiver()
    for number in range(2 * MOST_WAITING):
        for event in parameter(0, (99, 98), number // 128, number % 128, (6, 1 + number % 127)):
            assert not limit.admits(event, 0.0)
    assert not limit.admits(Control(0, 38, 5), 0.0)
    for second in range(1, int(QUIET_S)):
        for passed in limit.take_waiting(second):
            heard.receive(passed)
    assert MOST_WAITING / 2 < len(heard.settings) <= MOST_WAITING
    assert all(
        value == 128 * (1 + (128 * int(about[3]) + int(about[4])) % 127) for about, value in heard.settings.items()
    )
    assert not limit.admits(Control(0, 38, 5), 3 * QUIET_S)  # the fine part of what was dropped
    assert limit.take_waiting(3 * QUIET_S) == []
    assert not limit.admits(Control(0, 6, 9), 3 * QUIET_S)
    assert limit.take_waiting(3 * QUIET_S) == [Control(0, 6, 9)]
    assert limit.admits(Control(0, 38, 5), 3 * QUIET_S)
    assert limit.dropped >= MOST_WAITING
