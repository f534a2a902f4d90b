"""`bollylive perform` and the demo without ports: playing along with a song, on virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from command_line import Call
from fakes import WILD, FakePredictor
from hypothesis import example, given, settings
from hypothesis import strategies as st
from songs import BAND, SONG, chords, melody, song_of

from bollylive.demo_offline import perform_demo
from bollylive.errors import FileError
from bollylive.midi.messages import Event, Note, NoteOff, NoteOn, Program, Tempo
from bollylive.midi.song import Meters, Song, Track
from bollylive.midi.song_files import read_song, write_song
from bollylive.model.codec import TICKS_PER_BEAT
from bollylive.model.context import BASS, CONTEXT_SIZE, KICK
from bollylive.perform import describe_silence, perform, time_of
from bollylive.sets.settings import ChannelSet, Role, Set
from bollylive.timeline import NewMeter, timeline


def notes_of(tracks: list[Track], player: str) -> dict[int, tuple[Note, ...]]:
    return {track.channel: track.notes for track in tracks if player in track.name}


def test_the_musicians_tracks_are_as_they_were() -> None:
    tracks = perform(SONG, None, BAND, FakePredictor(), seed=1)
    own = notes_of(tracks, "musician")
    assert sorted(own) == [0, 2]
    assert sorted([*own[0], *own[2]], key=lambda n: (n.onset_beats, n.channel, n.pitch)) == list(SONG.notes)
    assert [track.program for track in tracks if "musician" in track.name] == [73, 20]


def test_the_musicians_tracks_keep_their_changes_of_program() -> None:
    changes = ((0.0, Program(0, 73)), (8.0, Program(0, 40)), (9.0, Program(2, 0)))
    tracks = perform(replace(SONG, program_changes=changes), None, BAND, FakePredictor(), seed=1)
    found = {track.channel: (track.program, track.changes) for track in tracks if "musician" in track.name}
    assert found == {0: (73, changes[1:2]), 2: (20, changes[2:])}


def test_the_band_plays_on_channels_of_its_own_in_its_range_on_the_beat_of_the_song() -> None:
    tracks = perform(SONG, None, BAND, FakePredictor(), seed=1)
    model = notes_of(tracks, "model")
    assert all(28 <= note.pitch <= 52 for note in model[1])
    for notes in (model[1], model[9]):
        assert min(note.onset_beats for note in notes) == 0
        assert len(notes) == pytest.approx(2 * (32 + 4), abs=2)
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


def test_no_note_of_the_demo_begins_where_it_ends() -> None:
    tracks = perform_demo(BAND, FakePredictor(), seed=1).tracks()
    notes = [note for track in tracks for note in track.notes]
    assert 47 <= max(note.onset_beats for note in notes) < 48


@pytest.mark.parametrize("beats", [8, 64])
def test_a_timeline_goes_through_the_tempos_as_often_for_many_notes_as_for_few(beats: int) -> None:
    times = 0

    class Counted(tuple[tuple[float, float], ...]):
        def __iter__(self) -> Iterator[tuple[float, float]]:
            nonlocal times
            times += 1
            return super().__iter__()

    timeline(song_of(melody(beats), {0: 73}, tempos=Counted(SONG.tempos)), {0})
    assert times < 5


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


def test_drums_that_a_song_has_on_another_channel_are_heard_as_drums() -> None:
    bass_alone = replace(BAND, channels=BAND.channels[1:2], default_role="player")
    kicks = song_of([Note(10, 36, 90, float(beat), 0.5) for beat in range(16)], {10: 0})
    for percussion, heard in ((frozenset({9}), False), (frozenset({9, 10}), True)):
        model = FakePredictor()
        perform(replace(kicks, percussion=percussion), None, bass_alone, model, seed=1)
        context = np.concatenate([question.context.reshape(-1, CONTEXT_SIZE) for question in model.questions])
        assert context[:, KICK].any() == heard
        assert context[:, BASS].any() != heard


PAUSES = [note for note in melody(64) if note.onset_beats % 32 < 16]  # 16 beats of music, 16 of silence


SHORT = song_of(melody(8), {0: 73})


def shared(role: Role) -> Set:
    return Set(channels=(ChannelSet(0, "Flute", role, 73), ChannelSet(1, "Bass", "accompany", 32)))


def test_the_model_takes_over_in_a_pause_and_yields_when_the_file_goes_on() -> None:
    tracks = perform(song_of(PAUSES, {0: 73}), None, shared("continue"), FakePredictor(), seed=1)
    answers = [note.onset_beats for note in notes_of(tracks, "model")[0]]
    assert answers[0] == pytest.approx(15.9 + 2.0, abs=0.2)
    assert all(17 < beat < 32.5 or beat > 49 for beat in answers)
    assert notes_of(tracks, "musician")[0] == tuple(PAUSES)


def test_the_model_answers_the_phrases_of_a_file_at_the_bar_line_and_as_long_as_they_were() -> None:
    phrases = [note for note in melody(48) if note.onset_beats % 16 < 7.5]
    tracks = perform(song_of(phrases, {0: 73}), None, shared("respond"), FakePredictor(), seed=1)
    answers = [note.onset_beats for note in notes_of(tracks, "model")[0]]
    assert {16 * int(beat // 16) + 8.0 for beat in answers} <= set(answers)
    assert {beat % 16 >= 8 for beat in answers} == {True}


def test_what_nobody_hands_over_in_jam_is_not_handed_over_here() -> None:
    tracks = perform(song_of(PAUSES, {0: 73}), None, shared("player"), FakePredictor(), seed=1)
    assert sorted(notes_of(tracks, "model")) == [1]


def test_the_model_goes_on_with_the_files_own_instrument() -> None:
    tracks = perform(song_of(PAUSES, {0: 5}), None, shared("continue"), FakePredictor(), seed=1)
    assert {track.program for track in tracks if track.channel == 0} == {5}


def test_program_changes_of_the_file_are_kept_and_heard() -> None:
    changes = ((8.0, Program(0, 40)), (9.0, Program(4, 1)))
    song = song_of(melody(16), {0: 73}, program_changes=changes)
    own = perform(song, None, BAND, FakePredictor(), seed=1)[0]
    assert own.changes == changes[:1]
    assert [event for _, event in timeline(song, {0}) if isinstance(event, Program)] == [Program(0, 73), Program(0, 40)]


def test_the_band_rests_in_a_long_gap_and_comes_back_with_the_file() -> None:
    far = [replace(note, onset_beats=note.onset_beats + 1000) for note in melody(8)]
    tracks = perform(song_of(melody(8) + far, {0: 73}), None, BAND, FakePredictor(), seed=1)
    beats = [note.onset_beats for note in notes_of(tracks, "model")[1]]
    assert all(beat < 8 + 32 + 1 or beat >= 1000 for beat in beats)
    assert 1000.0 in beats


@pytest.mark.parametrize("late", [484.0, 1e6])
def test_a_performance_ends_with_the_music_and_not_at_a_late_tempo(late: float) -> None:
    song = song_of(melody(8), {0: 73}, tempos=((0.0, 120.0), (late, 90.0)), meters=((0.0, 4.0), (late, 3.0)))
    tracks = perform(song, None, BAND, FakePredictor(), seed=1)
    assert max(note.onset_beats for note in notes_of(tracks, "model")[1]) == pytest.approx(11.5, abs=0.5)
    assert time_of(song, tracks) == (((0.0, 120.0),), ((0.0, 4.0),))


def test_a_performance_with_bars_that_no_band_plays_ends_soon_after_the_music() -> None:
    song = song_of(melody(8), {0: 73}, meters=((0.0, 1020.0),))  # 255/1
    tracks = perform(song, None, BAND, FakePredictor(), seed=1)
    assert 11.0 < max(note.onset_beats for note in notes_of(tracks, "model")[1]) < 12.0


def test_a_note_that_is_never_ended_does_not_keep_the_band_playing() -> None:
    model = FakePredictor()
    tracks = perform(song_of([Note(0, 60, 90, 0.0, 2.68e8)], {0: 73}), None, BAND, model, seed=1)
    assert max(note.onset_beats for note in notes_of(tracks, "model")[1]) < 300
    assert notes_of(tracks, "musician")[0][0].duration_beats == 2.68e8


def last_onset(bars: int | None, song: Song = SHORT, band: Set = BAND) -> float:
    tracks = perform(song, None, band, FakePredictor(), seed=1, play_on_bars=bars)
    return max(note.onset_beats for note in notes_of(tracks, "model")[1])


@pytest.mark.parametrize(("bars", "end"), [(0, 8), (1, 12), (None, 12), (3, 20), (40, 168)])
def test_the_band_goes_on_alone_for_as_many_bars_as_asked_for_and_does_not_rest(bars: int | None, end: int) -> None:
    assert end - 1 <= last_onset(bars) < end


def test_bars_of_the_songs_own_metre_count() -> None:
    waltz = song_of(melody(7), {0: 73}, meters=((0.0, 3.0),))
    assert last_onset(20, waltz) == pytest.approx(9 + 60 - 0.5, abs=0.5)


def test_the_band_that_goes_on_alone_still_rests_where_the_file_is_silent() -> None:
    far = [replace(note, onset_beats=note.onset_beats + 1000) for note in melody(8)]
    tracks = perform(song_of(melody(8) + far, {0: 73}), None, BAND, FakePredictor(), seed=1, play_on_bars=20)
    beats = [note.onset_beats for note in notes_of(tracks, "model")[1]]
    assert all(beat < 8 + 32 + 1 or beat >= 1000 for beat in beats)
    assert max(beats) == pytest.approx(1088 - 0.5, abs=0.5)


def test_a_note_that_is_never_ended_does_not_keep_the_band_going_on_alone() -> None:
    song = song_of([Note(0, 60, 90, 0.0, 2.68e8)], {0: 73})
    assert last_onset(2, song) == pytest.approx(256 + 8 - 0.5, abs=0.5)


def test_the_option_is_what_the_band_plays(tmp_path: Path, call: Call, tiny_model: Path) -> None:
    write_song(tmp_path / "in.mid", [Track("Flute", 0, 73, SHORT.notes)])
    ends = []
    for bars in ("0", "6"):
        out = tmp_path / f"{bars}.mid"
        arguments = ["--model", str(tiny_model), "--seed", "1", "--play-on", bars]
        assert call("perform", str(tmp_path / "in.mid"), "--out", str(out), *arguments)[0] == 0
        ends.append(max(note.onset_beats for note in read_song(out).notes))
    assert ends[0] < 8
    assert 28 < ends[1] < 32


def cycles(meters: Meters, notes: list[Note]) -> list[int]:
    """The bars, in ticks, that the model was told of, each time that they changed."""
    model = FakePredictor()
    perform(song_of(notes, {0: 0}, meters=meters), None, BAND, model, seed=1)
    seen = model.rows[:, 7].tolist()
    return [ticks for ticks, before in zip(seen, [None, *seen], strict=False) if ticks != before]


@pytest.mark.parametrize(
    ("meters", "beats"),
    [
        (((0.0, 3.5),), [3.5]),  # 7/8
        (((0.0, 2.5),), [2.5]),  # 5/8
        (((0.0, 1.0), (1.0, 3.0)), [3]),  # an upbeat
        (((0.0, 3.0), (6.0, 4.0)), [3, 4]),
        (((0.0, 4.0), (8.0, 3.5), (15.0, 4.0)), [4, 3.5, 4]),
        (((0.0, 1020.0),), [4]),  # 255/1, which no band plays: the bar is the set's
        (((0.0, 1 / 16),), [4]),
    ],
)
def test_the_bar_is_that_of_the_metre_in_force(meters: Meters, beats: list[float]) -> None:
    assert cycles(meters, melody(24)) == [TICKS_PER_BEAT * bar for bar in beats]


def test_who_comes_in_on_a_bar_line_comes_in_on_one_of_the_metre_in_force() -> None:
    bass = replace(BAND.channels[1], entry_bars=2)
    band = replace(BAND, channels=(BAND.channels[0], bass))
    for meters, entry in ((((0.0, 1.0), (1.0, 3.0)), 4.0), (((0.0, 3.5),), 7.0)):
        tracks = perform(song_of(melody(24), {0: 0}, meters=meters), None, band, FakePredictor(), seed=1)
        assert notes_of(tracks, "model")[1][0].onset_beats == entry


def test_a_change_of_metre_is_an_event_of_the_timeline_after_the_tempo() -> None:
    song = song_of(
        [Note(0, 60, 90, 2.0, 1.0)], {0: 1}, tempos=((0.0, 60.0), (2.0, 120.0)), meters=((0.0, 2.0), (2.0, 1.5))
    )
    at_two: list[Event | NewMeter] = [event for at_s, event in timeline(song, {0}) if at_s == 2.0]
    assert at_two == [Tempo(120.0), NewMeter(2.0, 1.5), NoteOn(0, 60, 90)]


def test_a_band_whose_channels_the_file_has_all_says_why_it_added_nothing() -> None:
    song = song_of(melody(8) + chords(8, 1) + melody(8, 9), {0: 73, 1: 32, 9: 0})
    tracks = perform(song, None, BAND, FakePredictor(), seed=1)
    reason = describe_silence(tracks, BAND)
    assert reason is not None
    assert "(2, 10)" in reason
    assert "--channels" in reason
    assert describe_silence(perform(song, [0], BAND, FakePredictor(), seed=1), BAND) is None


def test_a_set_in_which_nobody_accompanies_says_so() -> None:
    band = Set(channels=(ChannelSet(0, role="player"),))
    reason = describe_silence(perform(song_of(melody(8), {0: 73}), None, band, FakePredictor(), seed=1), band)
    assert reason is not None
    assert "nobody accompanies" in reason


def test_progress_goes_from_nothing_to_all() -> None:
    shares: list[float] = []
    perform(song_of(melody(8), {0: 73}), None, BAND, FakePredictor(), 1, shares.append)
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert 0.6 < shares[-1] <= 1.0


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
