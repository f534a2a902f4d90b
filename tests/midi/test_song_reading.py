"""What a file means beyond its notes: who is percussion, which port, what has no end, and where it is too long."""

from __future__ import annotations

import pytest
from smf_bytes import file_of, scale, sysex, text

from bollylive.midi.file_parts import LONGEST_BEATS, LONGEST_S
from bollylive.midi.messages import Program
from bollylive.midi.song import Song
from bollylive.midi.song_files import read_song

GS_RESET = sysex(0x41, 0x10, 0x42, 0x12, 0x40, 0x00, 0x7F, 0x00, 0x41)
GM2_ON = sysex(0x7E, 0x7F, 0x09, 0x03)
XG_ON = sysex(0x43, 0x10, 0x4C, 0x00, 0x00, 0x7E, 0x00)


def _gs_part(block: int, mode: int) -> bytes:
    return sysex(0x41, 0x10, 0x42, 0x12, 0x40, 0x10 | block, 0x15, mode, 0)


def _bank(channel: int, bank: int) -> bytes:
    return bytes((0, 0xB0 | channel, 0, bank, 0, 0xC0 | channel, 5))


@pytest.mark.parametrize(
    ("before", "percussion"),
    [
        (b"", {9}),
        (_gs_part(0xA, 2), {9, 10}),
        (_gs_part(0xF, 1), {9, 15}),
        (_gs_part(1, 1), {0, 9}),
        (_gs_part(9, 1), {8, 9}),
        (_gs_part(0, 0), set()),  # channel 10 becomes a melody, and no other is free
        (_gs_part(0xA, 2) + _gs_part(0xA, 0), {9}),
        (sysex(0x43, 0x10, 0x4C, 0x08, 0x0A, 0x07, 2), {9, 10}),
        (sysex(0x43, 0x10, 0x4C, 0x08, 0x0A, 0x08, 2), {9}),  # another parameter
        (_bank(10, 127), {9, 10}),
        (_bank(10, 126), {9, 10}),
        (XG_ON + _bank(0, 127), {0, 9}),
        (_bank(10, 120), {9, 10}),
        (_bank(10, 127) + _bank(10, 0), {9}),
        (_bank(10, 1) + bytes((0, 0xB0 | 10, 0, 127)), {9}),  # a bank counts from the next program on
        (_bank(9, 0), {9}),
        (GS_RESET + _bank(10, 127), {9}),  # the sounds of an MT-32
        (GS_RESET + XG_ON + _bank(10, 127), {9, 10}),
        (sysex(0x41, 0x10, 0x42, 0x12), {9}),  # cut short
        (sysex(), {9}),
    ],
)
def test_percussion_is_on_channel_10_and_where_a_file_puts_it(before: bytes, percussion: set[int]) -> None:
    everywhere = b"".join(scale(channel, 1) for channel in range(16))
    assert read_song(file_of(before + everywhere)).percussion == percussion


def test_a_channel_is_what_it_is_at_its_first_note() -> None:
    assert read_song(file_of(scale(10) + _gs_part(0xA, 2))).percussion == {9}
    assert read_song(file_of(scale(10), _gs_part(0xA, 2))).percussion == {9, 10}


@pytest.mark.parametrize(
    "melodic",
    [
        _gs_part(0, 0),
        _gs_part(0, 1) + _gs_part(0, 0) + _bank(9, 0),
        sysex(0x43, 0x10, 0x4C, 0x08, 0x09, 0x07, 0),  # XG: a part in normal mode
        GM2_ON + _bank(9, 121),
    ],
)
def test_a_melody_on_channel_10_moves_to_a_channel_of_melodies_and_is_said(melodic: bytes) -> None:
    song = read_song(file_of(melodic + scale(0, 1) + scale(9, 3) + bytes((0, 0xC9, 73))))
    assert {note.channel for note in song.notes} == {0, 1}
    assert _notes_on(song, 1) == 3
    assert song.percussion == {9}
    assert song.program_changes[-1] == (4.0, Program(1, 73))
    assert song.problems == ("channel 10 is a melody in this file: here it is channel 2.",)


def test_where_no_channel_is_free_a_melody_stays_on_channel_10_and_is_said() -> None:
    song = read_song(file_of(_gs_part(0, 0) + b"".join(scale(channel, 1) for channel in range(16))))
    assert len(song.notes) == 16
    assert song.problems == (
        "channel 10 is a melody in this file: here all others are taken, so it counts as percussion.",
    )


