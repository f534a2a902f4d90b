"""A MIDI clock at its worst: stalls, clumps, lost ticks, any messages in any order."""

from __future__ import annotations

import math
import random
from typing import Literal, TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bollylive.clock.anchor import Anchor, LinkBeat
from bollylive.clock.clock import Clock
from bollylive.clock.midi_follower import LOST_S
from bollylive.engine.grid import Grid
from bollylive.midi.messages import TICKS_PER_BEAT, Continue, Event, Position, Start, Stop, Tempo, Tick
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

CHECK_S = 0.005
ROUNDING_BEATS = 1e-9
Stall: TypeAlias = Literal["held up", "frozen", "lost"]


def tick_seconds(bpm: float) -> float:
    return 60.0 / bpm / TICKS_PER_BEAT


class Watched:
    """A clock, and what it has told so far."""

    def __init__(self, bpm: float = 120.0) -> None:
        self.clock = Clock(bpm, 0.0)
        self.now_s = 0.0
        self.bpms: list[float] = []
        self._beat, self._epoch = 0.0, 0
        self._grid = Grid(LiveSet(Set()), self.clock.anchor)

    def hear(self, event: Event, at_s: float) -> None:
        """Let time pass until a message comes, and hand it over."""
        self.wait(at_s)
        self.clock.handle(event, at_s)
        self._look()

    def hear_ticks(self, arrivals_s: list[float]) -> None:
        for at_s in arrivals_s:
            self.hear(Tick(), at_s)

    def wait(self, until_s: float) -> None:
        while self.now_s < until_s:
            self.now_s = min(until_s, self.now_s + CHECK_S)
            self.clock.check(self.now_s)
            self._look()

    def link(self, beat: LinkBeat) -> None:
        self.clock.follow_link(beat)
        self._look()

    def _look(self) -> None:
        """Musical time runs forward, and whatever the scheduler asks has an answer."""
        anchor, beat = self.clock.anchor, self.clock.beat_at(self.now_s)
        if anchor.epoch == self._epoch:
            assert beat >= self._beat - ROUNDING_BEATS
        else:
            assert anchor.epoch > self._epoch
        self._beat, self._epoch = beat, anchor.epoch
        assert 0.15 / 1.751 < anchor.seconds_per_beat < 3.0 * 4.001  # 20 to 400, and at worst 7/4 and 1/4 of that
        if anchor.running:
            due_s = [self.clock.seconds_at(beat + ahead) for ahead in (0.0, 1 / 24, 0.5, 64.0)]
            assert all(math.isfinite(at_s) for at_s in due_s)
            assert due_s == sorted(set(due_s))
            assert due_s[0] == pytest.approx(self.now_s, abs=1e-6)
            self._grid.follow(anchor)
            assert self._grid.seconds_at(self._grid.earliest(self.now_s)) == pytest.approx(self.now_s, abs=0.6)
        assert 20 <= self.clock.bpm <= 400
        self.bpms.append(self.clock.bpm)


def stalled(bpm: float, stall_s: float, kind: Stall, gap_s: float = 0.0, jitter_s: float = 0.0) -> list[float]:
    """The arrivals of a clock that stalls after four beats; what is held up comes one by one, `gap_s` apart."""
    rng, tick_s = random.Random(1), tick_seconds(bpm)
    even_s = [1.0 + i * tick_s + rng.uniform(-jitter_s, jitter_s) for i in range(9 * TICKS_PER_BEAT)]
    before_s, after_s = even_s[: 4 * TICKS_PER_BEAT], even_s[4 * TICKS_PER_BEAT :]
    free_s = before_s[-1] + stall_s
    if kind == "frozen":
        return before_s + [at_s + stall_s for at_s in after_s]
    if kind == "lost":
        return before_s + [at_s for at_s in after_s if at_s >= free_s]
    arrivals_s = []
    for at_s in after_s:
        arrivals_s.append(max(at_s, free_s))
        free_s = max(free_s + gap_s, at_s)
    return before_s + arrivals_s


_gaps_s = st.sampled_from([0.0, 0.0, 0.0005, 0.003, 0.006, 0.01, 0.0208, 0.05, 0.3, 1.9, 2.1]) | st.floats(0, 3)
_messages = st.one_of(
    st.just(Start()), st.just(Stop()), st.just(Continue()), st.builds(Position, st.integers(0, 64)),
    st.builds(Tempo, st.floats(1, 999)),
)  # fmt: skip
_runs = st.tuples(_gaps_s, st.integers(1, 60))
_jitters_s = st.sampled_from([0.0, 0.001, 0.003, 0.02])
_steps = st.lists(
    st.tuples(st.just("run"), _runs, _jitters_s)
    | st.tuples(st.just("say"), _messages, _gaps_s)
    | st.tuples(st.just("link"), st.floats(1, 999), _gaps_s),
    min_size=1,
    max_size=14,
)


