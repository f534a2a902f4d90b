"""Scales and ragas by name."""

from __future__ import annotations

import pytest

from bollylive.sets.ragas import RAGAS, SWARAS, raga_degrees
from bollylive.sets.scales import MODES, Scale, scale_classes, transposed
from training.judging import ragas as judged


@pytest.mark.parametrize(
    ("given", "read", "classes"),
    [
        ("C major", "C major", {0, 2, 4, 5, 7, 9, 11}),
        (" d   Dorian ", "D dorian", {0, 2, 4, 5, 7, 9, 11}),
        ("f# pentatonic", "F# pentatonic", {6, 8, 10, 1, 3}),
        ("Bb Harmonic Minor", "Bb harmonic minor", {10, 0, 1, 3, 5, 6, 9}),
        ("a minor", "A minor", {9, 11, 0, 2, 4, 5, 7, 8}),
    ],
)
def test_a_scale_is_read_in_one_spelling_and_has_its_notes(given: str, read: str, classes: set[int]) -> None:
    assert Scale().read(given) == read
    assert scale_classes(read) == frozenset(classes)


def test_every_mode_has_its_tonic_and_ascends() -> None:
    assert all(degrees[0] == 0 and list(degrees) == sorted(set(degrees)) for degrees in MODES.values())
    assert all(scale_classes(Scale().read(f"E {mode}")) == transposed(MODES[mode], 4) for mode in MODES)


def test_own_and_free_name_no_notes() -> None:
    assert (Scale().read("Own"), Scale().read("free")) == ("own", "free")
    assert scale_classes("own") is None
    assert scale_classes("free") is None


def test_the_ragas_are_those_by_which_the_band_is_judged() -> None:
    assert {name: frozenset(raga_degrees(name)) for name in RAGAS} == judged.RAGAS


def test_the_swaras_are_the_twelve_semitones() -> None:
    assert list(SWARAS.values()) == list(range(12))
    assert all(list(raga_degrees(name)) == sorted(raga_degrees(name)) for name in RAGAS)