def test_the_drums_of_another_port_have_channel_10_where_a_melody_left_it() -> None:
    song = read_song(file_of(_port(0) + _gs_part(0, 0) + scale(9, 3), _port(1) + scale(9, 5)))
    assert {channel: _notes_on(song, channel) for channel in song.programs} == {0: 3, 9: 5}
    assert song.percussion == {9}
    assert song.problems == (
        "channel 10 is a melody in this file: here it is channel 1.",
        "its 2 ports share 16 channels here: channel 10 of port 1 is channel 1.",
    )


@pytest.mark.parametrize("bank", [GM2_ON + _bank(9, 0), GM2_ON + _bank(9, 120), _bank(9, 121)])
def test_channel_10_stays_percussion_where_a_file_does_not_say_otherwise(bank: bytes) -> None:
    song = read_song(file_of(bank + scale(9, 3)))
    assert song.percussion == {9}
    assert _notes_on(song, 9) == 3
    assert song.problems == ()


def test_all_program_changes_are_kept_with_their_beats() -> None:
    song = read_song(file_of(bytes((0, 0xC0, 5)) + scale(0, 2) + bytes((0, 0xC0, 73)) + scale(0, 2)))
    assert song.programs == {0: 5}
    assert song.program_changes == ((0.0, Program(0, 5)), (2.0, Program(0, 73)))
    assert [song.program_at(0, beat) for beat in (0.0, 1.9, 2.0)] == [5, 5, 73]


def _port(number: int) -> bytes:
    return bytes((0, 0xFF, 0x21, 1, number))


def _device(name: bytes) -> bytes:
    return bytes((0, 0xFF, 0x09, len(name))) + name


def _program(channel: int, program: int) -> bytes:
    return bytes((0, 0xC0 | channel, program))


@pytest.mark.parametrize(("first", "second"), [(_port(0), _port(1)), (b"", _port(1)), (_device(b"A"), _device(b"B"))])
def test_the_channels_of_two_ports_do_not_merge(first: bytes, second: bytes) -> None:
    song = read_song(
        file_of(
            first + _program(0, 73) + scale(0),
            first + scale(9, 4),
            second + _program(0, 48) + scale(0, 4),
            second + scale(9, 5),
            second + _program(4, 33) + scale(4, 6),
        )
    )
    assert {channel: _notes_on(song, channel) for channel in song.programs} == {0: 8, 1: 4, 2: 5, 4: 6, 9: 4}
    assert song.programs == {0: 73, 1: 48, 2: 0, 4: 33, 9: 0}
    assert song.percussion == {2, 9}
    assert song.problems == (
        "its 2 ports share 16 channels here: channel 1 of port 2 is channel 2, channel 10 of port 2 is channel 3.",
    )


def test_where_no_channel_is_left_a_part_is_left_out_and_said() -> None:
    tracks = [scale(channel) for channel in range(16)]
    song = read_song(file_of(*tracks, _port(1) + scale(3)))
    assert len(song.notes) == 16 * 8
    assert song.problems == ("its 2 ports share 16 channels here: channel 4 of port 2 is left out.",)


def test_of_many_ports_a_sentence_names_some() -> None:
    tracks = [_device(bytes((name,))) + scale(0, 1) for name in range(100)]
    [problem] = read_song(file_of(*tracks)).problems
    assert problem.startswith("its 100 ports share 16 channels here: channel 1 of port 2 is channel 2, ")
    assert problem.endswith("channel 1 of port 17 is left out, and 83 more.")


@pytest.mark.parametrize(
    "tracks",
    [
        (_port(0) + scale(0, 4), scale(0, 8)),
        (_device(b"A") + scale(0, 4), text(b"no device") + scale(0, 8)),
        (_port(1) + scale(0, 8), _port(1) + scale(0, 4)),
        (_port(0) + scale(0, 8), _port(1) + scale(1, 4)),
    ],
)
def test_what_shares_a_port_or_no_channel_stays_where_it_is(tracks: tuple[bytes, ...]) -> None:
    song = read_song(file_of(*tracks))
    assert _notes_on(song, 0) == 8
    assert song.problems == ()


def _notes_on(song: Song, channel: int) -> int:
    return sum(note.channel == channel for note in song.notes)


def _on(delta: int, pitch: int) -> bytes:
    return bytes((delta, 0x90, pitch, 100))


def _lengths(song: Song) -> list[tuple[int, float | None]]:
    return [(note.pitch, note.duration_beats) for note in song.notes]


def test_a_melody_without_note_offs_is_played_legato() -> None:
    song = read_song(file_of(_on(0, 60) + _on(2, 62) + _on(2, 60) + _on(0, 64) + _on(100, 65)))
    assert _lengths(song) == [(60, 0.5), (62, 0.5), (60, 4.0), (64, 4.0), (65, 1.0)]
    assert song.problems == ("5 notes without a note-off: ended with the next onset of the channel, or after a bar.",)


