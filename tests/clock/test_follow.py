"""A MIDI clock as it really comes, uneven and with changes: how well the beat is followed, and the band with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from daw import Daw, error_s, follow, share
from fakes import FakePredictor, ons, onsets

from bollylive.clock.clock import Clock
from bollylive.clock.tick_filter import TickFilter
from bollylive.midi.messages import Continue, Event, NoteOff, NoteOn, Tick
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set

BAND = Set(channels=(ChannelSet(0, role="player"), ChannelSet(1, role="accompany")))
SIXTEENTHS = (6,)
KEY, OFF = NoteOn(0, 60, 90), NoteOff(0, 60)


def errors_s(daw: Daw, bpm: float, from_beat: float) -> list[float]:
    """How far a clock is from a DAW, many times a second, from a beat of its song on."""
    clock = Clock(bpm, 0.0)
    errors = []
    for now_s in follow(daw, clock):
        place = daw.place(now_s)
        error = error_s(daw, clock, now_s)
        if place is not None and error is not None and place[0] >= from_beat:
            errors.append(error)
    return errors


def wake(daw: Daw) -> list[tuple[float, Event]]:
    """The note with which the musician, now, brings the band in."""
    return [(daw.now_s + 0.02, KEY), (daw.now_s + 0.1, OFF)]


def perform(daw: Daw, playing: list[tuple[float, Event]]) -> OfflineBand:
    """The band under a DAW, playing sixteenths."""
    band = replace(BAND, clock_rest_after_beats=0)  # it plays on without the musician
    offline = OfflineBand(band, FakePredictor(SIXTEENTHS), 1)
    for at_s, event in sorted([*daw.words, *playing], key=lambda word: word[0]):
        offline.play(event, at_s)
    offline.advance(daw.now_s)
    return offline


def onset_errors_s(daw: Daw, offline: OfflineBand) -> list[float]:
    """By how much each note of the model's came after its place in the song."""
    placed = [(message.beat, daw.place(message.at_s)) for message, _ in ons(offline.sent)]
    return [(place[0] - beat) * place[1] for beat, place in placed if place is not None]


def most_at_once(offline: OfflineBand, seconds: float) -> int:
    """How many notes began within so short a time, where they were densest."""
    times = onsets(offline.sent)
    return max(sum(begin <= at_s < begin + seconds for at_s in times) for begin in times)


@pytest.mark.parametrize("bpm", [60, 120, 200])
@pytest.mark.parametrize("shape", ["even", "gauss"])
def test_3_ms_of_jitter_are_hardly_seen_in_the_beat_and_not_in_the_tempo(bpm: float, shape: str) -> None:
    daw = Daw(0.003, seed=3, shape="even" if shape == "even" else "gauss")
    daw.start()
    daw.play(100, bpm)
    clock, errors, wobble = Clock(bpm, 0.0), [], []
    for now_s in follow(daw, clock):
        error = error_s(daw, clock, now_s)
        if error is not None:
            errors.append(error)
            wobble.append(clock.anchor.seconds_per_beat * bpm / 60 - 1)
    assert share(errors, 0.95) < 0.001
    assert share(wobble, 0.95) < 0.006


@pytest.mark.parametrize(("before", "after"), [(90, 140), (140, 90), (120, 126), (100, 98), (60, 180), (180, 60)])
def test_two_beats_after_a_tempo_jump_the_beat_is_right_again(before: float, after: float) -> None:
    errors, rates = [], []
    for seed in range(6):
        daw = Daw(0.003, seed)
        daw.start()
        daw.play(12, before)
        daw.play(6, after)
        clock = Clock(before, 0.0)
        for now_s in follow(daw, clock):
            place, error = daw.place(now_s), error_s(daw, clock, now_s)
            if place is not None and error is not None and place[0] >= 14:
                errors.append(error)
                rates.append(60 / clock.anchor.seconds_per_beat / after - 1)
    assert share(errors, 0.95) < 0.002
    assert share(rates, 0.90) < 0.01


def test_a_tempo_that_is_known_is_known_at_once_when_the_song_goes_on() -> None:
    daw = Daw(0.003, seed=8)
    daw.start()
    daw.play(16, 110)
    for _ in range(20):
        daw.stop(1.0)
        daw.go_on()
        daw.play(1, 110)
    tick_filter, rates = TickFilter(60 / 110 / 24), []
    for at_s, event in daw.words:
        if isinstance(event, Continue):
            tick_filter.restart()
        elif isinstance(event, Tick):
            tick_filter.add(at_s)
            rates.append(tick_filter.seconds_per_tick * 24 * 110 / 60 - 1)
    assert share(rates[16 * 24 :], 0.95) < 0.005


