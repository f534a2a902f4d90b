"""Runs of notes that a voice shares with training songs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bollylive.model.codec import PERCUSSION
from training.data.corpus import Song
from training.listening.copying import Library, measure_copying, words_of


def voice(pitches: NDArray[np.int64], steps: NDArray[np.int64], channel: int = 0) -> NDArray[np.int32]:
    rows = np.zeros((len(pitches), 5), dtype=np.int32)
    rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], rows[:, 4] = np.cumsum(steps), 6, pitches, 80, channel
    return rows


def random_voice(seed: int, length: int = 100) -> NDArray[np.int32]:
    rng = np.random.default_rng(seed)
    return voice(rng.integers(50, 80, length), 6 * rng.integers(1, 5, length))


def song(name: str, *voices: NDArray[np.int32], instrument: int = 73) -> Song:
    notes = np.concatenate([np.concatenate([v[:, :4], np.full((len(v), 1), i)], axis=1) for i, v in enumerate(voices)])
    notes = notes[np.argsort(notes[:, 0], kind="stable")].astype(np.int32)
    instruments = np.full(len(voices), instrument, dtype=np.int16)
    return Song(name, name, False, notes, instruments, np.array([[0, 96]], dtype=np.int32))


LIBRARY = Library([song("one", random_voice(1), random_voice(2)), song("two", random_voice(3))], percussion=False)


def test_what_is_in_no_song_is_no_run() -> None:
    shared = measure_copying(LIBRARY, [words_of(random_voice(9), False)])
    assert (shared.voices, shared.longest, shared.voice_p99, shared.note_p99) == (1, 0, 0, 0)


@pytest.mark.parametrize("length", [9, 16, 17, 31, 33, 60, 100])
def test_a_copy_is_found_whole_in_another_key_and_place(length: int) -> None:
    copy = random_voice(2)[:length]
    copy[:, 2] += 5
    copy[:, 0] += 96 * 7
    [run] = LIBRARY.find([words_of(copy, False)])
    assert (run.voice, run.first, run.words, run.length, run.song) == (0, 0, length - 1, length, "one")


def test_eight_notes_are_everybodys() -> None:
    assert LIBRARY.find([words_of(random_voice(2)[:8], False)]) == []


def test_a_copy_within_other_notes_is_found_where_it_lies() -> None:
    copy = random_voice(3)[40:60]
    around = np.concatenate([random_voice(8, 30), copy, random_voice(7, 30)])
    steps = np.concatenate([np.diff(part[:, 0], prepend=part[0, 0] - 12) for part in np.split(around, [30, 50])])
    hidden = voice(around[:, 2].astype(np.int64), steps)
    [run] = LIBRARY.find([words_of(random_voice(5), False), words_of(hidden, False)])
    assert (run.voice, run.first, run.length, run.song) == (1, 30, 20, "two")
    shared = measure_copying(LIBRARY, [words_of(copy, False)])
    assert (shared.note_p50, shared.note_p99, shared.longest, shared.longest_in) == (20, 20, 20, "two")


def test_no_run_goes_from_one_song_into_the_next() -> None:
    whole = np.concatenate([random_voice(2)[-20:], random_voice(3)[:20]])
    steps = np.concatenate([np.diff(part[:, 0], prepend=part[0, 0] - 6) for part in np.split(whole, [20])])
    runs = LIBRARY.find([words_of(voice(whole[:, 2].astype(np.int64), steps), False)])
    assert sorted(run.length for run in runs) == [20, 20]


def test_a_little_early_or_late_is_still_the_same_figure() -> None:
    late = random_voice(1)[:30]
    late[:, 0] += np.random.default_rng(0).integers(-2, 3, 30).astype(np.int32)
    [run] = LIBRARY.find([words_of(late, False)])
    assert run.length == 30


def test_repetition_adds_nothing_to_the_length() -> None:
    stuck = voice(np.full(60, 60), np.full(60, 6))
    trill = voice(np.tile([60, 62], 30), np.full(60, 6))
    library = Library([song("stuck", stuck), song("trill", trill)], percussion=False)
    lengths = [run.length for run in library.find([words_of(stuck, False), words_of(trill, False)])]
    assert lengths == [4, 5]


def test_percussion_is_a_library_of_its_own_with_drums_instead_of_intervals() -> None:
    rng = np.random.default_rng(4)
    drums = voice(rng.integers(35, 50, 40), np.full(40, 6), channel=9)
    kit = song("kit", drums, instrument=PERCUSSION)
    library = Library([kit, song("one", random_voice(1))], percussion=True)
    assert [run.length for run in library.find([words_of(drums, True)])] == [40]
    other = drums.copy()
    other[:, 2] += 1  # other drums, the same intervals
    assert library.find([words_of(other, True)]) == []
    assert Library([kit], percussion=False).find([words_of(drums, False)]) == []


def test_drums_struck_together_are_one_stroke() -> None:
    pair = np.concatenate([voice(np.full(4, 36), np.full(4, 12)), voice(np.full(4, 42), np.full(4, 12))])
    assert len(words_of(pair, True)) == 3
    assert len(set(words_of(pair, True).tolist())) == 1
    assert len(words_of(pair[:0], True)) == 0