def test_one_lost_note_off_ends_that_note_alone() -> None:
    lost = _on(0, 40) + scale(0, 4) + bytes((127, 0xFF, 1, 0))
    assert read_song(file_of(lost)).problems[0].startswith("1 note without a note-off")
    assert _lengths(read_song(file_of(lost)))[0] == (40, 1.0)
    assert _lengths(read_song(file_of(_on(0, 40) + bytes((127, 0xFF, 1, 0)))))[0] == (40, 4.0)


FAR = b"\xff\xff\xff\x7f"  # 268 million ticks


@pytest.mark.parametrize("division", [1, 4, 480])
def test_what_lies_beyond_any_piece_is_left_out_and_said(division: int) -> None:
    far = FAR * 1 + bytes((0x80, 70, 0, 0, 0x90, 72, 100, 4, 0x80, 72, 0)) + FAR + bytes((0xFF, 0x51, 3, 9, 0, 0))
    song = read_song(file_of(scale(0) + _on(0, 70) + far, division=division))
    assert [note.pitch for note in song.notes] == [*range(60, 68), 70]
    assert song.notes[-1].duration_beats == 1.0
    assert song.length_beats < 100
    assert song.tempos == ((0.0, 120.0),)
    assert song.problems[0] == f"what comes after beat {LONGEST_BEATS:g} is left out: no piece lasts that long."


def test_a_piece_is_no_longer_than_a_day_at_any_tempo() -> None:
    slowest = bytes((0, 0xFF, 0x51, 3, 0xFF, 0xFF, 0xFF))
    later = b"\x82\x80\x00" + _on(0, 70)[1:] + bytes((4, 0x80, 70, 0))  # 8,192 beats of 16.8 s
    song = read_song(file_of(slowest + scale(0) + later))
    assert len(song.notes) == 8
    assert song.problems == (f"what comes after beat {LONGEST_S / 16.777215:g} is left out: no piece lasts that long.",)


def test_20_000_tempos_are_all_read() -> None:
    tempos = b"".join(bytes((4, 0xFF, 0x51, 3, 7, i >> 8, i & 0xFF)) for i in range(20_000))
    assert len(read_song(file_of(tempos, scale(0))).tempos) == 20_001


def _pedal(beats: int, value: int, number: int = 64) -> bytes:
    return bytes((4 * beats, 0xB0, number, value))


REST = bytes((100, 0xFF, 1, 0))  # 25 beats, and an empty text


@pytest.mark.parametrize(
    ("body", "durations"),
    [
        (_pedal(0, 127) + scale(0, 2) + REST, [7.0, 7.0]),  # never lifted: six beats after the key
        (_pedal(0, 127) + _pedal(0, 90) + scale(0, 2) + REST, [7.0, 7.0]),
        (_pedal(0, 127) + scale(0, 2), [2.0, 1.0]),  # the file ends sooner
        (_pedal(0, 127) + scale(0, 2) + REST + _pedal(0, 0), [27.0, 26.0]),  # lifted late: as it was meant
        (_pedal(0, 127) + scale(0, 2) + REST + bytes((0, 0xB0, 121, 0)), [27.0, 26.0]),
        (_pedal(0, 127) + scale(0, 1) + _pedal(0, 0) + scale(0, 1) + _pedal(0, 127) + REST, [1.0, 1.0]),
        (_pedal(0, 127) + scale(0, 1) + scale(0, 1) + REST, [1.0, 7.0]),  # struck again
        (bytes((0, 0x90, 60, 100)) + _pedal(1, 127, 66) + bytes((0, 0x80, 60, 0)) + REST, [7.0]),  # sostenuto
        (bytes((0, 0x90, 60, 100)) + _pedal(0, 127) + REST + bytes((0, 0x80, 60, 0)), [25.0]),  # the key is down
    ],
)
def test_a_pedal_that_is_never_lifted_holds_a_note_as_long_as_a_string_rings(
    body: bytes, durations: list[float]
) -> None:
    assert [note.duration_beats for note in read_song(file_of(body)).notes] == durations


def test_a_pedal_that_is_never_lifted_holds_its_own_channel_alone() -> None:
    song = read_song(
        file_of(_pedal(0, 127) + scale(0, 1) + bytes((0, 0xB1, 64, 127)) + scale(1, 1) + REST + bytes((0, 0xB1, 64, 0)))
    )
    assert [(note.channel, note.duration_beats) for note in song.notes] == [(0, 7.0), (1, 26.0)]
