from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.errors import FileError
from bollylive.files.whole_file import write_file
from bollylive.midi.messages import Control, Note, Program
from bollylive.midi.song import Track
from bollylive.midi.song_files import read_song, write_song
from bollylive.midi.song_writer import TICKS_PER_BEAT


def _chunk(kind: bytes, body: bytes, length: int | None = None) -> bytes:
    return kind + (len(body) if length is None else length).to_bytes(4, "big") + body


def _file(*tracks: bytes, file_format: int = 1, division: int = 4) -> bytes:
    header = b"".join(value.to_bytes(2, "big") for value in (file_format, len(tracks), division))
    return _chunk(b"MThd", header) + b"".join(_chunk(b"MTrk", track) for track in tracks)


END = bytes((0, 0xFF, 0x2F, 0))
ONE_NOTE = bytes((0, 0x90, 60, 100, 4, 0x80, 60, 0))  # a beat of C4, at 4 ticks per beat
C4 = Note(0, 60, 100, 0.0, 1.0)


@pytest.mark.parametrize("file_format", [0, 1])
def test_a_file_gives_its_notes_in_beats(file_format: int) -> None:
    song = read_song(_file(ONE_NOTE + END, file_format=file_format), "one")
    assert song.name == "one"
    assert song.notes == (C4,)
    assert song.programs == {0: 0}
    assert song.tempos == ((0.0, 120.0),)
    assert song.meters == ((0.0, 4.0),)
    assert song.length_beats == 1.0
    assert song.problems == ()


def test_tracks_of_format_1_play_together_and_those_of_format_2_one_after_another() -> None:
    tracks = (ONE_NOTE + END, bytes((0, 0x91, 64, 90, 8, 0x81, 64, 0)) + END)
    together = read_song(_file(*tracks, file_format=1)).notes
    in_turn = read_song(_file(*tracks, file_format=2)).notes
    assert [(note.channel, note.onset_beats) for note in together] == [(0, 0.0), (1, 0.0)]
    assert [(note.channel, note.onset_beats) for note in in_turn] == [(0, 0.0), (1, 1.0)]


def test_two_tracks_on_one_channel_are_one_part() -> None:
    song = read_song(_file(ONE_NOTE + END, bytes((4, 0x90, 62, 80, 4, 0x80, 62, 0)) + END))
    assert [(note.channel, note.pitch) for note in song.notes] == [(0, 60), (0, 62)]


def test_running_status_and_velocity_0_end_a_note() -> None:
    assert read_song(_file(bytes((0, 0x90, 60, 100, 4, 60, 0)) + END)).notes == (C4,)


def test_a_note_that_never_ends_is_ended_with_the_file() -> None:
    assert read_song(_file(bytes((0, 0x90, 60, 100, 4, 0xFF, 0x2F, 0)))).notes == (C4,)


def test_the_program_is_that_of_the_first_note() -> None:
    before = bytes((0, 0xC0, 5, 0, 0xC0, 73))
    after = bytes((0, 0xC0, 104))
    assert read_song(_file(before + ONE_NOTE + after + END)).programs == {0: 73}
    assert read_song(_file(ONE_NOTE + after + END)).programs == {0: 0}


def test_a_program_at_the_tick_of_the_first_note_counts_even_from_a_later_track() -> None:
    assert read_song(_file(ONE_NOTE + END, bytes((0, 0xC0, 73)) + END)).programs == {0: 73}


def test_a_channel_without_notes_has_no_program() -> None:
    assert read_song(_file(bytes((0, 0xC3, 5)) + ONE_NOTE + END)).programs == {0: 0}


def test_tempos_and_meters_come_with_their_beats() -> None:
    slow = bytes((0, 0xFF, 0x51, 3)) + (1_000_000).to_bytes(3, "big")
    seven_eight = bytes((0, 0xFF, 0x58, 4, 7, 3, 24, 8))
    fast = bytes((14, 0xFF, 0x51, 3)) + (400_000).to_bytes(3, "big")
    song = read_song(_file(slow + seven_eight + fast + END, ONE_NOTE + END))
    assert song.tempos == ((0.0, 60.0), (3.5, 150.0))
    assert song.meters == ((0.0, 3.5),)


