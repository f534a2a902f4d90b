"""Stretches of held-out songs: which part, which voices, who sings, and what the model may know of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from training.data.corpus import DURATION, ONSET, PITCH, VOICE, Song
from training.listening.excerpt import choose_excerpts, cut, draw_excerpt, from_the_start, melody_channel

BAR = 4 * TICKS_PER_BEAT


def line(
    voice: int, bars: int, pitch: int = 60, step: int = 24, duration: int = 20, begin: int = 0
) -> NDArray[np.int32]:
    """One voice that plays on every step, up and down a fifth."""
    onsets = np.arange(begin, bars * BAR, step)
    notes = np.full((len(onsets), 5), 80, dtype=np.int32)
    notes[:, ONSET], notes[:, DURATION], notes[:, VOICE] = onsets, duration, voice
    notes[:, PITCH] = pitch + np.arange(len(onsets)) % 8
    return notes


def song(
    *lines: NDArray[np.int32], instruments: tuple[int, ...], bars: tuple[tuple[int, int], ...] = ((0, BAR),)
) -> Song:
    notes = np.concatenate(lines)
    notes = notes[np.lexsort((notes[:, PITCH], notes[:, VOICE], notes[:, ONSET]))]
    return Song("a.mid", "a", True, notes, np.array(instruments, dtype=np.int16), np.array(bars, dtype=np.int32))


def draw(of: Song, seed: int = 0):  # type: ignore[no-untyped-def]
    return draw_excerpt("tiny", of, np.random.default_rng(seed))


def test_a_third_is_the_primer_and_the_rest_follows_on_a_bar_line() -> None:
    excerpt = draw(song(line(0, 12), instruments=(73,)))
    assert excerpt.bars == 8
    assert excerpt.notes[:, ONSET].min() == -4 * BAR
    assert len(excerpt.primer) == 4 * 4
    assert len(excerpt.real) == 8 * 4
    assert (excerpt.real[:, ONSET] % TICKS_PER_BEAT == 0).all()


def test_of_a_long_song_sixteen_bars_follow_sixteen_bars_somewhere_in_it() -> None:
    long = song(line(0, 100), instruments=(73,))
    excerpts = [draw(long, seed) for seed in range(5)]
    assert {excerpt.bars for excerpt in excerpts} == {16}
    assert {int(excerpt.notes[:, ONSET].min()) for excerpt in excerpts} == {-16 * BAR}
    assert len({int(excerpt.notes[0, PITCH]) for excerpt in excerpts} | {len(excerpts)}) > 1


@pytest.mark.parametrize("bars", [((0, BAR),), ((0, 84),), ((0, 216),)], ids=["too short", "half beats", "long bars"])
def test_a_song_without_enough_bars_of_whole_beats_is_passed_over(bars: tuple[tuple[int, int], ...]) -> None:
    length = 5 if bars == ((0, BAR),) else 40
    assert draw(song(line(0, length), instruments=(73,), bars=bars)) is None


def test_the_part_with_one_metre_is_chosen() -> None:
    excerpt = draw(song(line(0, 30), instruments=(73,), bars=((0, 72), (72 * 4, BAR))))
    assert excerpt.cycle == BAR
    assert (excerpt.notes[:, ONSET] % TICKS_PER_BEAT == 0).all()


def test_no_more_than_ten_voices_remain_and_all_percussion_is_on_channel_ten() -> None:
    quiet, busy = line(0, 12), [line(voice, 12, step=12) for voice in range(1, 11)]
    drums = [line(11, 12), line(12, 12, pitch=35)]
    excerpt = draw(song(quiet, *busy, *drums, instruments=(*range(11), PERCUSSION, PERCUSSION)))
    assert sorted(excerpt.instruments) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert excerpt.instruments[9] == PERCUSSION
    assert 0 not in excerpt.instruments.values()  # the voice with the fewest notes is the one that goes
    assert set(np.unique(excerpt.notes[:, VOICE])) == set(excerpt.instruments)


def test_a_voice_that_has_not_played_in_the_primer_takes_no_part() -> None:
    excerpt = draw(song(line(0, 12), line(1, 12, begin=6 * BAR), instruments=(73, 40)))
    assert excerpt.instruments == {0: 73}
    assert (excerpt.real[:, VOICE] == 0).all()


def test_the_ranges_are_those_of_the_whole_song() -> None:
    whole = song(line(0, 100), instruments=(73,))
    whole.notes[-1, PITCH] = 100
    assert draw(whole).ranges == {0: (60, 100)}


def test_the_primer_ends_where_the_model_takes_over_and_what_follows_ends_with_the_excerpt() -> None:
    excerpt = draw(song(line(0, 12, step=BAR, duration=2 * BAR), instruments=(73,)))
    assert (excerpt.primer[:, ONSET] + excerpt.primer[:, DURATION]).max() == 0
    assert (excerpt.real[:, ONSET] + excerpt.real[:, DURATION]).max() == excerpt.end


def test_the_highest_voice_of_single_notes_is_the_melody() -> None:
    chords = np.concatenate([line(1, 12, pitch=80), line(1, 12, pitch=90)])
    notes = np.concatenate([line(0, 12, pitch=60), chords, line(2, 12, pitch=50), line(3, 12, 100), line(4, 3, 110)])
    instruments = {0: 73, 1: 0, 2: 40, 3: PERCUSSION, 4: 40}
    assert melody_channel(notes, instruments, 0, 12 * BAR, BAR) == 0
    assert melody_channel(line(0, 12), {0: 33}, 0, 12 * BAR, BAR) is None  # a bass never sings


def test_a_melody_from_its_start_comes_again_until_the_bars_are_full() -> None:
    excerpt = draw(song(line(0, 12), instruments=(73,)))
    whole = from_the_start(excerpt, 30)
    assert whole.bars == 30
    assert len(whole.primer) == 0
    assert len(whole.real) == 30 * 4
    first, second = cut(whole.notes, 12 * BAR), whole.notes[12 * 4 : 24 * 4]
    assert (first[:, PITCH] == second[:, PITCH]).all()
    assert (second[:, ONSET] - first[:, ONSET] == 12 * BAR).all()


def test_a_seed_chooses_the_same_songs_again_and_as_many_as_asked_for() -> None:
    songs = [song(line(0, 12, pitch=40 + i), instruments=(73,)) for i in range(9)]
    chosen = [[int(e.notes[0, PITCH]) for e in choose_excerpts("tiny", songs, 4, seed)] for seed in (1, 1, 2)]
    assert chosen[0] == chosen[1] != chosen[2]
    assert len(set(chosen[0])) == 4
    assert len(choose_excerpts("tiny", songs, 20, 1)) == 9
