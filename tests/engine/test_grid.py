"""The engine's ticks over the relay's beats and seconds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.clock.anchor import Anchor
from bollylive.engine.grid import Grid, model_bar_ticks
from bollylive.model.codec import PLACES
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

AT_120 = Anchor(0.0, 0.5, 0.0)


def grid_at(anchor: Anchor, beats_per_bar: int = 4) -> Grid:
    return Grid(LiveSet(Set(beats_per_bar=beats_per_bar)), anchor)


def test_a_tick_is_a_24th_of_a_beat() -> None:
    grid = grid_at(AT_120)
    assert grid.tick_of(1.0) == 24
    assert grid.tick_of(-0.49) == -12
    assert grid.beat_of(24) == 1.0
    assert grid.seconds_at(24) == 0.5


def test_ticks_go_on_when_the_bar_line_moves_and_the_bar_line_is_a_tick() -> None:
    grid = grid_at(AT_120)
    grid.move_zero(3.01)
    assert grid.tick_of(3.01) == grid.zero_tick == 72
    assert grid.beat_of(72) == 3.01
    assert grid.tick_of(5.01) == 120
    assert [grid.bar_line(tick) for tick in (71, 72, 73)] == [72, 72, 168]


@pytest.mark.parametrize(("now_s", "tick"), [(0.0, 0), (0.0104, 0), (0.0105, 1), (0.0208, 1), (0.5, 24)])
def test_half_a_tick_late_is_still_in_time(now_s: float, tick: int) -> None:
    assert grid_at(AT_120).earliest(now_s) == tick


@pytest.mark.parametrize(("beat", "tick"), [(0.0, 0), (0.001, 1), (1.0, 24), (1.0 + 1e-9, 24)])
def test_the_next_tick_is_not_before_a_beat(beat: float, tick: int) -> None:
    assert grid_at(AT_120).next_tick(beat) == tick


@given(st.floats(-1e4, 1e4), st.floats(-100, 100))
def test_a_note_played_now_is_never_later_than_what_can_still_begin(beat: float, zero: float) -> None:
    grid = grid_at(Anchor(beat, 0.5, 1.0))
    grid.move_zero(zero)
    assert grid.tick_of(beat) <= grid.earliest(1.0)


@pytest.mark.parametrize("tick", [2.5, 3.5, -1.5])
def test_nor_where_it_lies_just_between_two_ticks(tick: float) -> None:
    grid = grid_at(Anchor(tick / 24, 0.5, 1.0))
    assert grid.tick_of(tick / 24) == grid.earliest(1.0) == int(tick - 0.5)


@given(st.integers(-(10**5), 10**5), st.floats(0.15, 3.0), st.floats(0, 1e5))
def test_at_its_second_a_tick_is_due(tick: int, seconds_per_beat: float, at_s: float) -> None:
    grid = grid_at(Anchor(7.3, seconds_per_beat, at_s))
    assert grid.earliest(grid.seconds_at(tick)) == tick


def test_a_new_tempo_moves_nothing() -> None:
    grid = grid_at(AT_120)
    grid.move_zero(1.0)
    grid.follow(Anchor(4.0, 0.25, 2.0))
    assert grid.tick_of(2.0) == 48


def test_a_correction_that_met_its_aim_moves_nothing_although_its_line_began_elsewhere() -> None:
    grid = grid_at(Anchor(2.0, 1.0, 1.0))
    grid.follow(Anchor(1.75, 0.5, 1.0))
    assert grid.tick_of(2.0) == 48


def test_ticks_go_on_at_a_jump_and_the_bar_line_is_at_beat_0() -> None:
    grid = grid_at(AT_120)
    grid.move_zero(1.0)
    assert grid.earliest(2.0) == 96
    grid.follow(Anchor(100.0, 0.5, 2.0, running=False, epoch=1))
    assert grid.earliest(2.0) == grid.tick_of(100.0) == 96
    assert grid.beat_of(grid.zero_tick) == grid.zero_beats == 0.0


def test_ticks_go_on_where_a_song_stood_and_goes_on_at_another_place() -> None:
    grid = grid_at(Anchor(9.0, 0.5, 2.0, running=False))
    stood = grid.tick_of(9.0)
    grid.follow(Anchor(5.0, 0.5, 4.0, running=True))
    assert grid.tick_of(5.0) == stood


@pytest.mark.parametrize(
    ("beats", "known"),
    [(1, 1), (3, 3), (4, 4), (7, 7), (8, 8), (9, 3), (10, 5), (12, 6), (14, 7), (3.5, 3.5), (2.5, 2.5), (8.5, 4.25)],
)
def test_the_model_knows_a_bar_whole_or_by_its_longest_equal_part(beats: float, known: float) -> None:
    assert model_bar_ticks(beats) == known * 24


@pytest.mark.parametrize("beats", range(1, 17))
def test_no_bar_is_longer_than_the_codec_knows(beats: int) -> None:
    assert model_bar_ticks(beats) <= PLACES
    assert beats * 24 % model_bar_ticks(beats) == 0


def test_a_link_session_moves_the_bar_line_and_no_beat() -> None:
    grid = grid_at(AT_120)
    grid.move_zero(0.25)
    now = grid.tick_of(2.0)
    grid.follow(Anchor(2.0, 0.6, 1.0, bar_beat=1.5))
    assert abs(grid.tick_of(2.0) - now) <= 1
    assert grid.beat_of(grid.zero_tick) == 1.5
    zero_tick = grid.zero_tick
    grid.follow(Anchor(3.0, 0.6, 1.6, bar_beat=1.5))
    assert grid.zero_tick == zero_tick


def test_the_bar_line_stays_when_the_session_is_gone_and_goes_at_a_jump() -> None:
    grid = grid_at(AT_120)
    grid.follow(Anchor(2.0, 0.5, 1.0, bar_beat=1.5))
    grid.follow(Anchor(3.0, 0.5, 1.5))
    assert grid.zero_beats == 1.5
    grid.follow(Anchor(0.0, 0.5, 2.0, epoch=1))
    assert grid.zero_beats == 0.0


def test_bar_lines_are_those_of_the_set_that_is_live() -> None:
    live = LiveSet(Set(beats_per_bar=4))
    grid = Grid(live, AT_120)
    assert [grid.bar_line(tick) for tick in (-1, 0, 1, 96, 97)] == [0, 0, 96, 96, 192]
    live.band = Set(beats_per_bar=3)
    assert [grid.bar_line(tick) for tick in (-1, 0, 1, 96, 97)] == [0, 0, 72, 144, 144]


def test_a_position_is_the_tick_and_its_place_in_the_bar_that_the_model_knows() -> None:
    grid = grid_at(AT_120, beats_per_bar=16)
    grid.move_zero(2.0)
    assert grid.position_of(12.0) == (288, 288 - 48 - 192)
    assert grid.position_of(1.0) == (24, 192 - 24)
