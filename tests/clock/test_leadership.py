"""Who leads the beat: a MIDI clock, then an Ableton Link session, then the musician or the tempo that was set."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.clock.anchor import LinkBeat, PlayerBeat
from bollylive.clock.clock import Clock
from bollylive.midi.messages import Continue, Event, Position, Start, Stop, Tempo, Tick

STEP_S = 0.05
NOTHING_BEATS = 0.0004  # 50 microseconds, of a correction that is done


def leader(clock: Clock) -> str:
    return clock.source


def link(at_s: float, bpm: float = 120.0, peers: int = 1, beat_0_s: float = 0.0, playing: bool = False) -> LinkBeat:
    """A session in bars of four whose beat 0 was at a second."""
    return LinkBeat((at_s - beat_0_s) * bpm / 60, bpm, at_s, peers, playing)


def linked(clock: Clock, from_s: float, to_s: float, bpm: float = 120.0, beat_0_s: float = 0.0) -> float:
    """Polls a session as the io process does; the second of the next poll."""
    for i in range(round((to_s - from_s) / STEP_S)):
        clock.follow_link(link(from_s + i * STEP_S, bpm, beat_0_s=beat_0_s))
        clock.check(from_s + i * STEP_S)
    return to_s


def ticks(clock: Clock, from_s: float, beats: float, bpm: float = 120.0) -> float:
    tick_s = 60 / bpm / 24
    for i in range(round(24 * beats)):
        clock.check(from_s + i * tick_s)
        clock.handle(Tick(), from_s + i * tick_s)
    return from_s + beats * 60 / bpm


def wait(clock: Clock, from_s: float, to_s: float) -> None:
    for i in range(round((to_s - from_s) / STEP_S)):
        clock.check(from_s + i * STEP_S)


def place(clock: Clock, now_s: float, beats_per_bar: int = 4) -> float:
    assert clock.anchor.bar_beat is not None
    return (clock.beat_at(now_s) - clock.anchor.bar_beat) % beats_per_bar


def test_link_leads_only_when_others_are_there() -> None:
    clock = Clock(96, 0.0)
    assert not clock.follow_link(link(1.0, 140, peers=0))
    assert leader(clock) == "free"
    assert clock.follow_link(link(1.05, 140, peers=1))
    assert leader(clock) == "link"
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / 140)


def test_when_link_begins_to_lead_the_bar_lines_move_and_the_beat_does_not() -> None:
    clock = Clock(120, 0.0)
    before, epoch = clock.beat_at(3.3), clock.anchor.epoch
    clock.follow_link(link(3.3, 90, beat_0_s=1.0))
    assert clock.beat_at(3.3) == before
    assert clock.anchor.epoch == epoch
    assert place(clock, 3.3) == pytest.approx(2.3 * 1.5)
    assert place(clock, 5.3) == pytest.approx(4.3 * 1.5 % 4)


def test_a_tempo_change_of_the_session_is_followed_without_a_jump() -> None:
    clock = Clock(120, 0.0)
    linked(clock, 0.0, 2.0, 120)
    # The beat of 2.03 s is 4.06 at either tempo.
    for i in range(100):
        now_s = 2.03 + i * STEP_S
        before = clock.beat_at(now_s)
        clock.follow_link(replace(link(now_s, 90), beat=4.06 + (now_s - 2.03) * 1.5))
        clock.check(now_s)
        assert clock.beat_at(now_s) == pytest.approx(before)
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / 90)
    assert place(clock, now_s) == pytest.approx((4.06 + (now_s - 2.03) * 1.5) % 4, abs=0.002)


def test_a_small_error_of_phase_is_steered_away_and_a_steady_session_told_only_once() -> None:
    clock = Clock(120, -0.7)
    now_s = linked(clock, 0.0, 1.0)
    anchors = {id(clock.anchor)}
    for i in range(40):
        clock.follow_link(link(now_s + i * STEP_S))
        anchors.add(id(clock.anchor))
    assert len(anchors) == 1
    now_s += 2.0
    linked(clock, now_s, now_s + 1.0, beat_0_s=0.02)
    assert place(clock, now_s + 1.0) == pytest.approx((now_s + 0.98) * 2 % 4, abs=0.002)


def test_a_session_that_leaps_moves_the_bar_lines_only() -> None:
    clock = Clock(120, 0.0)
    now_s = linked(clock, 0.0, 1.0)
    beat = clock.beat_at(now_s)
    clock.follow_link(link(now_s, beat_0_s=0.7))
    assert clock.beat_at(now_s) == beat
    assert place(clock, now_s) == pytest.approx(0.3 * 2)


def test_a_tap_does_not_change_the_tempo_of_a_session() -> None:
    clock = Clock(120, 0.0)
    now_s = linked(clock, 0.0, 1.0)
    assert not clock.handle(Tempo(60), now_s)


def test_who_is_left_alone_in_a_session_keeps_its_tempo() -> None:
    clock = Clock(96, 0.0)
    now_s = linked(clock, 0.0, 2.0, 140)
    beat = clock.beat_at(now_s)
    assert clock.follow_link(link(now_s, 140, peers=0))
    assert (clock.source, clock.anchor.bar_beat) == ("free", None)
    assert clock.beat_at(now_s) == beat
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / 140)
    assert clock.handle(Tempo(60), now_s)


def test_a_session_that_is_joined_without_playing_does_not_stop_the_band() -> None:
    clock = Clock(120, 0.0)
    for now_s, peers, playing in ((1.0, 1, True), (1.05, 0, True), (4.0, 1, False), (4.05, 1, False)):
        clock.follow_link(link(now_s, peers=peers, playing=playing))
        assert clock.anchor.running
    clock.follow_link(link(4.1, playing=True))
    clock.follow_link(link(4.15))
    assert not clock.anchor.running


def test_a_midi_clock_leads_before_link_and_link_takes_over_when_it_is_lost() -> None:
    clock = Clock(120, 0.0)
    now_s = linked(clock, 0.0, 1.0, 120)
    clock.handle(Start(), now_s)
    assert leader(clock) == "midi"
    now_s = ticks(clock, now_s + 0.01, 8, 100)
    assert not clock.follow_link(link(now_s, 140))
    clock.check(now_s + 2.1)
    assert leader(clock) == "lost"
    beat = clock.beat_at(now_s + 2.15)
    assert clock.follow_link(link(now_s + 2.15, 140))
    assert leader(clock) == "link"
    assert clock.beat_at(now_s + 2.15) == beat
    assert not clock.anchor.followed
    now_s = ticks(clock, now_s + 2.2, 8, 100)
    assert leader(clock) == "midi"
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / 100, rel=0.01)


def test_start_and_stop_are_those_of_the_session_if_it_shares_them() -> None:
    clock = Clock(120, 0.0)
    assert clock.follow_link(link(1.0))
    assert clock.anchor.running  # nobody has said anything yet
    clock.follow_link(link(1.05, playing=True))
    assert clock.follow_link(link(2.0, playing=False))
    assert not clock.anchor.running
    assert not clock.follow_link(link(3.0, playing=False))
    assert clock.beat_at(3.0) == pytest.approx(4.0)
    assert clock.follow_link(link(3.5, playing=True))
    assert clock.beat_at(3.5) == pytest.approx(4.0)
    assert place(clock, 3.5) == pytest.approx(3.0)
    assert clock.anchor.epoch == 0


def test_who_leaves_a_session_that_stands_still_goes_on() -> None:
    clock = Clock(120, 0.0)
    for at_s, playing in ((1.0, True), (2.0, False)):
        clock.follow_link(link(at_s, playing=playing))
    clock.follow_link(link(3.0, peers=0))
    assert clock.anchor.running
    assert leader(clock) == "free"


def test_the_player_leads_where_nobody_else_does() -> None:
    clock = Clock(120, 0.0)
    assert clock.follow_player(PlayerBeat(4.1, 0.55, 2.0, 0), 2.01)
    assert leader(clock) == "player"
    assert clock.beat_at(2.01) == pytest.approx(4.02)
    wait(clock, 2.01, 3.0)
    assert clock.beat_at(3.0) == pytest.approx(4.1 + 1 / 0.55, abs=NOTHING_BEATS)
    clock.follow_link(link(4.0))
    assert not clock.follow_player(PlayerBeat(9.0, 0.55, 4.0, 0), 4.01)
    assert leader(clock) == "link"


def test_a_tap_takes_the_tempo_back_from_the_player() -> None:
    clock = Clock(120, 0.0)
    clock.follow_player(PlayerBeat(4.1, 0.55, 2.0, 0), 2.01)
    assert clock.handle(Tempo(90), 3.0)
    assert leader(clock) == "free"
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / 90)


@pytest.mark.parametrize(("asked_bpm", "bpm"), [(20, 60), (500, 240)])
def test_the_player_leads_no_further_than_half_and_twice_the_tempo(asked_bpm: float, bpm: float) -> None:
    clock = Clock(120, 0.0)
    clock.follow_player(PlayerBeat(4.0, 60 / asked_bpm, 2.0, 0), 2.0)
    wait(clock, 2.0, 10.0)
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / bpm)


@pytest.mark.parametrize("ahead_beats", [13.2, 0.8, -0.8, -3.2])
def test_the_player_turns_the_beat_by_less_than_one(ahead_beats: float) -> None:
    clock = Clock(120, 0.0)
    clock.follow_player(PlayerBeat(4 + ahead_beats, 0.5, 2.0, 0), 2.0)
    wait(clock, 2.0, 10.0)
    assert clock.beat_at(10.0) == pytest.approx(20 + math.fmod(ahead_beats, 1), abs=NOTHING_BEATS)


@pytest.mark.parametrize(("ahead_beats", "bpm"), [(0.9, 180), (-0.9, 60)])
def test_the_band_catches_up_with_a_player_and_waits_for_them_at_a_tempo_that_can_be_played(
    ahead_beats: float, bpm: float
) -> None:
    clock = Clock(120, 0.0)
    clock.follow_player(PlayerBeat(4 + ahead_beats, 0.5, 2.0, 0), 2.0)
    assert 60 / clock.anchor.seconds_per_beat == pytest.approx(bpm)


def test_what_was_heard_before_a_jump_or_a_stop_leads_nobody() -> None:
    clock = Clock(120, 0.0)
    clock.handle(Position(16), 1.0)
    assert not clock.follow_player(PlayerBeat(2.1, 0.5, 1.0, 0), 1.1)
    clock.handle(Stop(), 2.0)
    assert not clock.follow_player(PlayerBeat(6.1, 0.5, 2.0, 1), 2.1)


_acts = st.one_of(
    st.tuples(st.just("ticks"), st.floats(30, 300), st.floats(0.5, 4)),
    st.tuples(st.just("link"), st.floats(20, 400), st.floats(0.1, 4)),
    st.tuples(st.just("link stands"), st.floats(20, 400), st.floats(0.1, 2)),
    st.tuples(st.just("alone"), st.floats(20, 400), st.just(0.1)),
    st.tuples(st.just("player"), st.floats(30, 300), st.floats(0.1, 4)),
    st.tuples(st.just("silence"), st.just(0.0), st.floats(0.1, 40)),
    st.tuples(st.just("tap"), st.floats(20, 300), st.just(0.0)),
    st.tuples(st.sampled_from(["start", "stop", "continue", "position"]), st.just(0.0), st.just(0.0)),
)


@given(st.lists(_acts, min_size=1, max_size=12), st.floats(0, 10))
def test_whoever_comes_and_goes_the_beat_never_jumps_but_where_an_epoch_says_so(
    acts: list[tuple[str, float, float]], offset_s: float
) -> None:
    clock = Clock(100, 0.0)
    now_s, before = 0.0, clock.anchor

    def look() -> None:
        nonlocal before
        after = clock.anchor
        assert 0.15 / 1.751 < after.seconds_per_beat < 3.0 * 4.001  # 20 to 400, and at worst 1/4 and 7/4 of that
        if after.epoch == before.epoch:
            beat = before.beat_at(now_s)
            # At a Continue, and where ticks set a song going that stood still, it goes on at a whole tick.
            rounding = 0.0 if before.running else 1 / 24
            assert after.beat_at(now_s) == pytest.approx(beat, abs=rounding + NOTHING_BEATS)
        before = after

    for kind, bpm, seconds in acts:
        end_s = now_s + seconds
        match kind:
            case "tap":
                clock.handle(Tempo(bpm), now_s)
                look()
            case "start" | "stop" | "continue" | "position":
                words: dict[str, Event] = {
                    "start": Start(),
                    "stop": Stop(),
                    "continue": Continue(),
                    "position": Position(7),
                }
                clock.handle(words[kind], now_s)
                look()
        while now_s < end_s:
            match kind:
                case "ticks":
                    clock.handle(Tick(), now_s)
                case "link" | "alone" | "link stands":
                    playing = kind == "link"
                    clock.follow_link(link(now_s, bpm, int(kind != "alone"), offset_s, playing))
                case "player":
                    heard = PlayerBeat((now_s - offset_s) * bpm / 60, 60 / bpm, now_s, clock.anchor.epoch)
                    clock.follow_player(heard, now_s)
            look()
            now_s += 60 / bpm / 24 if kind == "ticks" else 0.1
            clock.check(now_s)
            look()
