"""How an accompaniment fits a melody, and how soon it does again after a change of key."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.listening.fit import measure_fit, share_of_consonance, sound_of, together
from training.listening.recovery import BARS_AROUND, bars_around, measure_recovery, regained, transpose_from

BAR = 96


def notes(*rows: tuple[int, int, int], channel: int = 0) -> NDArray[np.int32]:
    """(onset, duration, pitch)."""
    return np.array([(o, d, p, 80, channel) for o, d, p in rows], dtype=np.int32).reshape(-1, 5)


def long(pitch: int, bars: int = 1) -> NDArray[np.float64]:
    return sound_of(notes((0, bars * BAR, pitch)), bars * BAR)


@pytest.mark.parametrize("semitones", range(-12, 13))
def test_unisons_thirds_fourths_fifths_sixths_and_octaves_fit(semitones: int) -> None:
    consonant, every = together(long(60), long(60 + semitones))
    assert every == BAR
    assert consonant == (BAR if abs(semitones) in (0, 3, 4, 5, 7, 8, 9, 12) else 0)


def test_only_the_time_that_notes_sound_together_counts() -> None:
    melody = sound_of(notes((0, 48, 60)), BAR)
    chord = sound_of(notes((24, 96, 64), (24, 96, 61)), BAR)
    assert together(melody, chord) == (24, 48)
    assert together(melody, sound_of(notes((48, 48, 64)), BAR)) == (0, 0)


def test_percussion_neither_fits_nor_not() -> None:
    assert together(long(60), sound_of(notes((0, BAR, 61), channel=9), BAR)) == (0, 0)


def test_the_real_accompaniment_scores_one_and_that_of_other_songs_none() -> None:
    melodies = [long(60 + i) for i in range(6)]
    thirds = [long(64 + i) for i in range(6)]
    fit = measure_fit(melodies, thirds, thirds)
    assert fit is not None
    assert (fit.real, fit.generated, fit.score, fit.low, fit.high) == (1, 1, 1, 1, 1)
    assert fit.shuffled == pytest.approx(0.6)
    assert share_of_consonance(melodies, thirds) == (1, fit.shuffled)


def test_half_as_good_is_half_the_score() -> None:
    melodies, thirds = [long(60), long(66)], [long(64), long(70)]  # each dissonant with the other's melody
    half = [sound_of(notes((0, 48, 64)), BAR) + sound_of(notes((48, 48, 61)), BAR), thirds[1]]
    fit = measure_fit(melodies, thirds, half)
    assert fit is not None
    assert fit.generated == pytest.approx(0.75)
    assert fit.shuffled == 0
    assert fit.score == pytest.approx(0.75)


def test_where_the_real_one_fits_no_better_than_any_other_there_is_no_score() -> None:
    assert measure_fit([long(60), long(60)], [long(64), long(64)], [long(64), long(64)]) is None
    assert measure_fit([long(60)], [long(64)], [long(64)]) is None


def moved_song(lag_bars: int, bars: int = 16) -> NDArray[np.float64]:
    """A melody that rises by a semitone half-way, and thirds that follow some bars later."""
    melody = notes(*((bar * BAR, BAR, 60) for bar in range(bars)))
    thirds = notes(*((bar * BAR, BAR, 64) for bar in range(bars)))
    half = bars // 2
    melody, thirds = transpose_from(melody, half * BAR, 2), transpose_from(thirds, (half + lag_bars) * BAR, 2)
    return bars_around(sound_of(melody, bars * BAR), sound_of(thirds, bars * BAR), BAR, half)


@pytest.mark.parametrize("lag", [0, 1, 5])
def test_the_bars_until_the_fit_is_back_are_counted(lag: int) -> None:
    recovery = measure_recovery([moved_song(lag)] * 3)
    assert recovery is not None
    assert recovery.median == recovery.pooled == lag + 1
    assert recovery.within_two == (lag < 2)
    assert recovery.curve == [1.0] * BARS_AROUND + [0.0] * lag + [1.0] * (BARS_AROUND - lag)


def test_a_band_that_never_follows_counts_one_bar_more_than_were_looked_at() -> None:
    recovery = measure_recovery([moved_song(8)])
    assert recovery is not None
    assert recovery.median == recovery.pooled == BARS_AROUND + 1


def test_one_bar_that_fits_by_chance_is_no_recovery() -> None:
    bars = moved_song(8)
    bars[BARS_AROUND + 1] = bars[0]
    recovery = measure_recovery([bars])
    assert recovery is not None
    assert recovery.median == BARS_AROUND + 1


def test_what_is_regained_lies_between_an_unaware_band_and_an_unchanged_melody() -> None:
    best, unaware = moved_song(0), moved_song(8)
    assert set(regained([best], [best], [unaware]).values()) == {1.0}
    assert set(regained([unaware], [best], [unaware]).values()) == {0.0}
    assert regained([moved_song(3)], [best], [unaware]) == {"bars_1_2": 0.0, "bars_3_4": 0.5, "later": 1.0}
    assert set(regained([best], [best], [best]).values()) == {None}


def test_songs_in_which_nothing_sounds_together_are_no_evidence() -> None:
    assert measure_recovery([np.zeros((2 * BARS_AROUND, 2))]) is None
    recovery = measure_recovery([np.zeros((2 * BARS_AROUND, 2)), moved_song(1)])
    assert recovery is not None
    assert recovery.songs == 1
