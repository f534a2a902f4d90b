"""`bollylive generate`: continuing a song."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import WILD, FakePredictor
from songs import BAND, SONG, chords, melody, song_of

from bollylive.errors import FileError
from bollylive.generate import generate, start_beat
from bollylive.midi.messages import Note, Program
from bollylive.model.codec import CHOOSE, INSTRUMENT, PERCUSSION, REST


@pytest.mark.parametrize("count", [1, 7, 100])
def test_exactly_as_many_notes_as_asked_for_are_generated(count: int) -> None:
    tracks = generate(SONG, 16, count, BAND, FakePredictor(WILD), seed=1)
    assert sum(len(track.notes) for track in tracks) == count
    assert all(note.onset_beats >= 0 for track in tracks for note in track.notes)


@pytest.mark.parametrize("count", range(1, 12))
def test_the_last_notes_have_the_lengths_that_they_have_in_a_longer_continuation(count: int) -> None:
    short, long = (generate(SONG, 16, n, BAND, FakePredictor(), seed=1) for n in (count, 40))
    for track, longer in zip(short, long, strict=True):
        assert track.notes == longer.notes[: len(track.notes)]


def test_every_instrument_of_the_song_goes_on_in_its_range_and_on_its_channel() -> None:
    tracks = generate(SONG, 16, 100, BAND, FakePredictor(), seed=1)
    assert [(track.channel, track.program) for track in tracks] == [(0, 73), (2, 20)]
    for track, (lowest, highest) in zip(tracks, ((60, 71), (48, 55)), strict=True):
        assert track.notes
        assert all(lowest <= note.pitch <= highest for note in track.notes)


def test_each_instrument_is_primed_with_its_last_n_notes() -> None:
    model = FakePredictor(buffer_notes=8)
    generate(SONG, 16, 5, BAND, model, seed=1)
    for instrument, notes in ((73, melody(16)), (20, chords(16))):
        asked = [rows for question in model.questions for rows in question.rows if rows[-1, 5] == instrument]
        first_choice = next(i for i, rows in enumerate(asked) if rows[-1, 1] == CHOOSE)
        given = np.concatenate([rows[:-1] for rows in asked[: first_choice + 1]])
        assert sorted(given[given[:, 1] != REST][:, 1]) == sorted(note.pitch for note in notes[-8:])


def test_a_short_song_primes_with_what_it_has() -> None:
    model = FakePredictor(buffer_notes=64)
    tracks = generate(song_of(melody(4), {0: 0}), 4, 10, BAND, model, seed=1)
    assert sum(len(track.notes) for track in tracks) == 10
    assert model.questions[0].rows[0, :, 1].tolist() == [REST, *(note.pitch for note in melody(4))]


@pytest.mark.parametrize(("at_beat", "bar"), [(15.9, 12.0), (16.0, 16.0), (17.0, 16.0), (3.9, 0.0)])
def test_it_begins_at_the_bar_line_before_the_beat(at_beat: float, bar: float) -> None:
    assert start_beat(SONG, at_beat, seed=1) == bar


@pytest.mark.parametrize(("at_beat", "bar"), [(0.5, 0.0), (3.9, 1.0), (4.0, 4.0), (11.0, 10.0), (13.6, 13.5)])
def test_it_begins_at_a_bar_line_of_the_metre_in_force(at_beat: float, bar: float) -> None:
    song = replace(SONG, meters=((0.0, 1.0), (1.0, 3.0), (10.0, 3.5)))
    assert start_beat(song, at_beat, seed=1) == bar


def test_it_goes_on_in_the_metre_in_force() -> None:
    model = FakePredictor()
    generate(replace(SONG, meters=((0.0, 4.0), (8.0, 3.5))), 16, 20, BAND, model, seed=1)
    assert set(model.rows[:, 7]) == {84}


def test_a_random_start_is_a_bar_line_with_music_before_it_and_the_seeds_own() -> None:
    starts = [start_beat(SONG, None, seed) for seed in range(50)]
    assert starts == [start_beat(SONG, None, seed) for seed in range(50)]
    assert len(set(starts)) > 3
    assert all(bar % 4 == 0 and 4 <= bar <= 32 for bar in starts)


@pytest.mark.parametrize("at_beat", [0.0, 2.0])
def test_before_any_note_there_is_nothing_to_go_on_from(at_beat: float) -> None:
    with pytest.raises(FileError, match="choose a later beat, up to 32"):
        generate(song_of(chords(), {2: 20}, length_beats=32.0), at_beat, 5, BAND, FakePredictor(), seed=1)


def test_a_note_that_sounds_across_the_beginning_ends_there() -> None:
    model = FakePredictor()
    generate(song_of([Note(0, 60, 90, 3.0, 50.0)], {0: 0}), 4, 5, BAND, model, seed=1)
    first = model.rows[model.rows[:, 1] == 60][-1]
    assert first[2] == 23  # a beat


def test_a_band_that_falls_silent_gives_what_it_played() -> None:
    tracks = generate(SONG, 16, 10**6, BAND, FakePredictor((12, *[49] * 10**4)), seed=1)
    assert 0 < sum(len(track.notes) for track in tracks) < 100


@pytest.mark.parametrize("bpm", [3.6, 6e7])
def test_the_slowest_and_the_fastest_song_take_as_many_questions_as_any_other(bpm: float) -> None:
    asked = []
    for song in (SONG, replace(SONG, tempos=((0.0, bpm),))):
        model = FakePredictor(WILD)
        generate(song, 16, 20, BAND, model, seed=1)
        asked.append(len(model.questions))
    assert asked[1] <= asked[0] + 10


def test_generating_keeps_the_tempo_of_its_place_and_the_seed() -> None:
    runs = [generate(SONG, 16, 30, BAND, FakePredictor(WILD), seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_an_instrument_goes_on_with_the_program_in_force_there() -> None:
    song = song_of(melody(), {0: 0}, program_changes=((0.0, Program(0, 0)), (16.0, Program(0, 73))))
    assert [generate(song, at, 5, BAND, FakePredictor(WILD), seed=1)[0].program for at in (15.0, 24.0)] == [0, 73]


def test_drums_that_a_song_has_on_another_channel_go_on_as_percussion() -> None:
    model = FakePredictor(WILD)
    song = song_of(melody() + melody(channel=10), {0: 73, 10: 0}, percussion=frozenset({9, 10}))
    generate(song, 16.0, 40, BAND, model, seed=1)
    assert set(model.rows[:, INSTRUMENT]) == {73, PERCUSSION}