def test_broken_meta_events_foreign_chunks_and_wrappers_do_not_matter() -> None:
    bad_key = bytes((0, 0xFF, 0x59, 2, 99, 99))
    short_meter = bytes((0, 0xFF, 0x58, 1, 4))
    no_meter = bytes((0, 0xFF, 0x58, 4, 4, 200, 24, 8))
    no_tempo = bytes((0, 0xFF, 0x51, 3, 0, 0, 0))
    sysex = bytes((0, 0xF0, 3, 1, 2, 0xF7))
    data = _file(bad_key + short_meter + no_meter + no_tempo + sysex + ONE_NOTE + END)
    wrapped = b"RIFF....RMIDdata...." + data[:14] + _chunk(b"XFIH", b"abc") + data[14:]
    song = read_song(wrapped)
    assert song.notes == (C4,)
    assert (song.tempos, song.meters) == (((0.0, 120.0),), ((0.0, 4.0),))
    assert song.problems == ()


def test_a_file_that_was_cut_short_gives_what_is_left_and_says_so() -> None:
    second = bytes((4, 0x91, 64, 90, 4, 0x81, 64, 0, 4, 0x91, 65, 90))
    song = read_song(_file(ONE_NOTE + END, second)[:-1])
    assert song.notes == (C4, Note(1, 64, 90, 1.0, 1.0))
    assert song.problems == ("track 2 breaks off after beat 3.0: the file is damaged or cut short.",)


@pytest.mark.parametrize(
    "body",
    [
        bytes((0, 60)),  # a message without its last byte
        bytes((0, 0xF4, 1)),  # a status that no file may hold
        bytes((0, 0xFF, 0x01, 50, 65)),  # a text longer than the track
        bytes((0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x90, 60, 100)),  # a time that no number can be
        b"",
    ],
)
def test_damage_inside_a_track_keeps_the_notes_before_it(body: bytes) -> None:
    song = read_song(_file(ONE_NOTE + body))
    assert song.notes == (C4,)
    assert len(song.problems) == 1


def test_damage_that_leaves_no_note_is_an_error() -> None:
    with pytest.raises(FileError, match=r"^wreck: track 1 breaks off after beat 0\.0: "):
        read_song(_file(bytes((0, 0x90, 60))), "wreck")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a standard MIDI file"),
        (b"MThd\0\0\0\6\0\1", "not a standard MIDI file"),
        (b"\x89PNG\r\n" * 50, "not a standard MIDI file"),
        (_file(END, division=0x9C28), "100 frames a second of 40 ticks; SMPTE has 24, 25, 29 or 30"),
        (_file(END, division=0), "0 ticks per beat"),
        (_file(END, file_format=7), "format 7 is unknown"),
    ],
)
def test_what_is_no_midi_file_is_refused_in_a_sentence(data: bytes, why: str) -> None:
    with pytest.raises(FileError, match=rf"^thing: .*{why}.*\.$"):
        read_song(data, "thing")


def test_a_file_without_notes_is_an_empty_song() -> None:
    song = read_song(_file(END))
    assert (song.notes, song.programs, song.length_beats, song.problems) == ((), {}, 0.0, ())


def test_a_path_and_an_open_file_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "one.kar"
    path.write_bytes(_file(ONE_NOTE + END))
    assert read_song(path) == read_song(str(path)) == read_song(io.BytesIO(path.read_bytes()), "one")
    assert read_song(path).name == "one"


def test_a_missing_file_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nowhere\.mid: the file cannot be read: No such file"):
        read_song(tmp_path / "nowhere.mid")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of Unix")
def test_a_pipe_and_a_device_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mid")
    for path in (tmp_path / "pipe.mid", Path("/dev/zero")):
        with pytest.raises(FileError, match="the file cannot be read: this is a folder, a pipe or a device"):
            read_song(path)


def test_a_file_that_no_memory_could_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.mid"
    path.write_bytes(_file(ONE_NOTE + END))
    os.truncate(path, 2**40)
    with pytest.raises(FileError, match=r"huge\.mid: the file cannot be read: this file has more than 67108864 bytes"):
        read_song(path)


@given(st.binary(max_size=60), st.integers(0, 2))
def test_no_bytes_at_all_bring_it_down(body: bytes, file_format: int) -> None:
    try:
        song = read_song(_file(ONE_NOTE + body, file_format=file_format))
    except FileError:
        return
    assert all(note.duration_beats is not None for note in song.notes)


def _melody(notes: tuple[Note, ...], name: str = "Melody", program: int | None = 73) -> Track:
    return Track(name, notes[0].channel if notes else 0, program, notes)


