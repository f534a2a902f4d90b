"""`bollylive perform` and the demo without ports: playing along with a song, on virtual time."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import pytest
from fakes import WILD, FakePredictor
from hypothesis import example, given, settings
from hypothesis import strategies as st
from songs import BAND, SONG, melody, song_of

from bollylive.demo_offline import perform_demo
from bollylive.errors import FileError
from bollylive.midi.messages import Note, NoteOff, NoteOn, Program, Tempo
from bollylive.midi.song import Track
from bollylive.midi.song_files import write_song
from bollylive.model.codec import TICKS_PER_BEAT
from bollylive.perform import perform, timeline


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
    assert set(model.rows[:, 7]) == {3 * TICKS_PER_BEAT}


def test_the_demo_is_a_recording_of_both_players() -> None:
    tracks = [track for track in perform_demo(BAND, FakePredictor(), seed=1).tracks() if track.notes]
    assert {track.channel for track in tracks if "musician" in track.name} == {0}
    assert {track.channel for track in tracks if "model" in track.name} == {1, 9}


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


TEMPO_MAPS = st.lists(st.tuples(st.floats(0.1, 3), st.sampled_from([3.6, 10.0, 15.0, 90.0, 480.0, 5000.0])), max_size=5)


@settings(max_examples=25)
@given(st.sampled_from([3.6, 10.0, 15.0, 60.0, 400.0, 480.0, 5000.0]), TEMPO_MAPS)
@example(120.0, [(12.0, 10.0), (1.0, 120.0)])  # one beat of the song is held
def test_the_band_is_on_the_beat_of_the_song_at_any_tempo(first_bpm: float, later: list[tuple[float, float]]) -> None:
    notes = melody(16, channel=0)
    beats = accumulate(length for length, _ in later)
    tempos = ((0.0, first_bpm), *((beat, bpm) for beat, (_, bpm) in zip(beats, later, strict=True)))
    even = perform(song_of(notes, {0: 73}), None, BAND, FakePredictor((6,)), seed=1)
    tracks = perform(song_of(notes, {0: 73}, tempos=tempos), None, BAND, FakePredictor((6,)), seed=1)
    for track, expected in zip(tracks, even, strict=True):
        onsets = [note.onset_beats for note in track.notes]
        assert onsets == pytest.approx([note.onset_beats for note in expected.notes], abs=1e-5)
