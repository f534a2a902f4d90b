"""How often the io process polls, on virtual time."""

from __future__ import annotations

import pytest

from bollylive.io.poll_interval import IDLE_AFTER_S, IDLE_POLL_S, POLL_S, REST_S, TURN_S, PollInterval


def in_music(now_s: float) -> PollInterval:
    interval = PollInterval()
    interval.stir(now_s)
    return interval


def test_while_there_is_music_it_looks_every_millisecond_and_after_a_while_less_often() -> None:
    interval = in_music(10.0)
    late_s = 10.0 + 0.9 * IDLE_AFTER_S
    interval.plan(late_s, None)
    assert interval.wait_s(late_s) == POLL_S
    interval.plan(10.0 + IDLE_AFTER_S, None)
    assert interval.wait_s(10.0 + IDLE_AFTER_S) == IDLE_POLL_S


@pytest.mark.parametrize(("stirred_s", "pause_s"), [(10.0, TURN_S), (0.0, REST_S)])
def test_nothing_but_the_ports_is_looked_at_for_a_while_or_until_it_is_woken(stirred_s: float, pause_s: float) -> None:
    interval = in_music(stirred_s)
    interval.plan(10.0, None)
    assert interval.turn_s > 10.0 + 0.9 * pause_s
    assert interval.turn_s <= 10.0 + pause_s
    interval.wake()
    assert interval.turn_s <= 10.0


@pytest.mark.parametrize("ahead_s", [-1.0, 0.0, 0.0004, 0.003, TURN_S, REST_S])
@pytest.mark.parametrize(("stirred_s", "poll_s"), [(10.0, POLL_S), (0.0, IDLE_POLL_S)])
def test_a_note_is_waited_for_and_no_longer(stirred_s: float, poll_s: float, ahead_s: float) -> None:
    interval = in_music(stirred_s)
    interval.plan(10.0, 10.0 + ahead_s)
    assert interval.wait_s(10.0) == pytest.approx(min(max(0.0, ahead_s), poll_s))
    assert interval.turn_s <= 10.0 + ahead_s


def test_a_note_that_is_far_away_lets_it_rest() -> None:
    interval = in_music(0.0)
    interval.plan(10.0, 11.0)
    assert interval.turn_s > 10.0 + 0.9 * REST_S
    assert interval.turn_s <= 10.0 + REST_S