def test_a_written_file_is_of_format_1_and_begins_with_the_tempo_track(tmp_path: Path) -> None:
    path = tmp_path / "out.mid"
    changes = ((0.5, Control(2, 1, 64)), (1.0, Program(2, 40)))
    track = Track("3 Strings (model)", 2, 48, (Note(2, 60, 100, 0.5, 1.5),), changes)
    write_song(path, [track], tempos=((0.0, 96.0), (2.0, 120.0)), meters=((0.0, 3.5), (3.5, 4.0)))
    file = mido.MidiFile(path)
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 480, 2)
    tempo_track = [(message.type, message.time) for message in file.tracks[0]]
    assert tempo_track == [
        *(("time_signature", 0), ("set_tempo", 0), ("set_tempo", 960), ("time_signature", 720), ("end_of_track", 0))
    ]
    assert (file.tracks[0][0].numerator, file.tracks[0][0].denominator) == (7, 8)
    assert (file.tracks[0][3].numerator, file.tracks[0][3].denominator) == (4, 4)
    part = [(message.type, message.time) for message in file.tracks[1]]
    assert part == [
        *(("track_name", 0), ("program_change", 0), ("control_change", 240), ("note_on", 0)),
        *(("program_change", 240), ("note_off", 480), ("end_of_track", 0)),
    ]
    assert file.tracks[1].name == "3 Strings (model)"


def test_a_note_ends_before_the_next_one_begins(tmp_path: Path) -> None:
    notes = (Note(0, 60, 100, 0.0, 1.0), Note(0, 60, 90, 1.0, 1.0))
    write_song(tmp_path / "out.mid", [_melody(notes)])
    assert read_song(tmp_path / "out.mid").notes == notes


def test_what_is_before_the_beginning_is_moved_to_it_and_nothing_is_shorter_than_a_tick(tmp_path: Path) -> None:
    write_song(tmp_path / "out.mid", [_melody((Note(0, 60, 100, -0.5, 0.0), Note(0, 62, 100, 1.0, None)))])
    notes = read_song(tmp_path / "out.mid").notes
    assert [_rounded(note) for note in notes] == [(0, 60, 100, 0, 1), (0, 62, 100, TICKS_PER_BEAT, 1)]


def test_the_same_music_gives_the_same_bytes_and_no_leftovers(tmp_path: Path) -> None:
    for name in ("a.mid", "b.mid"):
        write_song(tmp_path / name, [_melody((C4,))])
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mid", "b.mid"]


def test_a_name_in_any_script_can_be_written(tmp_path: Path) -> None:
    write_song(tmp_path / "out.mid", [_melody((C4,), name="1 बाँसुरी (musician)")])
    assert read_song(tmp_path / "out.mid").notes == (C4,)


def test_a_name_that_no_text_can_be_is_written_as_far_as_it_is_one(tmp_path: Path) -> None:
    write_song(tmp_path / "out.mid", [_melody((C4,), name="Fl\udc80te")])
    assert mido.MidiFile(tmp_path / "out.mid", charset="utf-8").tracks[1].name == "Fl?te"


def test_what_is_refused_at_the_last_moment_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.mid"
    path.write_bytes(b"theirs")

    def refuse() -> None:
        raise FileError("no")

    with pytest.raises(FileError, match="no"):
        write_file(path, b"ours", refuse)
    assert path.read_bytes() == b"theirs"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has links for few")
def test_a_link_that_leads_back_to_itself_is_a_file_error(tmp_path: Path) -> None:
    (tmp_path / "out.mid").symlink_to("out.mid")
    with pytest.raises(FileError, match=r"out\.mid: this link leads back to itself; remove it"):
        write_song(tmp_path / "out.mid", [])


def test_a_place_that_cannot_be_written_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"out\.mid: the file cannot be written"):
        write_song(tmp_path / "missing" / "out.mid", [])


@st.composite
def _parts(draw: st.DrawFn) -> tuple[Note, ...]:
    """Notes on a grid, none overlapping another of its pitch."""
    notes = []
    for pitch in draw(st.sets(st.integers(0, 127), max_size=4)):
        at = 0
        for silence, length in draw(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 2000)), max_size=5)):
            onset, at = at + silence, at + silence + length
            notes.append(Note(5, pitch, draw(st.integers(1, 127)), onset / TICKS_PER_BEAT, length / TICKS_PER_BEAT))
    return tuple(sorted(notes, key=lambda note: (note.onset_beats, note.pitch)))


@given(_parts())
def test_what_was_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, notes: tuple[Note, ...]) -> None:
    path = tmp_path_factory.getbasetemp() / "round.mid"
    write_song(path, [Track("part", 5, 12, notes)])
    song = read_song(path)
    assert [_rounded(note) for note in song.notes] == [_rounded(note) for note in notes]
    assert song.programs == ({5: 12} if notes else {})


def _rounded(note: Note) -> tuple[int, int, int, int, int]:
    assert note.duration_beats is not None
    ticks = (round(note.onset_beats * TICKS_PER_BEAT), round(note.duration_beats * TICKS_PER_BEAT))
    return note.channel, note.pitch, note.velocity, *ticks
