"""The free tempo, and following a MIDI clock through jitter, jumps and loss."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from bollylive.clock.anchor import Anchor
from bollylive.clock.clock import Clock
from bollylive.midi.messages import Continue, NoteOn, Position, Start, Stop, Tempo, Tick


def tick_s(bpm: float) -> float:
    return 60.0 / bpm / 24


def feed(clock: Clock, count: int, bpm: float, from_s: float) -> float:
    """Sends `count` even ticks, the first at `from_s`; the time of the one after the last."""
    for i in range(count):
        now_s = from_s + i * tick_s(bpm)
        clock.check(now_s)
        clock.handle(Tick(), now_s)
    return from_s + count * tick_s(bpm)


def following(bpm: float, beats: int = 4) -> tuple[Clock, float]:
    """A clock that follows from beat 0 at 1 s, and the second of beat `beats`, whose tick has not come."""
    clock = Clock(bpm, 0.0)
    clock.handle(Start(), 0.99)
    return clock, feed(clock, beats * 24, bpm, 1.0)


def test_a_free_clock_runs_from_the_beginning() -> None:
    clock = Clock(120, 10.0)
    assert clock.source == "free"
    assert clock.beat_at(11.0) == pytest.approx(2.0)
    assert clock.seconds_at(4.0) == pytest.approx(12.0)


def test_a_new_free_tempo_does_not_move_the_beat() -> None:
    clock = Clock(120, 0.0)
    assert clock.handle(Tempo(60), 1.0)
    assert clock.beat_at(1.0) == pytest.approx(2.0)
    assert clock.beat_at(2.0) == pytest.approx(3.0)


@pytest.mark.parametrize(("bpm", "kept"), [(1, 20), (0, 20), (-5, 20), (10_000, 400)])
def test_the_tempo_is_kept_within_bounds(bpm: float, kept: float) -> None:
    assert Clock(bpm, 0.0).anchor.seconds_per_beat == pytest.approx(60 / kept)


def test_what_is_no_clock_word_changes_nothing() -> None:
    clock = Clock(120, 0.0)
    assert not clock.handle(NoteOn(0, 60, 100), 1.0)


def test_after_start_beat_0_waits_for_the_tick() -> None:
    clock = Clock(120, 0.0)
    assert clock.handle(Start(), 5.0)
    assert clock.beat_at(6.0) == 0.0
    assert clock.anchor.epoch == 1
    assert clock.handle(Tick(), 6.5)
    assert clock.beat_at(6.5) == 0.0
    assert clock.beat_at(7.0) == pytest.approx(1.0)


def test_a_steady_clock_is_told_only_once() -> None:
    clock = Clock(120, 0.0)
    clock.handle(Start(), 0.99)
    changes = [clock.handle(Tick(), 1.0 + i * tick_s(120)) for i in range(240)]
    assert changes == [True, *[False] * 239]


def test_stop_holds_the_beat_and_continue_goes_on_with_the_next_tick() -> None:
    clock, now_s = following(120)
    assert clock.handle(Stop(), now_s - 0.001)
    assert clock.beat_at(now_s + 60) == pytest.approx(4.0, abs=0.01)
    clock.handle(Continue(), now_s + 60)
    assert not clock.anchor.running
    assert clock.handle(Tick(), now_s + 61)
    assert clock.beat_at(now_s + 61) == 4.0
    assert clock.anchor.epoch == 1


def test_ticks_during_stop_do_not_move_the_beat_but_tell_the_tempo() -> None:
    clock, now_s = following(120)
    clock.handle(Stop(), now_s)
    now_s = feed(clock, 48, 90, now_s)
    assert clock.beat_at(now_s) == pytest.approx(4.0)
    clock.handle(Continue(), now_s)
    clock.handle(Tick(), now_s + 0.01)
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / 90)


def test_a_song_position_is_a_jump() -> None:
    clock, now_s = following(120)
    clock.handle(Stop(), now_s)
    assert clock.handle(Position(33), now_s)
    assert clock.beat_at(now_s + 1) == 8.25
    assert clock.anchor.epoch == 2
    clock.handle(Continue(), now_s + 2)
    clock.handle(Tick(), now_s + 2.5)
    assert clock.beat_at(now_s + 3) == pytest.approx(9.25)


def test_a_song_position_on_the_run_takes_effect_with_the_next_tick() -> None:
    clock, now_s = following(120)
    clock.handle(Position(0), now_s - 0.01)
    assert clock.beat_at(now_s) == 0.0
    clock.handle(Tick(), now_s)
    assert clock.beat_at(now_s + 0.5) == pytest.approx(1.0)


def test_a_song_position_moves_a_free_clock_without_stopping_it() -> None:
    clock = Clock(120, 0.0)
    clock.handle(Position(16), 1.0)
    assert clock.beat_at(1.5) == pytest.approx(5.0)


def test_a_song_position_with_continue_leads_a_free_clock_to_the_place_of_the_daw() -> None:
    clock = Clock(120, 0.0)
    clock.handle(Position(16), 1.0)
    assert not clock.anchor.followed
    assert clock.handle(Continue(), 9.0)
    assert clock.beat_at(9.01) == 4.0
    clock.handle(Tick(), 9.02)
    assert clock.anchor.followed
    assert clock.beat_at(9.52) == pytest.approx(5.0)


def test_an_anchor_is_followed_only_when_the_clock_has_told_its_place() -> None:
    clock = Clock(120, 0.0)
    now_s = feed(clock, 48, 120, 1.0)
    assert not clock.anchor.followed
    clock.handle(Start(), now_s)
    assert clock.anchor.followed
    now_s = feed(clock, 48, 120, now_s)
    assert clock.anchor.followed
    clock.check(now_s + 3)
    assert clock.anchor.followed  # it is only lost


def test_a_daw_that_ticks_while_it_stands_still_gives_the_tempo_and_from_its_start_on_the_bars() -> None:
    clock = Clock(96, 0.0)
    now_s = feed(clock, 8 * 24, 132, 1.0)
    assert clock.bpm == pytest.approx(132, rel=0.001)
    assert (clock.anchor.running, clock.anchor.is_free, clock.source) == (True, True, "midi")
    clock.handle(Start(), now_s)
    assert not clock.anchor.running
    now_s = feed(clock, 25, 132, now_s)  # the first of them is beat 0
    assert clock.beat_at(now_s - tick_s(132)) == pytest.approx(1.0, abs=0.01)
    assert (clock.anchor.running, clock.anchor.is_free) == (True, False)
    clock.handle(Stop(), now_s)
    stood = clock.beat_at(now_s)
    now_s = feed(clock, 48, 132, now_s)  # it goes on ticking
    assert (clock.anchor.running, clock.beat_at(now_s)) == (False, stood)


def test_continue_on_the_run_changes_nothing() -> None:
    clock, now_s = following(120)
    assert not clock.handle(Continue(), now_s)


def test_a_stop_before_the_first_tick_takes_the_start_back() -> None:
    clock = Clock(120, 0.0)
    clock.handle(Start(), 1.0)
    clock.handle(Stop(), 1.001)
    feed(clock, 24, 120, 1.01)
    assert clock.beat_at(2.0) == 0.0


def test_ticks_without_start_are_adopted_without_a_jump() -> None:
    clock = Clock(100, 0.0)
    now_s, last = 7.777, 0.0
    for _ in range(24 * 8):
        before = clock.beat_at(now_s)
        clock.check(now_s)
        clock.handle(Tick(), now_s)
        assert clock.beat_at(now_s) == pytest.approx(before, abs=1 / 48)
        assert clock.beat_at(now_s) > last
        last = clock.beat_at(now_s)
        now_s += tick_s(133)
    assert clock.source == "midi"
    assert clock.anchor.running
    assert clock.anchor.epoch == 0
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / 133, rel=0.002)
    assert clock.beat_at(now_s) * 24 == pytest.approx(round(clock.beat_at(now_s) * 24), abs=0.1)


def test_two_ticks_never_set_the_tempo() -> None:
    clock = Clock(120, 0.0)
    clock.handle(Start(), 1.0)
    feed(clock, 2, 50, 1.0)
    assert clock.anchor.seconds_per_beat == pytest.approx(0.5, rel=0.2)


@pytest.mark.parametrize("bpm", [40, 120, 240])
def test_jitter_of_3_ms_leaves_the_next_beat_known_to_2_ms(bpm: float) -> None:
    rng = random.Random(bpm)
    clock = Clock(bpm, 0.0)
    clock.handle(Start(), 0.99)
    errors_s, changes = [], 0
    for i in range(2400):
        now_s = 1.0 + i * tick_s(bpm) + rng.uniform(-0.003, 0.003)
        changes += clock.check(now_s) + clock.handle(Tick(), now_s)
        if i > 96:
            errors_s.append(abs(clock.seconds_at(i / 24 + 1) - (1.0 + (i + 24) * tick_s(bpm))))
    assert sorted(errors_s)[int(0.95 * len(errors_s))] < 0.002
    assert changes < 2400 / 24 * 4


@pytest.mark.parametrize("jitter_s", [0.0, 0.003])
@pytest.mark.parametrize("phase", [0.0, 0.4])
@pytest.mark.parametrize(("before", "after"), [(40, 240), (240, 40), (120, 126), (126, 63)])
def test_a_tempo_jump_is_followed_within_two_beats(before: float, after: float, phase: float, jitter_s: float) -> None:
    rng = random.Random(1)
    jump_s = 10.0 + (120 + phase) * tick_s(before)

    def true_s(tick: int) -> float:
        if tick <= 120 + phase:
            return 10.0 + tick * tick_s(before)
        return jump_s + (tick - 120 - phase) * tick_s(after)

    clock = Clock(before, 0.0)
    clock.handle(Start(), 9.99)
    last = -1.0
    for tick in range(240):
        now_s = true_s(tick) + rng.uniform(-jitter_s, jitter_s)
        clock.check(now_s)
        before_beat = clock.beat_at(now_s)
        clock.handle(Tick(), now_s)
        beat = clock.beat_at(now_s)
        assert beat == pytest.approx(before_beat, abs=0.001)  # never a jump, only another speed
        assert beat > last
        last = beat
        if tick > 120 + 48:
            assert clock.seconds_at(tick / 24 + 1) == pytest.approx(true_s(tick + 24), abs=0.010)


def test_one_late_tick_does_not_bend_the_tempo() -> None:
    clock, now_s = following(120)
    before = clock.anchor
    clock.handle(Tick(), now_s + 0.015)
    feed(clock, 48, 120, now_s + tick_s(120))
    assert clock.anchor is before


def test_ticks_held_up_and_come_all_at_once_tell_no_tempo() -> None:
    clock, now_s = following(120)
    before = clock.anchor
    for _ in range(5):
        clock.handle(Tick(), now_s + 5 * tick_s(120))
    feed(clock, 24, 120, now_s + 5 * tick_s(120))
    assert clock.anchor is before


@pytest.mark.parametrize("bpm", [97, 133.3])
def test_ticks_in_the_grid_of_a_large_audio_buffer_are_still_followed(bpm: float) -> None:
    period_s = 1024 / 48_000
    clock = Clock(120, 0.0)
    clock.handle(Start(), 0.99)
    for i in range(24 * 24):
        now_s = ((1.0 + i * tick_s(bpm)) // period_s + 1) * period_s
        clock.check(now_s)
        clock.handle(Tick(), now_s)
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / bpm, rel=0.01)


def test_without_a_clock_time_goes_on_at_its_tempo() -> None:
    clock, now_s = following(90)
    beat = clock.beat_at(now_s + 1.9)
    assert not clock.check(now_s + 1.9)
    assert clock.check(now_s + 2.1)
    assert clock.source == "lost"
    assert clock.anchor.running
    assert clock.anchor.followed
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / 90)
    assert clock.beat_at(now_s + 2.1) == pytest.approx(beat + 0.2 * 90 / 60)


@pytest.mark.parametrize("ticks_meanwhile", [False, True])
def test_a_song_that_was_stopped_stands_still_until_it_goes_on(ticks_meanwhile: bool) -> None:
    clock, now_s = following(90)
    clock.handle(Stop(), now_s)
    if ticks_meanwhile:
        feed(clock, 24 * 60, 90, now_s)
    now_s += 600
    assert not clock.check(now_s)
    assert (clock.source, clock.anchor.running) == ("midi", False)
    assert clock.beat_at(now_s) == pytest.approx(4.0)
    clock.handle(Continue(), now_s)
    feed(clock, 24, 90, now_s)
    assert clock.anchor.running
    assert clock.anchor.epoch == 1


def test_a_stopped_song_goes_on_in_free_tempo_when_its_source_is_gone() -> None:
    clock, now_s = following(90)
    assert not clock.lose_source(now_s)  # a song that runs is only lost, see above
    clock.handle(Stop(), now_s)
    assert clock.lose_source(now_s + 1)
    assert (clock.source, clock.anchor.running, clock.anchor.followed) == ("free", True, False)
    assert clock.beat_at(now_s + 1 + 60 / 90) == pytest.approx(5.0)


def test_a_tap_ends_a_stop_if_the_clock_is_silent_and_only_then() -> None:
    clock, now_s = following(90)
    clock.handle(Stop(), now_s)
    now_s = feed(clock, 24, 90, now_s)
    assert not clock.tap(Tempo(100), now_s)
    assert not clock.handle(Tempo(100), now_s + 60)  # a saved set does not start the song
    assert clock.tap(Tempo(100), now_s + 60)
    assert (clock.source, clock.anchor.running) == ("free", True)
    assert clock.anchor.seconds_per_beat == pytest.approx(60 / 100)


def test_a_tap_ends_a_stop_that_came_without_a_clock() -> None:
    clock = Clock(120, 0.0)
    clock.handle(Stop(), 5.0)
    assert not clock.check(30.0)
    assert clock.tap(Tempo(100), 30.0)
    assert clock.anchor.running


def test_a_clock_that_stays_away_leaves_the_tempo_to_the_musician() -> None:
    clock, now_s = following(120)
    clock.check(now_s + 3)
    assert not clock.check(now_s + 33)
    assert clock.check(now_s + 3.1 + 64 / 2)
    assert (clock.source, clock.anchor.followed) == ("free", False)
    assert clock.beat_at(now_s + 40) == pytest.approx(4 + 80)
    assert clock.handle(Tempo(60), now_s + 40)


def test_a_lost_clock_that_is_back_leads_in_the_bars_of_before() -> None:
    clock, now_s = following(120)
    clock.check(now_s + 3)
    now_s = feed(clock, 48, 120, now_s + 10.0)  # of the twenty beats between, nobody heard
    assert clock.source == "midi"
    assert clock.anchor.followed
    assert clock.beat_at(now_s) == pytest.approx(4 + 20 + 2)


def test_a_lost_clock_that_says_stop_holds_the_beat_where_it_came_to() -> None:
    clock, now_s = following(120)
    clock.check(now_s + 3)
    clock.handle(Stop(), now_s + 5)
    assert clock.beat_at(now_s + 6) == pytest.approx(4 + 10)
    clock.handle(Continue(), now_s + 6)
    clock.handle(Tick(), now_s + 6.01)
    assert clock.beat_at(now_s + 6.51) == pytest.approx(4 + 10 + 1)


def test_a_start_without_a_clock_runs_free_after_a_while() -> None:
    clock = Clock(120, 0.0)
    clock.handle(Start(), 1.0)
    assert clock.check(3.1)
    assert clock.source == "lost"
    assert not clock.anchor.followed
    assert clock.beat_at(3.1) == 0.0
    assert clock.beat_at(3.6) == pytest.approx(1.0)


def test_ticks_that_return_after_a_pause_are_taken_up_again_smoothly() -> None:
    clock, now_s = following(120)
    now_s += 1.5  # the DAW stood still for three beats, and then goes on where it was
    last = clock.beat_at(now_s)
    for i in range(24 * 8):
        at_s = now_s + i * tick_s(120)
        clock.check(at_s)
        clock.handle(Tick(), at_s)
        assert clock.beat_at(at_s) >= last
        last = clock.beat_at(at_s)
    assert last == pytest.approx(4 + (24 * 8 - 1) / 24, abs=0.01)


@pytest.mark.parametrize("word", [Tick, Start, Continue, Stop, lambda: Position(3), lambda: Tempo(99)])
def test_any_word_at_any_moment_is_harmless(word: Callable[[], Tick]) -> None:
    for prelude in ([], [Start()], [Start(), Tick()], [Stop()], [Tick()], [Position(4)], [Stop(), Continue()]):
        clock = Clock(120, 0.0)
        for event in [*prelude, word(), word(), Tick(), Stop()]:
            clock.handle(event, 1.0)
            clock.check(1.0)
        assert clock.beat_at(1.0) >= 0.0


def test_a_free_tempo_goes_on_where_a_clock_stood_that_is_gone() -> None:
    anchor = Anchor(7.0, 0.4, 50.0, epoch=2)
    clock = Clock(96, 100.0)
    clock.resume(anchor, 100.0)
    assert (clock.anchor, clock.source) == (anchor, "free")
    assert not clock.check(300.0)
    assert clock.beat_at(300.0) == pytest.approx(7.0 + 250 / 0.4)


def test_a_midi_clock_that_led_before_is_joined_again_at_the_nearest_tick() -> None:
    clock = Clock(96, 10.0)
    clock.resume(Anchor(8.0, 0.5, 9.0, epoch=1, followed=True), 10.0)
    leaders = [clock.source]
    for tick in range(48):
        clock.handle(Tick(), 10.1 + 0.002 + tick * 0.5 / 24)
        clock.check(10.1 + 0.002 + tick * 0.5 / 24)
    assert [*leaders, clock.source] == ["lost", "midi"]
    assert clock.anchor.epoch == 1
    assert clock.anchor.followed
    now_s = 10.1 + 0.002 + 47 * 0.5 / 24
    assert clock.beat_at(now_s) == pytest.approx(8.0 + (now_s - 9.0) / 0.5, abs=1 / 24)


def test_a_song_that_stood_still_goes_on_there_at_a_continue() -> None:
    clock = Clock(96, 10.0)
    clock.resume(Anchor(16.0, 0.5, 9.0, running=False, epoch=1, followed=True), 10.0)
    assert not clock.check(10.5)
    clock.handle(Continue(), 11.0)
    clock.handle(Tick(), 11.005)
    assert clock.anchor.running
    assert clock.beat_at(11.005) == pytest.approx(16.0)
    assert clock.anchor.epoch == 1
