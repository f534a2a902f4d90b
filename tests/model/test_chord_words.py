from __future__ import annotations

import numpy as np
import pytest

from bollylive.model.chord_words import (
    CHORDS,
    IS_ROOT,
    KIND_OF,
    KINDS,
    NO_CHORD,
    ROOT_OF,
    TONES,
    chord_name,
    transpose,
    word_of,
)


@pytest.mark.parametrize(
    ("word", "name", "tones"),
    [
        (0, "C", {0, 4, 7}),
        (word_of(9, 1), "Am", {9, 0, 4}),
        (word_of(10, 4), "Bb7", {10, 2, 5, 8}),
        (word_of(6, 2), "F#dim", {6, 9, 0}),
        (word_of(7, 3), "Gsus4", {7, 0, 2}),
        (NO_CHORD, "N.C.", set()),
    ],
)
def test_a_word_has_a_name_and_tones(word: int, name: str, tones: set[int]) -> None:
    assert chord_name(word) == name
    assert set(np.flatnonzero(TONES[word])) == tones


def test_each_word_is_one_root_and_kind() -> None:
    assert CHORDS == len(TONES) == len({chord_name(word) for word in range(CHORDS)}) == 61
    assert [word_of(int(ROOT_OF[w]), int(KIND_OF[w])) for w in range(NO_CHORD)] == list(range(NO_CHORD))
    assert ROOT_OF[NO_CHORD] == KIND_OF[NO_CHORD] == -1
    assert KINDS == ("major", "minor", "dim", "sus", "seventh")
    assert (IS_ROOT <= TONES).all()


def test_transposed_chords_have_transposed_tones() -> None:
    words = np.arange(CHORDS)
    for semitones in (-5, 0, 3, 12):
        assert np.array_equal(TONES[transpose(words, semitones)], np.roll(TONES, semitones, axis=1))
    each = transpose(words, words % 12)
    assert [int(word) for word in each] == [int(transpose(words[w : w + 1], int(w) % 12)[0]) for w in words]
