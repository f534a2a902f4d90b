from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from melodies import drum_song, melody_song, tune

from training.data.duplicates import find_duplicates, group
from training.data.fingerprint import fingerprint


def test_a_melody_is_known_in_another_key_tempo_and_rhythm() -> None:
    pitches = tune(1)
    other = melody_song([pitch + 5 for pitch in pitches], ticks=7)
    assert find_duplicates([melody_song(tune(0)), melody_song(pitches), other]) == [(1, 2)]


def test_a_melody_is_known_within_a_longer_one() -> None:
    whole = tune(2, 80)
    assert find_duplicates([melody_song(whole), melody_song(whole[20:50])]) == [(0, 1)]


def test_a_melody_is_known_with_another_band() -> None:
    pitches = tune(3)
    assert find_duplicates([melody_song(tune(4), pitches), melody_song(pitches, tune(5))]) == [(0, 1)]


def test_a_phrase_in_common_is_not_enough() -> None:
    phrase = tune(6, 12)
    assert not find_duplicates([melody_song(phrase + tune(7)), melody_song(phrase + tune(8))])


def test_what_all_play_ties_nobody_together() -> None:
    songs = [melody_song(tune(seed), tune(0, 400)) for seed in range(1, 25)]
    assert not find_duplicates(songs)
    assert find_duplicates(songs[:20])


def test_copies_are_known_however_many_there_are() -> None:
    copies = [melody_song(tune(1)) for _ in range(30)]
    assert find_duplicates(copies) == [(0, i) for i in range(1, 30)]


@pytest.mark.parametrize("pitches", [[60] * 40, list(range(40, 90)), [60, 64, 67, 64] * 10, [60, 62] * 20])
def test_scales_broken_chords_and_trills_say_nothing(pitches: list[int]) -> None:
    assert len(fingerprint(melody_song(pitches)).gram) == 0


def test_voices_are_not_read_on_into_each_other() -> None:
    one, other = fingerprint(melody_song(tune(1, 20), tune(2, 20))), fingerprint(melody_song(tune(1, 20)))
    assert set(other.gram.tolist()) == set(one.gram[one.voice == 0].tolist())
    assert len(one.gram) == 2 * len(other.gram)


def test_a_chord_counts_by_its_highest_note() -> None:
    melody = [pitch + 30 for pitch in tune(1)]
    alone = melody_song(melody)
    low = alone.notes.copy()
    low[:, 2] -= 40
    both = np.concatenate([alone.notes, low])
    chords = type(alone)("", "", False, both[np.argsort(both[:, 0], kind="stable")], alone.instruments, alone.bars)
    assert np.array_equal(fingerprint(alone).gram, fingerprint(chords).gram)


def test_drums_alone_are_known_by_what_is_hit_when() -> None:
    rng = random.Random(1)
    hits = [rng.choice((36, 38, 42, 46, 51)) for _ in range(60)]
    other = [rng.choice((36, 38, 42, 46, 51)) for _ in range(60)]
    assert find_duplicates([drum_song(hits), drum_song(other), drum_song(hits, step=7)]) == [(0, 2)]
    assert not find_duplicates([drum_song(hits), drum_song(hits, step=24)])


def test_songs_without_enough_notes_are_like_no_other() -> None:
    songs = [melody_song([60, 62]), melody_song([60, 62]), drum_song([36]), drum_song([36])]
    assert not find_duplicates(songs)
    assert not find_duplicates([])


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30))
def test_groups_are_what_pairs_chain_together(pairs: list[tuple[int, int]]) -> None:
    groups = group(pairs)
    place = {member: i for i, members in enumerate(groups) for member in members}
    assert sorted(place) == sorted({end for pair in pairs for end in pair})
    assert sum(map(len, groups)) == len(place)
    assert all(place[one] == place[other] for one, other in pairs)
    for members in groups:  # each can be walked from one end
        reached = {members[0]}
        for _ in members:
            reached |= {end for pair in pairs if reached & set(pair) for end in pair}
        assert reached == set(members)