@settings(max_examples=300)
@given(_steps, st.integers(0, 3))
@example([("say", Start(), 0.0), ("run", (0.0208, 60), 0.001), ("say", Stop(), 0.3), ("say", Continue(), 0.0)], 0)
def test_whatever_a_clock_sends_musical_time_runs_forward(
    steps: list[tuple[str, Event | float | tuple[float, int], float]], seed: int
) -> None:
    rng, watched = random.Random(seed), Watched()
    for _, what, aside_s in steps:
        if isinstance(what, tuple):
            gap_s, count = what
            begin_s = watched.now_s
            arrivals_s = [begin_s + i * gap_s + rng.uniform(0, aside_s) for i in range(count)]
            if gap_s * count < 20:
                watched.hear_ticks(sorted(arrivals_s))
        elif isinstance(what, float):
            watched.link(LinkBeat(rng.uniform(-5, 5), what, watched.now_s, rng.choice([0, 1, 1]), rng.random() < 0.7))
            watched.wait(watched.now_s + aside_s)
        else:
            watched.hear(what, watched.now_s + aside_s)
    watched.wait(watched.now_s + 2 * LOST_S)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(1, 45), st.sampled_from([0.0, 0.001, 0.004]), st.floats(0.05, 0.9)), max_size=12))
@example([(45, 0.0, 0.9), (12, 0.001, 0.25), (24, 0.0, 0.5)])
def test_clumps_of_ticks_turn_no_tempo_round(clumps: list[tuple[int, float, float]]) -> None:
    watched = Watched()
    watched.hear(Start(), 0.99)
    watched.hear_ticks([1.0 + i * tick_seconds(120) for i in range(TICKS_PER_BEAT)])
    for count, gap_s, pause_s in clumps:
        begin_s = watched.now_s + pause_s
        watched.hear_ticks([begin_s + i * gap_s for i in range(count)])
    watched.wait(watched.now_s + LOST_S + 0.1)


@settings(max_examples=200)
@given(
    st.floats(40, 240),
    st.floats(0.05, 0.99),
    st.sampled_from(["held up", "frozen", "lost"]),
    st.floats(0, 0.6),
)
@example(120.0, 0.9, "held up", 0.0)
@example(40.0, 0.5, "held up", 0.1)
def test_a_stall_that_is_shorter_than_a_beat_leaves_the_tempo_alone(
    bpm: float, stall_beats: float, kind: Stall, gap_ticks: float
) -> None:
    for jitter_s in (0.0, 0.001):
        watched = Watched(bpm)
        watched.hear(Start(), 0.99)
        arrivals_s = stalled(bpm, stall_beats * 60 / bpm, kind, gap_ticks * tick_seconds(bpm), jitter_s)
        watched.hear_ticks(arrivals_s)
        assert min(watched.bpms) > bpm * (0.99 if jitter_s == 0.0 else 0.94)
        assert max(watched.bpms) < bpm * (1.01 if jitter_s == 0.0 else 1.06)
        watched.wait(arrivals_s[-1] + LOST_S + 0.1)
        assert watched.clock.source == "lost"
        assert watched.clock.bpm == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize(("stall_s", "count", "gap_s"), [(0.06, 3, 0.006), (0.1, 4, 0.01), (0.2, 8, 0.008)])
def test_a_clock_that_stalls_catches_up_and_is_lost_leaves_the_band_at_its_tempo(
    stall_s: float, count: int, gap_s: float
) -> None:
    watched = Watched()
    watched.hear(Start(), 0.99)
    watched.hear_ticks([1.0 + i * tick_seconds(120) for i in range(40 * TICKS_PER_BEAT)])
    begin_s = watched.now_s + stall_s
    watched.hear_ticks([begin_s + i * gap_s for i in range(count)])
    watched.wait(watched.now_s + LOST_S + 0.1)
    assert watched.clock.source == "lost"
    assert watched.clock.bpm == pytest.approx(120, rel=1e-4)
    assert max(watched.bpms) == pytest.approx(120, rel=1e-4)


@pytest.mark.parametrize(("beats", "coasts_at"), [(0.75, 100), (1.5, 160)])
def test_a_tempo_is_coasted_on_only_if_it_has_stood_for_a_beat(beats: float, coasts_at: float) -> None:
    watched = Watched(100)
    watched.hear(Start(), 0.99)
    watched.hear_ticks([1.0 + i * tick_seconds(100) for i in range(8 * TICKS_PER_BEAT)])
    begin_s = watched.now_s
    watched.hear_ticks([begin_s + (i + 1) * tick_seconds(160) for i in range(round(beats * TICKS_PER_BEAT))])
    assert watched.clock.bpm == pytest.approx(160, rel=0.01)  # while it ticks, it is followed at once
    watched.wait(watched.now_s + LOST_S + 0.1)
    assert watched.clock.bpm == pytest.approx(coasts_at, rel=0.01)


def test_a_song_that_goes_on_elsewhere_than_the_band_stood_is_a_jump() -> None:
    watched = Watched()
    watched.hear(Start(), 0.99)
    watched.hear_ticks([1.0 + i * tick_seconds(120) for i in range(2 * TICKS_PER_BEAT)])
    stood_s = watched.now_s + 1.5  # the ticks of three beats are lost, so the band is ahead of their count
    watched.hear(Stop(), stood_s)
    stood: Anchor = watched.clock.anchor
    assert stood.beat == pytest.approx(5.0, abs=0.05)
    watched.hear(Continue(), stood_s + 0.3)
    watched.hear(Tick(), stood_s + 0.31)
    assert watched.clock.anchor.beat == 2.0
    assert watched.clock.anchor.epoch == stood.epoch + 1