@pytest.mark.parametrize(("beats", "bound_s"), [(32, 0.0045), (64, 0.003), (128, 0.0022)])
@pytest.mark.parametrize(("begin", "end"), [(60, 180), (180, 60)])
def test_a_ramp_is_followed_without_lag(begin: float, end: float, beats: float, bound_s: float) -> None:
    daw = Daw(0.003, seed=2)
    daw.start()
    daw.play(16, begin)
    daw.play(beats, begin, end)
    daw.play(8, end)
    errors = errors_s(daw, begin, from_beat=8)
    assert share(errors, 0.95) < bound_s
    assert abs(sum(errors) / len(errors)) < 0.001


@pytest.mark.slow
def test_for_five_minutes_of_ramps_stops_and_jumps_the_band_is_within_2_ms_of_the_grid() -> None:
    daw = Daw(0.003, seed=5)
    daw.start()
    playing = wake(daw)
    daw.play(32, 60)
    daw.play(96, 60, 180)
    daw.play(64, 180)
    daw.stop(1.0)
    daw.go_on()
    playing += wake(daw)
    daw.play(64, 180)
    daw.play(96, 180, 60)
    daw.stop(1.0)
    daw.locate(64)  # bar 17
    daw.go_on()
    playing += wake(daw)
    daw.play(48, 60)
    daw.play(32, 96)
    daw.play(100, 100)
    assert daw.now_s > 300
    offline = perform(daw, playing)
    errors = onset_errors_s(daw, offline)
    assert len(errors) > 4 * 500
    assert share(errors, 0.95) < 0.002
    assert abs(sum(errors) / len(errors)) < 0.0003
    assert most_at_once(offline, 0.4) <= 6  # sixteenths at 180 are 83 ms apart


def test_a_jump_to_bar_17_lands_there_and_the_beat_is_right_at_once() -> None:
    daw = Daw(0.003, seed=4)
    daw.start()
    playing = wake(daw)
    daw.play(16, 100)
    daw.stop(0.5)
    daw.locate(64)
    daw.go_on()
    begin_s = daw.now_s
    playing += wake(daw)
    daw.play(8, 100)
    offline = perform(daw, playing)
    after = [message.beat for message, _ in ons(offline.sent) if message.at_s > begin_s]
    assert after[0] == pytest.approx(64 + 1 / 24)  # the first tick after the musician's note
    assert share(onset_errors_s(daw, offline), 1.0) < 0.005
    assert most_at_once(offline, 0.4) <= 3


def held_up(daw: Daw) -> None:
    daw.stall(5.0)


def frozen(daw: Daw) -> None:
    daw.freeze(5.0)


def cut(daw: Daw) -> None:
    daw.play(10, 120, heard=False)


@pytest.mark.parametrize("trouble", [held_up, frozen, cut])
def test_while_a_clock_is_away_for_5_s_the_band_plays_on_and_nothing_bursts(trouble: Callable[[Daw], None]) -> None:
    daw = Daw(0.003, seed=6)
    daw.start()
    playing = wake(daw)
    daw.play(16, 120)
    trouble(daw)
    daw.play(16, 120)
    offline = perform(daw, playing)
    assert most_at_once(offline, 0.5) <= 5
    assert max(b - a for a, b in pairwise(onsets(offline.sent))) < 0.14
    assert offline.anchor.followed


@pytest.mark.parametrize("trouble", [held_up, cut])
def test_after_10_s_without_a_clock_the_band_is_still_in_the_bars_of_the_daw(trouble: Callable[[Daw], None]) -> None:
    daw = Daw(0.003, seed=7)
    daw.start()
    playing = wake(daw)
    daw.play(16, 120)
    trouble(daw)
    trouble(daw)
    daw.play(16, 120)
    errors = onset_errors_s(daw, perform(daw, playing))
    assert share(errors, 0.95) < 0.008


def test_a_program_that_stood_still_for_5_s_goes_on_in_the_song_and_plays_nothing_twice() -> None:
    daw = Daw(0.0, seed=1)
    daw.start()
    (begin, key), (end, off) = wake(daw)
    daw.play(40, 120)
    band = replace(BAND, clock_rest_after_beats=0)  # it plays on without the musician
    offline = OfflineBand(band, FakePredictor(SIXTEENTHS), 1)
    for at_s, event in sorted([*daw.words, (begin, key), (end, off)], key=lambda word: word[0]):
        if 8.0 <= at_s < 13.0:
            offline.now_s = 13.0  # all that came meanwhile is read now
        offline.play(event, at_s)
    offline.advance(daw.now_s)
    assert most_at_once(offline, 0.5) <= 6
    late = [message for message, _ in ons(offline.sent) if message.at_s > 13.0]
    assert share([message.late_s for message in late], 1.0) < 0.05
    assert share([(daw.place(m.at_s) or (m.beat, 1.0))[0] - m.beat for m in late], 1.0) < 0.03


def test_a_burst_of_ticks_leads_nobody() -> None:
    clock = Clock(120, 0.0)
    for _ in range(200):
        clock.handle(Tick(), 5.0)
    assert clock.source == "free"
    assert clock.beat_at(5.0) == pytest.approx(10.0)
