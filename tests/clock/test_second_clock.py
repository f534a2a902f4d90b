"""Two MIDI clocks at one port are told, once; a single clock never is, however uneven."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bollylive.clock.clock import Clock
from bollylive.clock.second_clock import SURE_WINDOWS, WINDOW_TICKS, SecondClock
from bollylive.midi.messages import TICKS_PER_BEAT, Continue, Start, Stop, Tick

FOUR_BARS = 16


def ticks_s(bpm: float, beats: float, from_s: float = 1.0, jitter_s: float = 0.0, seed: int = 1) -> list[float]:
    """The arrivals of a clock."""
    rng, tick_s = random.Random(seed), 60 / bpm / TICKS_PER_BEAT
    return [from_s + i * tick_s + rng.uniform(-jitter_s, jitter_s) for i in range(round(beats * TICKS_PER_BEAT))]


def changing_s(bpm_at: Callable[[int], float], beats: int) -> list[float]:
    """The arrivals of a clock whose tempo is a function of the beat."""
    gaps_s = (60 / bpm_at(tick // TICKS_PER_BEAT) / TICKS_PER_BEAT for tick in range(beats * TICKS_PER_BEAT))
    return list(accumulate(gaps_s, initial=1.0))


def in_steps(arrivals_s: list[float], step_s: float) -> list[float]:
    """The arrivals behind a buffer or a radio link that delivers every `step_s`."""
    return [math.ceil(at_s / step_s) * step_s for at_s in arrivals_s]


def told(arrivals_s: list[float]) -> list[tuple[float, str]]:
    """What the musician is told, and when."""
    second_clock, sentences = SecondClock(), []
    for at_s in sorted(arrivals_s):
        second_clock.add(at_s)
        if (problem := second_clock.take_problem()) is not None:
            sentences.append((at_s, problem))
    return sentences


@pytest.mark.parametrize("jitter_s", [0.0, 0.0005, 0.001])
@pytest.mark.parametrize(("first", "second"), [(120, 93), (120, 120.5), (120, 60), (93, 120), (140, 85), (60, 50)])
@pytest.mark.parametrize("after_beats", [0, 10])
def test_two_clocks_are_told_within_four_bars(first: float, second: float, jitter_s: float, after_beats: int) -> None:
    join_s = 1.006 + after_beats * 60 / first
    ((at_s, sentence),) = told(ticks_s(first, 40, jitter_s=jitter_s) + ticks_s(second, 40, join_s, jitter_s, 2))
    assert (at_s - join_s) * first / 60 < FOUR_BARS + 1
    assert "Two MIDI clocks" in sentence
    bpms = [float(word) for word in sentence.split() if word.isdigit()]
    assert bpms == pytest.approx(sorted([first, second], reverse=True), abs=0.6)


@pytest.mark.parametrize("phase", [0.12, 0.2, 0.25, 0.3, 0.36, 0.38, 0.64, 0.75, 0.85])
@pytest.mark.parametrize("after_beats", [0, 10])
def test_two_clocks_of_one_tempo_are_told_within_four_bars(phase: float, after_beats: int) -> None:
    join_s = 1.0 + (after_beats + phase / TICKS_PER_BEAT) * 0.5
    ((at_s, sentence),) = told(ticks_s(120, 40, jitter_s=0.0005) + ticks_s(120, 40, join_s, 0.0005, 2))
    assert (at_s - join_s) * 2 < FOUR_BARS
    assert "at 120 and 120 bpm" in sentence


@pytest.mark.parametrize("phase", [0.0, 1 / 3, 0.4, 3 / 7, 0.5])
def test_what_one_clock_may_send_too_is_not_told(phase: float) -> None:
    assert not told(ticks_s(120, 40) + ticks_s(120, 40, 1.0 + phase * 0.5 / TICKS_PER_BEAT))


def test_the_clock_tells_it_once_also_if_the_song_stops_and_goes_on() -> None:
    clock, sentences = Clock(100, 0.0), []
    clock.handle(Start(), 0.9)
    for i, at_s in enumerate(sorted(ticks_s(120, 32) + ticks_s(93, 25, 1.003))):
        if i % 250 == 249:
            for transport in (Stop(), Continue()):
                clock.handle(transport, at_s)
        clock.handle(Tick(), at_s)
        sentences.append(clock.take_problem())
    assert sum(sentence is not None for sentence in sentences) == 1


@pytest.mark.parametrize("bpm", [60, 87.9, 96, 120, 134, 156.25, 175.8, 187.5, 240])
def test_one_uneven_clock_is_not_told(bpm: float) -> None:
    for jitter_s in (0.0, 0.0005, 0.002, 0.004):
        assert not told(ticks_s(bpm, 64, jitter_s=jitter_s))
    for frames in (128, 256, 512, 1024, 2048):
        for rate in (44_100, 48_000):
            assert not told(in_steps(ticks_s(bpm, 64), frames / rate))
    for step_s in (0.001, 0.0075, 0.01125, 0.015, 0.03):
        assert not told(in_steps(ticks_s(bpm, 64), step_s))


@pytest.mark.parametrize(
    ("ticks", "buffers"), [(1, 1), (2, 1), (1, 2), (2, 3), (3, 2), (3, 4), (4, 3), (3, 5), (2, 5), (5, 2), (7, 2)]
)
@pytest.mark.parametrize("wire_s", [0.0, 0.00032, 0.001])
def test_a_clock_that_fits_its_buffers_makes_a_pattern_and_is_not_told(ticks: int, buffers: int, wire_s: float) -> None:
    """Ticks of one buffer come one after another, `wire_s` apart, as through a cable or USB."""
    for bpm in (70, 200):
        step_s = 60 / bpm / TICKS_PER_BEAT * ticks / buffers
        arrivals_s, latest_s = [], 0.0
        for at_s in in_steps(ticks_s(bpm, 64, 1.0 + step_s / 7), step_s):
            latest_s = max(at_s, latest_s + wire_s)
            arrivals_s.append(latest_s)
        assert not told(arrivals_s)
        rng = random.Random(1)
        assert not told([at_s + rng.uniform(0, 0.0005) for at_s in arrivals_s])


@pytest.mark.parametrize(("bpm", "step_s"), [(125, 0.015), (250, 0.0075), (500 / 3, 0.01125), (175.78, 512 / 48_000)])
def test_a_clock_in_steps_that_usb_rounds_to_milliseconds_is_not_told(bpm: float, step_s: float) -> None:
    for delay_s in (0.0, 0.002, 0.005):
        assert not told(in_steps(in_steps(ticks_s(bpm, 64, 1.0 + delay_s), step_s), 0.001))


@pytest.mark.parametrize(
    "bpm_at",
    [
        lambda beat: 120 if beat < 16 else 240,
        lambda beat: 60 if beat % 8 < 4 else 120,
        lambda beat: (100, 180, 80, 200, 120)[beat // 8 % 5],
        lambda beat: 60 + 2 * beat,
        lambda beat: 200 - 2 * beat,
        lambda beat: 120 * (1 + 0.1 * math.sin(beat / 3)),
    ],
    ids=["doubles", "there and back", "jumps", "accelerando", "ritardando", "rubato"],
)
@pytest.mark.parametrize("step_s", [0.0, 1024 / 48_000])
def test_a_clock_that_changes_its_tempo_is_not_told(bpm_at: Callable[[int], float], step_s: float) -> None:
    arrivals_s = changing_s(bpm_at, 64)
    assert not told(in_steps(arrivals_s, step_s) if step_s else arrivals_s)


@pytest.mark.parametrize("stall_s", [0.03, 0.2, 0.45, 1.0, 5.0])
@pytest.mark.parametrize("every_ticks", [50, 96, 300])
def test_stalls_and_clumps_are_not_told(stall_s: float, every_ticks: int) -> None:
    even_s = ticks_s(120, 64)
    frozen_s = [at_s + stall_s * (i // every_ticks) for i, at_s in enumerate(even_s)]
    period_s = every_ticks / 48
    held_s = [at_s - at_s % period_s + stall_s if at_s % period_s < stall_s else at_s for at_s in even_s]
    clumps_s = [even_s[i - i % 3] + 0.001 * (i % 3) for i in range(len(even_s))]
    lost_s = [at_s for i, at_s in enumerate(even_s) if i % every_ticks]
    for arrivals_s in (frozen_s, held_s, clumps_s, lost_s):
        assert not told(arrivals_s)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 100), st.floats(0, 1) | st.just(0.0)), min_size=1, max_size=12))
def test_nothing_raises_and_runs_of_even_ticks_are_not_told(runs: list[tuple[int, float]]) -> None:
    gaps_s = [gap_s for count, gap_s in runs for _ in range(count)]
    assert not told(list(accumulate(gaps_s, initial=0.0)))


def test_nothing_is_told_before_several_windows_agree() -> None:
    arrivals_s = sorted(ticks_s(120, 64) + ticks_s(93, 50, 1.003))
    assert not told(arrivals_s[: SURE_WINDOWS * WINDOW_TICKS - 1])
    assert told(arrivals_s[: SURE_WINDOWS * WINDOW_TICKS])
