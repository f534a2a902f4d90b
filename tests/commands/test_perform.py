"""The band on a MIDI file: playing along, and going on where it breaks off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import WILD, FakePredictor

from bollylive.errors import FileError
from bollylive.midi.messages import Note, NoteOff, NoteOn, Program, Tempo
from bollylive.midi.song import DEFAULT_METERS, DEFAULT_TEMPOS, Song, Track, seconds_at, tempo_at
from bollylive.midi.song_files import write_song
from bollylive.model import codec
from bollylive.model.codec import CHOOSE, REST, TICKS_PER_BEAT
from bollylive.perform import generate, perform, perform_demo, place, timeline
from bollylive.sets.band import ChannelSet, Set

BAND = Set(
    tempo_bpm=96,
    channels=(
        ChannelSet(0, "Flute", "player", 73),
        ChannelSet(1, "Bass", "accompany", 32, lowest=28, highest=52, polyphony=1),
        ChannelSet(9, "Tabla", "accompany"),
    ),
)


def song_of(notes: list[Note], programs: dict[int, int], **changes: object) -> Song:
    length = max((note.onset_beats + (note.duration_beats or 0) for note in notes), default=0.0)
    order = sorted(notes, key=lambda note: (note.onset_beats, note.channel, note.pitch))
    song = Song("song", tuple(order), programs, DEFAULT_TEMPOS, DEFAULT_METERS, length)
    return replace(song, **changes)  # type: ignore[arg-type]


def melody(beats: int = 32, channel: int = 0) -> list[Note]:
    return [Note(channel, 60 + 7 * i % 12, 90, i / 2, 0.4) for i in range(2 * beats)]


def chords(beats: int = 32, channel: int = 2) -> list[Note]:
    return [Note(channel, pitch, 70, float(i), 3.5) for i in range(0, beats, 4) for pitch in (48, 52, 55)]


SONG = song_of(melody() + chords(), {0: 73, 2: 20}, tempos=((0.0, 100.0), (8.0, 120.0)))


def notes_of(tracks: list[Track], player: str) -> dict[int, tuple[Note, ...]]:
    return {track.channel: track.notes for track in tracks if player in track.name}


def test_the_musicians_tracks_are_as_they_were() -> None:
    tracks = perform(SONG, None, BAND, FakePredictor(), seed=1)
    own = notes_of(tracks, "musician")
    assert sorted(own) == [0, 2]
    assert sorted([*own[0], *own[2]], key=lambda n: (n.onset_beats, n.channel, n.pitch)) == list(SONG.notes)
    assert [track.program for track in tracks if "musician" in track.name] == [73, 20]


def test_the_band_plays_on_channels_of_its_own_in_its_range_on_the_beat_of_the_song() -> None:
    tracks = perform(SONG, None, BAND, FakePredictor(), seed=1)
    model = notes_of(tracks, "model")
    assert sorted(model) == [1, 9]
    assert all(28 <= note.pitch <= 52 for note in model[1])
    for notes in model.values():
        assert min(note.onset_beats for note in notes) == 0
        assert len(notes) == pytest.approx(2 * 32, abs=2)
        for note in notes:
            ticks = note.onset_beats * TICKS_PER_BEAT
            assert ticks == pytest.approx(round(ticks), abs=1e-6)


def test_only_the_chosen_channels_are_the_musicians() -> None:
    tracks = perform(SONG, [2], BAND, FakePredictor(), seed=1)
    assert sorted(notes_of(tracks, "musician")) == [2]
    assert 0 not in notes_of(tracks, "model")  # the set has it as a player, and nobody plays it


def test_a_channel_that_the_song_has_is_the_musicians_although_the_set_gives_it_to_the_model() -> None:
    song = song_of(melody(8, channel=1), {1: 32})
    tracks = perform(song, None, BAND, FakePredictor(), seed=1)
    assert notes_of(tracks, "musician") == {1: song.notes}
    assert sorted(notes_of(tracks, "model")) == [9]


def test_channels_without_notes_are_refused_with_those_that_have_some() -> None:
    with pytest.raises(FileError, match=r"song: .* it has notes on: 1, 3\."):
        perform(SONG, [4, 5], BAND, FakePredictor(), seed=1)
    with pytest.raises(FileError, match="none"):
        perform(song_of([], {}), None, BAND, FakePredictor(), seed=1)


def test_the_same_seed_gives_the_same_file_and_another_seed_another(tmp_path: Path) -> None:
    files = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        tracks = perform(SONG, None, BAND, FakePredictor(WILD), seed)
        write_song(tmp_path / name, tracks, SONG.tempos, SONG.meters)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1] != files[2]


def test_the_bar_of_the_song_is_the_models_cycle() -> None:
    model = FakePredictor()
    perform(song_of(melody(6), {0: 0}, meters=((0.0, 3.0),)), None, BAND, model, seed=1)
    assert set(model.rows[:, codec.CYCLE]) == {3 * TICKS_PER_BEAT}


def test_the_demo_is_a_take_of_both_players() -> None:
    tracks = [track for track in perform_demo(BAND, FakePredictor(), seed=1).tracks() if track.notes]
    assert {track.channel for track in tracks if "musician" in track.name} == {0}
    assert {track.channel for track in tracks if "model" in track.name} == {1, 9}


@pytest.mark.parametrize("count", [1, 7, 100])
def test_exactly_as_many_notes_as_asked_for_are_generated(count: int) -> None:
    tracks = generate(SONG, 16, count, BAND, FakePredictor(WILD), seed=1)
    assert sum(len(track.notes) for track in tracks) == count
    assert all(note.onset_beats >= 0 for track in tracks for note in track.notes)


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
        asked = [
            rows for question in model.questions for rows in question.rows if rows[-1, codec.INSTRUMENT] == instrument
        ]
        first_choice = next(i for i, rows in enumerate(asked) if rows[-1, codec.PITCH] == CHOOSE)
        given = np.concatenate([rows[:-1] for rows in asked[: first_choice + 1]])
        assert sorted(given[given[:, 1] != REST][:, 1]) == sorted(note.pitch for note in notes[-8:])


def test_a_short_song_primes_with_what_it_has() -> None:
    model = FakePredictor(buffer_notes=64)
    tracks = generate(song_of(melody(4), {0: 0}), 4, 10, BAND, model, seed=1)
    assert sum(len(track.notes) for track in tracks) == 10
    assert model.questions[0].rows[0, :, codec.PITCH].tolist() == [REST, *(note.pitch for note in melody(4))]


@pytest.mark.parametrize(("at_beat", "bar"), [(15.9, 12.0), (16.0, 16.0), (17.0, 16.0), (3.9, 0.0)])
def test_it_begins_at_the_bar_line_before_the_beat(at_beat: float, bar: float) -> None:
    assert place(SONG, at_beat, seed=1) == bar


def test_a_random_place_is_a_bar_line_with_music_before_it_and_the_seeds_own() -> None:
    places = [place(SONG, None, seed) for seed in range(50)]
    assert places == [place(SONG, None, seed) for seed in range(50)]
    assert len(set(places)) > 3
    assert all(bar % 4 == 0 and 4 <= bar <= 32 for bar in places)


@pytest.mark.parametrize("at_beat", [0.0, 2.0])
def test_before_any_note_there_is_nothing_to_go_on_from(at_beat: float) -> None:
    with pytest.raises(FileError, match="choose a later one, up to 32"):
        generate(song_of(chords(), {2: 20}, length_beats=32.0), at_beat, 5, BAND, FakePredictor(), seed=1)


def test_a_note_that_sounds_across_the_beginning_ends_there() -> None:
    model = FakePredictor()
    generate(song_of([Note(0, 60, 90, 3.0, 50.0)], {0: 0}), 4, 5, BAND, model, seed=1)
    first = model.rows[model.rows[:, codec.PITCH] == 60][-1]
    assert first[2] == 23  # a beat


def test_a_band_that_falls_silent_gives_what_it_played() -> None:
    tracks = generate(SONG, 16, 10**6, BAND, FakePredictor((12, *[49] * 10**4)), seed=1)
    assert 0 < sum(len(track.notes) for track in tracks) < 100


def test_generating_keeps_the_tempo_of_its_place_and_the_seed() -> None:
    runs = [generate(SONG, 16, 30, BAND, FakePredictor(WILD), seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_a_timeline_carries_tempos_then_programs_and_ends_before_beginnings() -> None:
    notes = [Note(0, 60, 90, 0.0, 1.0), Note(0, 60, 91, 1.0, 1.0), Note(5, 60, 91, 1.0, 1.0)]
    song = song_of(notes, {0: 73, 5: 1}, tempos=((0.0, 60.0), (1.0, 120.0)))
    assert timeline(song, {0}) == [
        (0.0, Tempo(60.0)),
        (0.0, Program(0, 73)),
        (0.0, NoteOn(0, 60, 90)),
        (1.0, Tempo(120.0)),
        (1.0, NoteOff(0, 60)),
        (1.0, NoteOn(0, 60, 91)),
        (1.5, NoteOff(0, 60)),
    ]


@pytest.mark.parametrize(
    ("beat", "seconds", "bpm"),
    [(0.0, 0.0, 120.0), (4.0, 2.0, 60.0), (5.0, 3.0, 60.0), (8.0, 6.0, 240.0), (12.0, 7.0, 240.0), (3.0, 1.5, 120.0)],
)
def test_a_beat_falls_where_all_tempos_before_it_put_it(beat: float, seconds: float, bpm: float) -> None:
    tempos = ((0.0, 120.0), (4.0, 60.0), (8.0, 240.0))
    assert seconds_at(tempos, beat) == pytest.approx(seconds)
    assert tempo_at(tempos, beat) == bpm
