"""The band's beat goes with the musician's, on virtual time: tracker and clock, and players who keep their own time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from players import DEMO, KEHERWA, LONG_NOTES, MIXED, RUPAK, SIXTEENTHS, SYNCOPATED, TRIPLETS, melody, play

from bollylive.clock.anchor import Anchor
from bollylive.clock.beat_tracker import BeatTracker


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("bpm", [82, 92, 100, 110])
def test_another_tempo_than_the_sets_is_found_within_two_bars(bpm: float, seed: int) -> None:
    played = play(DEMO, lambda _: bpm, 96, seed)
    assert played.near() > 0.95
    assert played.bpm == pytest.approx(bpm, rel=0.04)
    assert played.least_step >= 0


@pytest.mark.parametrize("cells", [MIXED, SYNCOPATED, TRIPLETS], ids=["mixed", "syncopated", "triplets"])
def test_a_busy_player_who_is_slower_is_not_taken_for_a_faster_one(cells: Sequence[Sequence[float]]) -> None:
    played = play(melody(cells), lambda _: 86, 96)
    assert played.near() > 0.9
    assert played.bpm == pytest.approx(86, rel=0.04)


@pytest.mark.parametrize("cells", [MIXED, SYNCOPATED, TRIPLETS], ids=["mixed", "syncopated", "triplets"])
def test_who_plays_in_the_tempo_of_the_set_is_not_led_astray(cells: Sequence[Sequence[float]]) -> None:
    assert play(melody(cells), lambda _: 96, 96).near(0.0) > 0.95


@pytest.mark.parametrize("cells", [MIXED, SYNCOPATED, TRIPLETS], ids=["mixed", "syncopated", "triplets"])
def test_an_accelerando_over_sixteen_bars_is_followed(cells: Sequence[Sequence[float]]) -> None:
    played = play(melody(cells), lambda beat: 96 + 24 * beat / 64, 96)
    assert played.near() > 0.9
    assert played.bpm == pytest.approx(120, rel=0.05)


def test_a_ritardando_over_sixteen_bars_is_followed() -> None:
    played = play(melody(MIXED), lambda beat: 120 - 30 * beat / 64, 120)
    assert played.near() > 0.85
    assert played.bpm == pytest.approx(90, rel=0.05)


@pytest.mark.parametrize("score", [DEMO, RUPAK, melody(TRIPLETS)], ids=["demo", "rupak", "triplets"])
@pytest.mark.parametrize("bpm", [80, 90, 110, 120, 130])
def test_another_tempo_that_is_taken_at_once_is_found_within_eight_beats(bpm: float, score: Sequence[float]) -> None:
    played = play(score, lambda beat: 100 if beat < 30 else bpm, 100)
    assert played.near(38) > 0.8
    assert played.bpm == pytest.approx(bpm, rel=0.04)
    assert played.least_step >= 0


@pytest.mark.parametrize("bpm", [80, 90, 110, 120, 130])
def test_who_takes_another_tempo_at_once_stays_where_they_were_in_the_bar(bpm: float) -> None:
    assert play(RUPAK, lambda beat: 100 if beat < 30 else bpm, 100).off_beats == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("bpm", [50, 60, 160, 200])
def test_nobody_is_followed_to_near_half_or_double_the_tempo_they_began_in(bpm: float) -> None:
    played = play(RUPAK, lambda beat: 100 if beat < 30 else bpm, 100)
    assert all(64 < told < 156 for _, told in played.tracked_bpm)


@pytest.mark.parametrize(("share", "bars"), [(0.05, 4), (0.05, 8), (0.1, 8)])
def test_a_tempo_that_comes_and_goes_is_followed(share: float, bars: int) -> None:
    played = play(DEMO, lambda beat: 100 * (1 + share * math.sin(2 * math.pi * beat / (4 * bars))), 100)
    assert played.near() > 0.8


@pytest.mark.parametrize("score", [DEMO, KEHERWA, RUPAK, melody(LONG_NOTES)], ids=["demo", "keherwa", "rupak", "long"])
def test_a_steady_player_is_told_a_steady_tempo(score: Sequence[float]) -> None:
    played = play(score, lambda _: 100, 96)
    assert played.near() > 0.95
    assert all(bpm == pytest.approx(100, rel=0.03) for beat, bpm in played.tracked_bpm if beat >= 16)


def test_a_run_of_sixteenths_is_no_triplet_feel_of_a_faster_beat() -> None:
    played = play(melody(SIXTEENTHS), lambda _: 92, 96)
    assert played.near() > 0.95
    assert played.bpm == pytest.approx(92, rel=0.02)


def test_swung_eighths_are_no_other_tempo() -> None:
    score = [beat + place for beat in range(48) for place in (0, 2 / 3)]
    assert play(score, lambda _: 104, 96).near() > 0.95


def test_after_rests_of_two_bars_the_beat_is_still_there() -> None:
    score = [beat for beat in melody(MIXED, 96) if beat % 16 < 8]
    assert play(score, lambda _: 103, 96).near() > 0.85


def test_a_chord_is_one_onset() -> None:
    anchor = Anchor(0.0, 0.5, 0.0)
    tracker = BeatTracker()
    tracker.begin(anchor, 1.0)
    assert not any(tracker.hear(anchor, 1.0 + i * 0.003) for i in range(12))


def test_four_onsets_are_not_enough_for_an_opinion() -> None:
    anchor = Anchor(0.0, 0.5, 0.0)
    tracker = BeatTracker()
    assert tracker.hear(anchor, 0.5) is None  # nobody has begun
    tracker.begin(anchor, 1.0)
    heard = [tracker.hear(anchor, 1.0 + i * 0.55) for i in range(1, 6)]
    assert heard[:3] == [None, None, None]
    assert heard[4] is not None
    assert heard[4].seconds_per_beat == pytest.approx(0.55, rel=0.04)
    assert heard[4].epoch == anchor.epoch


def test_who_comes_back_after_a_long_rest_does_so_on_the_bands_beat() -> None:
    anchor = Anchor(0.0, 0.5, 0.0)
    tracker = BeatTracker()
    tracker.begin(anchor, 1.0)
    for i in range(1, 8):
        tracker.hear(anchor, 1.0 + i * 0.6)
    heard = [tracker.hear(anchor, 30.0 + i * 0.5) for i in range(8)]
    assert heard[2] is None
    assert heard[7] is not None
    assert heard[7].seconds_per_beat == pytest.approx(0.5, rel=0.02)
    assert anchor.beat_at(heard[7].at_s) == pytest.approx(heard[7].beat, abs=0.05)


def test_a_tempo_that_is_set_anew_is_believed() -> None:
    tracker = BeatTracker()
    tracker.begin(Anchor(0.0, 0.5, 0.0), 1.0)
    for i in range(1, 8):
        tracker.hear(Anchor(0.0, 0.5, 0.0), 1.0 + i * 0.5)
    tapped = Anchor(9.2, 0.8, 4.6)
    tracker.retime(tapped, 4.6)
    heard = [tracker.hear(tapped, tapped.seconds_at(beat)) for beat in range(10, 18)]
    assert heard[7] is not None
    assert heard[7].seconds_per_beat == pytest.approx(0.8, rel=0.03)


def test_who_plays_beside_a_beat_that_was_set_anew_is_met_there_and_not_by_another_tempo() -> None:
    tracker, tapped = BeatTracker(), Anchor(9.2, 0.5, 4.6)
    tracker.begin(Anchor(0.0, 0.6, 0.0), 1.0)
    tracker.retime(tapped, 4.6)
    heard = [tracker.hear(tapped, tapped.seconds_at(beat - 0.12)) for beat in range(11, 19)]
    told = [beat for beat in heard if beat is not None]
    assert told
    assert all(beat.seconds_per_beat == pytest.approx(0.5, rel=0.025) for beat in told)


@settings(max_examples=25)
@given(
    st.lists(st.floats(0, 5), min_size=1, max_size=30),
    st.floats(0.2, 3),
    st.floats(-100, 100),
)
def test_whatever_is_played_the_answer_is_a_tempo_near_the_bands(
    gaps_s: list[float], seconds_per_beat: float, beat: float
) -> None:
    anchor, now_s = Anchor(beat, seconds_per_beat, 0.0), 1.0
    tracker = BeatTracker()
    tracker.begin(anchor, now_s)
    for gap_s in gaps_s:
        now_s += gap_s
        heard = tracker.hear(anchor, now_s)
        if heard is not None:
            assert 0.6 < heard.seconds_per_beat / seconds_per_beat < 1.6
            assert heard.at_s <= now_s + seconds_per_beat
