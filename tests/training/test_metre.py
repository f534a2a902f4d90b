"""Which tala and which key a melody is heard in."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tunes import dadra_song, keherwa_song, make_song

from training.arranging.metre import Metre, find_metre, strength, vary
from training.arranging.talas import TALAS
from training.data.corpus import ONSET, PITCH
from training.data.tonality import find_key


def test_a_tune_in_four_is_in_keherwa() -> None:
    metre = find_metre(keherwa_song().notes, raga=False)
    assert (metre.tala.name, metre.cycle, metre.phase) == ("keherwa", 96, 0)


def test_a_tune_in_three_is_in_dadra() -> None:
    metre = find_metre(dadra_song().notes, raga=False)
    assert metre.tala.name == "dadra"
    assert metre.phase % 72 == 0


def test_an_upbeat_does_not_move_the_sam() -> None:
    notes = keherwa_song().notes.copy()
    notes[:, ONSET] += 24
    upbeat = np.array([[0, 24, 55, 100, 0]], dtype=np.int32)
    assert find_metre(np.concatenate([upbeat, notes]), raga=False).phase == 24


def test_triplets_make_keherwa_swing() -> None:
    steps = ((2 / 3, 60), (1 / 3, 62), (2 / 3, 64), (1 / 3, 62), (2.0, 60))
    assert find_metre(make_song(steps, times=8).notes, raga=False).swing == 4
    assert find_metre(keherwa_song().notes, raga=False).swing == 0


def test_a_raga_is_in_a_classical_tala() -> None:
    assert find_metre(keherwa_song().notes, raga=True).tala.name == "tintal"


def test_long_cycles_are_two_bars() -> None:
    assert Metre(TALAS["tintal"], 24, 0).bar == 192
    assert Metre(TALAS["jhaptal"], 24, 0).bar == 120
    assert Metre(TALAS["rupak"], 24, 0).bar == 168


def test_another_tala_now_and_then_keeps_the_matras_and_the_sam() -> None:
    rng = random.Random(1)
    plain = Metre(TALAS["keherwa"], 12, 36, swing=4)
    drawn = [vary(plain, rng) for _ in range(200)]
    assert {metre.tala.name for metre in drawn} == {"keherwa", "tintal"}
    assert sum(metre != plain for metre in drawn) < 30
    assert {(metre.matra, metre.phase, metre.swing) for metre in drawn} == {(12, 36, 4)}
    assert {vary(Metre(TALAS["dadra"], 12, 0), rng).tala.name for _ in range(50)} == {"dadra"}


@pytest.mark.parametrize("tala", TALAS.values(), ids=lambda tala: tala.name)
def test_nothing_is_stronger_than_the_sam(tala: object) -> None:
    grid = strength(tala)  # type: ignore[arg-type]
    assert grid[0] > grid[1:].max()


@pytest.mark.parametrize("transpose", range(12))
def test_the_key_goes_where_the_melody_goes(transpose: int) -> None:
    key = find_key(keherwa_song(transpose=transpose).notes, raga=False)
    assert (key.tonic, key.minor, key.scale) == (transpose % 12, False, (0, 2, 4, 5, 7, 9, 11))


def test_a_lowered_third_makes_the_key_minor() -> None:
    notes = keherwa_song().notes.copy()
    notes[notes[:, PITCH] == 64, PITCH] = 63
    key = find_key(notes, raga=False)
    assert (key.tonic, key.minor) == (0, True)
    assert 3 in key.scale
    assert 4 not in key.scale


def test_where_no_third_is_sung_the_other_degrees_tell_minor_from_major() -> None:
    notes = keherwa_song().notes
    notes = notes[notes[:, PITCH] != 64].copy()
    assert not find_key(notes, raga=False, tonic=0).minor
    for low, high in ((61, 62), (68, 69), (58, 59)):
        notes[notes[:, PITCH] == high, PITCH] = low
    assert find_key(notes, raga=False, tonic=0).minor


def test_a_ragas_scale_has_only_what_is_heard() -> None:
    pentatonic = keherwa_song().notes
    pentatonic = pentatonic[~np.isin(pentatonic[:, PITCH] % 12, (5, 11))]
    assert find_key(pentatonic, raga=True, tonic=0).scale == (0, 2, 4, 7, 9)
    assert find_key(pentatonic, raga=False).scale == (0, 2, 4, 5, 7, 9, 11)
