"""A MIDI clock that comes through large audio buffers: its ticks arrive in steps, several at once or none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from bollylive.clock.clock import Clock
from bollylive.midi.messages import TICKS_PER_BEAT, Start, Tick

RATE = 48_000
BAR = 4 * TICKS_PER_BEAT


@dataclass
class Followed:
    """By tick, the tempo that was told, and by how many seconds the beat was ahead of the DAW's."""

    bpms: list[float]
    ahead_s: list[float]


def follow(step_s: float, bpms: Sequence[float]) -> Followed:
    """Follow a DAW whose ticks arrive only every `step_s`; `bpms` is its tempo, by tick."""
    clock, meant_s, now_s = Clock(100, 0.0), 1.0, 0.9
    followed = Followed([], [])
    clock.handle(Start(), now_s)
    for tick, bpm in enumerate(bpms):
        at_s = math.ceil(meant_s / step_s) * step_s
        while now_s < at_s:
            now_s = min(at_s, now_s + 0.005)
            clock.check(now_s)
        clock.handle(Tick(), now_s)
        followed.bpms.append(clock.bpm)
        followed.ahead_s.append((clock.beat_at(now_s) - tick / TICKS_PER_BEAT) * 60 / bpm - (now_s - meant_s))
        meant_s += 60 / bpm / TICKS_PER_BEAT
    return followed


def spread_s(ahead_s: list[float]) -> float:
    return max(ahead_s) - min(ahead_s)


@pytest.mark.parametrize("frames", [128, 256, 512, 1024, 2048])
@pytest.mark.parametrize("bpm", [70, 93, 110, 120, 125, 140])
def test_after_a_bar_the_tempo_of_a_clock_in_large_buffers_is_right_and_the_beat_steady(
    bpm: float, frames: int
) -> None:
    followed = follow(frames / RATE, [bpm] * 8 * BAR)
    assert followed.bpms[BAR:] == pytest.approx([bpm] * 7 * BAR, rel=0.005)
    assert spread_s(followed.ahead_s[2 * BAR :]) < max(0.002, 0.15 * frames / RATE)


@pytest.mark.parametrize("step_s", [0.0075, 0.01125, 0.015, 0.03])
def test_a_radio_link_that_speaks_in_intervals_is_no_other_tempo(step_s: float) -> None:
    for bpm in (84, 104, 132, 168):
        assert follow(step_s, [bpm] * 4 * BAR).bpms[BAR:] == pytest.approx([bpm] * 3 * BAR, rel=0.01)


@pytest.mark.parametrize("bpm", [116, 120.5, 58.3])
def test_a_tempo_that_nearly_fits_the_buffers_is_known_after_two_bars(bpm: float) -> None:
    assert follow(1024 / RATE, [bpm] * 10 * BAR).bpms[2 * BAR :] == pytest.approx([bpm] * 8 * BAR, rel=0.005)


@pytest.mark.parametrize(("before", "after"), [(110, 140), (140, 100), (120, 126), (90, 180)])
def test_another_tempo_in_large_buffers_is_found_within_two_bars(before: float, after: float) -> None:
    followed = follow(1024 / RATE, [before] * 4 * BAR + [after] * 6 * BAR)
    assert followed.bpms[6 * BAR :] == pytest.approx([after] * 4 * BAR, rel=0.005)
    assert spread_s(followed.ahead_s[7 * BAR :]) < 0.006


def test_buffers_that_become_small_again_leave_no_coarse_filter_behind() -> None:
    clock, now_s = Clock(110, 0.0), 1.0
    clock.handle(Start(), 0.9)
    for tick in range(8 * BAR):
        clock.handle(Tick(), math.ceil(1.0 + tick * 60 / 110 / TICKS_PER_BEAT / (1024 / RATE)) * 1024 / RATE)
    now_s = math.ceil(1.0 + 8 * BAR * 60 / 110 / TICKS_PER_BEAT / (1024 / RATE)) * 1024 / RATE
    for bpm in (110, 113):
        for _ in range(4 * BAR if bpm == 110 else TICKS_PER_BEAT):
            clock.handle(Tick(), now_s)
            now_s += 60 / bpm / TICKS_PER_BEAT
    assert clock.bpm == pytest.approx(113, rel=0.002)  # a small step, seen within a beat
