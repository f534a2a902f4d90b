"""How often the io process polls, on virtual time."""

from __future__ import annotations

import pytest

from bollylive.io.poll_interval import IDLE_AFTER_S, IDLE_POLL_S, POLL_S, REST_S, PollInterval


def test_while_there_is_music_it_looks_every_millisecond_and_after_a_while_less_often() -> None:
    interval = PollInterval()
    interval.stir(10.0)
    assert interval.wait_s(10.0 + 0.9 * IDLE_AFTER_S, None) == POLL_S
    assert not interval.rests(10.0 + 0.9 * IDLE_AFTER_S)
    assert interval.wait_s(10.0 + IDLE_AFTER_S, None) == IDLE_POLL_S


def test_at_rest_there_is_nothing_to_do_for_a_while_or_until_it_is_woken() -> None:
    interval = PollInterval()
    interval.wait_s(10.0, None)
    assert interval.rests(10.0 + 0.9 * REST_S)
    assert not interval.rests(10.0 + REST_S)
    interval.wake()
    assert not interval.rests(10.0)


@pytest.mark.parametrize("ahead_s", [-1.0, 0.0, 0.0004, 0.003, REST_S])
def test_a_note_is_waited_for_and_no_longer(ahead_s: float) -> None:
    interval = PollInterval()
    assert interval.wait_s(10.0, 10.0 + ahead_s) == pytest.approx(min(max(0.0, ahead_s), IDLE_POLL_S))
    assert not interval.rests(10.0)


def test_a_note_that_is_far_away_lets_it_rest() -> None:
    interval = PollInterval()
    interval.wait_s(10.0, 11.0)
    assert interval.rests(10.0)
