"""Two MIDI clocks at one port, and what looks like it: one of them is followed, and the musician is told once."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from bollylive.clock.clock import Clock
from bollylive.midi.messages import TICKS_PER_BEAT, Start, Stop, Tick

JITTER_S = 0.002


def ticks_s(bpm: float, from_s: float, until_s: float, jitter_s: float = 0.0, seed: int = 1) -> list[float]:
    """The arrivals of a clock."""
    rng, tick_s = random.Random(seed), 60 / bpm / TICKS_PER_BEAT
    return [from_s + i * tick_s + rng.uniform(0, jitter_s) for i in range(int((until_s - from_s) / tick_s))]


@dataclass
class Heard:
    """A clock that hears ticks, by arrival the tempo that it told, and what it told the musician."""

    clock: Clock
    bpms: list[tuple[float, float]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def hear(self, arrivals_s: list[float]) -> None:
        now_s = beat = 0.0
        for at_s in sorted(arrivals_s):
            while now_s < at_s:
                now_s = min(at_s, now_s + 0.02)
                self.clock.check(now_s)
            self.clock.handle(Tick(), at_s)
            assert self.clock.beat_at(at_s) >= beat - 1e-9
            beat = self.clock.beat_at(at_s)
            self.bpms.append((at_s, self.clock.bpm))
            if (problem := self.clock.take_problem()) is not None:
                self.told.append(problem)

    def bpms_after(self, at_s: float) -> list[float]:
        return [bpm for when_s, bpm in self.bpms if when_s >= at_s]


def heard(arrivals_s: list[float], set_bpm: float = 100) -> Heard:
    result = Heard(Clock(set_bpm, 0.0))
    result.clock.handle(Start(), 0.99)
    result.hear(arrivals_s)
    return result


@pytest.mark.parametrize("jitter_s", [0.0, JITTER_S])
@pytest.mark.parametrize("phase", [0.02, 0.15, 0.3, 0.35, 0.7, 0.8, 0.97])
def test_a_second_clock_of_the_same_tempo_is_told_once_and_kept_out(phase: float, jitter_s: float) -> None:
    join_s = 5.0 + phase * 60 / 120 / TICKS_PER_BEAT
    result = heard(ticks_s(120, 1.0, 20.0, jitter_s) + ticks_s(120, join_s, 20.0, jitter_s, seed=2))
    assert result.bpms_after(4.0) == pytest.approx([120] * len(result.bpms_after(4.0)), rel=0.02)
    assert result.clock.beat_at(20.0) == pytest.approx(38, abs=0.05)
    assert len(result.told) == 1
    assert "Two MIDI clocks" in result.told[0]


@pytest.mark.parametrize("jitter_s", [0.0, JITTER_S])
@pytest.mark.parametrize(("first", "second"), [(120, 93), (120, 120.5), (93, 120), (140, 85)])
def test_a_second_clock_of_another_tempo_is_told_once_and_kept_out(
    first: float, second: float, jitter_s: float
) -> None:
    result = heard(ticks_s(first, 1.0, 30.0, jitter_s) + ticks_s(second, 5.003, 30.0, jitter_s, seed=2))
    for bpm in result.bpms_after(4.0):
        assert min(abs(bpm / first - 1), abs(bpm / second - 1)) < 0.02
    assert len(result.told) == 1


@pytest.mark.parametrize("set_bpm", [96, 120])
@pytest.mark.parametrize("phase", [0.1, 0.2, 0.85])
def test_two_clocks_from_the_very_beginning_are_known_within_two_bars(phase: float, set_bpm: float) -> None:
    second_s = 1.0 + phase * 60 / 120 / TICKS_PER_BEAT
    result = heard(ticks_s(120, 1.0, 20.0) + ticks_s(120, second_s, 20.0), set_bpm)
    assert result.bpms_after(5.0) == pytest.approx([120] * len(result.bpms_after(5.0)), rel=0.01)
    assert result.clock.beat_at(20.0) == pytest.approx(38, abs=0.05)  # as if the second had never ticked
    assert len(result.told) == 1


def test_a_second_clock_that_goes_and_comes_again_is_not_told_again() -> None:
    first = ticks_s(120, 1.0, 30.0)
    result = heard(first + ticks_s(120, 5.004, 10.0) + ticks_s(120, 20.006, 30.0))
    assert result.bpms_after(4.0) == pytest.approx([120] * len(result.bpms_after(4.0)), rel=0.01)
    assert len(result.told) == 1


@pytest.mark.parametrize(("before", "after"), [(120, 240), (60, 120), (100, 180), (80, 200), (120, 130), (200, 90)])
@pytest.mark.parametrize("jitter_s", [0.0, 0.004])
def test_a_jump_of_the_tempo_is_no_second_clock(before: float, after: float, jitter_s: float) -> None:
    old = ticks_s(before, 1.0, 9.0, jitter_s)
    begin_s = 1.0 + len(old) * 60 / before / TICKS_PER_BEAT
    result = heard(old + ticks_s(after, begin_s, 20.0, jitter_s, seed=2))
    late = result.bpms_after(begin_s + 2 * 60 / before + 2 * 60 / after)
    assert late == pytest.approx([after] * len(late), rel=0.03)
    assert result.told == []


@pytest.mark.parametrize("bpm", [60, 96, 134, 156.25, 187.5, 240])
@pytest.mark.parametrize("set_bpm", [60, 180])
def test_one_uneven_clock_is_no_second_clock(bpm: float, set_bpm: float) -> None:
    for seed in range(2):
        result = heard(ticks_s(bpm, 1.0, 12.0, 0.008, seed), set_bpm)
        assert result.told == []
        assert result.clock.bpm == pytest.approx(bpm, rel=0.04)
    for frames in (128, 256, 512, 1024):
        step_s = frames / 48_000
        assert heard([(at_s // step_s + 1) * step_s for at_s in ticks_s(bpm, 1.0, 12.0)], set_bpm).told == []


def test_ticks_that_wait_count_when_the_song_stops() -> None:
    result = heard(ticks_s(120, 1.0, 3.0))
    for at_s in (3.0, 3.0104, 3.0208):  # the tempo doubles, and the DAW stops before that is plain
        result.clock.handle(Tick(), at_s)
    result.clock.handle(Stop(), 3.022)
    assert result.clock.anchor.beat == pytest.approx(98 / TICKS_PER_BEAT, abs=0.06)
    result.clock.handle(Start(), 4.0)
    result.clock.handle(Tick(), 4.01)
    assert result.clock.anchor.running
