"""Damaged files, wrappers and time codes: the notes of the sound file, and a sentence."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smf_bytes import END, chunk, file_of, header, scale, sysex, text

from bollylive.errors import FileError
from bollylive.midi import smf_reader
from bollylive.midi.smf_messages import RawTrack, read_track
from bollylive.midi.smf_reader import read_file
from bollylive.midi.song import TempoMap
from bollylive.midi.song_files import read_song

BODIES = [scale(channel) + END for channel in range(3)]
SOUND = header(3) + b"".join(chunk(b"MTrk", body) for body in BODIES)
NOTES = read_song(SOUND).notes


def _with_length(number: int, length: int) -> bytes:
    """The sound file, but one track states this length."""
    lengths = [length if i == number else len(body) for i, body in enumerate(BODIES)]
    return header(3) + b"".join(chunk(b"MTrk", body, length) for body, length in zip(BODIES, lengths, strict=True))


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("by", [-len(BODIES[0]), -20, -1, 1, 3, 4, 8, 50, len(BODIES[0]), 1 << 20, (1 << 32) - 100])
def test_after_a_wrong_length_reading_goes_on_at_the_next_track(number: int, by: int) -> None:
    song = read_song(_with_length(number, len(BODIES[0]) + by))
    assert song.notes == NOTES
    assert song.problems == (f"track {number + 1} states a wrong length: reading went on at the next track.",)


def test_a_length_that_takes_in_the_next_track_exactly_loses_nothing() -> None:
    song = read_song(_with_length(0, 2 * len(BODIES[0]) + 8))
    assert song.notes == NOTES
    assert len(song.problems) == 1


def test_all_wrong_lengths_are_one_sentence() -> None:
    data = header(3) + b"".join(chunk(b"MTrk", body, 0) for body in BODIES)
    assert read_song(data).notes == NOTES
    assert read_song(data).problems == ("tracks 1, 2, 3 state wrong lengths: reading went on at the next track.",)


@pytest.mark.parametrize("junk", [b"\0", b"\0\0\0", b"MTr", bytes(range(200, 256)), b"some words of a sequencer"])
def test_junk_between_tracks_is_skipped(junk: bytes) -> None:
    tracks = [chunk(b"MTrk", body) for body in BODIES]
    song = read_song(header(3) + junk.join(tracks))
    assert song.notes == NOTES
    assert song.problems == (
        f"what stands between the tracks ({2 * len(junk)} bytes) belongs to none: it was skipped.",
    )


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 128, b"MTr", b"MTrk\0", b"a list of places"])
def test_what_follows_the_last_track_does_not_matter(tail: bytes) -> None:
    song = read_song(SOUND + tail)
    assert (song.notes, song.problems) == (NOTES, ())


@pytest.mark.parametrize("length", [0, 5, 7, 1 << 30])
def test_a_header_may_state_a_wrong_length(length: int) -> None:
    song = read_song(chunk(b"MThd", SOUND[8:14], length) + SOUND[14:])
    assert song.notes == NOTES


def test_a_longer_header_and_foreign_chunks_are_no_error() -> None:
    data = chunk(b"MThd", SOUND[8:14] + b"\1\2") + chunk(b"XFIH", b"abc") + SOUND[14:] + chunk(b"XFKM", b"")
    song = read_song(data)
    assert (song.notes, song.problems) == (NOTES, ())


@pytest.mark.parametrize("tail", [b"", b"\0" * 100])
@pytest.mark.parametrize("inside", [text(b"MTrk"), text(b"an MTrk\0\0\0\4 in a text"), sysex(*b"MTrk\0\0\0\2")])
def test_a_sound_track_is_never_split(inside: bytes, tail: bytes) -> None:
    bodies = [inside + scale(0), scale(1) + inside, scale(2, 4) + inside + scale(2)]
    file = read_file(file_of(*bodies) + tail)
    assert [len(track.messages) for track in file.tracks] == [1 + 16 + 1, 16 + 1 + 1, 8 + 1 + 16 + 1]
    assert file.problems == ()


def test_fewer_tracks_than_promised_are_said() -> None:
    song = read_song(header(4) + SOUND[14:])
    assert song.notes == NOTES
    assert song.problems == ("the header promises 4 tracks, but there are 3.",)


@pytest.mark.parametrize("message", ["F8", "FA", "FB", "FC", "FE", "F9", "FD", "F6", "F1 10", "F2 10 20", "F3 05"])
def test_system_messages_within_a_track_are_skipped(message: str) -> None:
    body = scale(0, 3) + b"\0" + bytes.fromhex(message) + bytes((0, 0x80, 0, 0)) + scale(0)[24:]
    song = read_song(file_of(body, scale(1), scale(2)))
    assert song.notes == NOTES
    assert song.problems == ("track 1 holds clock or other system messages, which no file may: they were skipped.",)


def test_a_clock_keeps_its_time_and_the_running_status() -> None:
    song = read_song(file_of(bytes((0, 0x90, 60, 100, 2, 0xF8, 2, 60, 0))))
    assert [(note.onset_beats, note.duration_beats) for note in song.notes] == [(0.0, 1.0)]


def _riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"RMID" + b"".join(
        kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + len(body).to_bytes(4, "little") + body


@pytest.mark.parametrize(
    "data",
    [
        _riff((b"data", SOUND)),
        _riff((b"LIST", b"INFO" + b"INAM\x05\x00\x00\x00a MThd" + b"x" * 300), (b"data", SOUND)),
        _riff((b"RIFF", b"DLS " + b"\0" * 5001), (b"data", SOUND), (b"LIST", b"INFO")),
        _riff((b"LIST", b"INFO" + b"x" * 500)).replace(b"INFO", b"INF") + b"data\0\0\0\0" + SOUND,  # wrong lengths
        b"\0\4song" + b"\0" * 122 + SOUND + b"\0" * 77,  # MacBinary
    ],
)
def test_wrappers_are_opened(data: bytes) -> None:
    song = read_song(data)
    assert (song.notes, song.problems) == (NOTES, ())


@pytest.mark.parametrize(
    ("division", "ticks_per_second"), [(0xE728, 1000.0), (0xE850, 1920.0), (0xE204, 120.0), (0xE350, 80 * 30 / 1.001)]
)
@pytest.mark.parametrize("bpm", [120.0, 93.0])
def test_a_file_in_smpte_frames_has_its_seconds(division: int, ticks_per_second: float, bpm: float) -> None:
    tempo = bytes((0, 0xFF, 0x51, 3)) + (250_000).to_bytes(3, "big")  # means nothing here
    song = read_song(file_of(tempo + scale(0), division=division), smpte_bpm=bpm)
    seconds_at = TempoMap(song.tempos).seconds_at
    assert song.tempos == ((0.0, bpm),)
    assert [seconds_at(note.onset_beats) for note in song.notes] == pytest.approx(
        [4 * i / ticks_per_second for i in range(8)]
    )
    assert song.problems == (f"it counts in seconds (SMPTE), not in beats: its beats are those of {bpm:g} bpm.",)


FRAGMENTS = st.sampled_from(
    [
        *(scale(0), scale(1, 2), END, b"MTrk", b"MTrk\0\0\0\0", b"MTrk\0\0\0\x20", b"MTrk\0\0\1\0"),
        *(b"MThd\0\0\0\2", b"XFIH"),
        *(text(b"MTrk"), sysex(*b"MTrk\0\0\0\2"), b"\0\0\0\4", b"\0\xf8", b"\0\xff\x58\4\xff\0", b"\x83\xff\xff\x7f"),
    ]
) | st.binary(max_size=6)


@given(st.lists(FRAGMENTS, max_size=40).map(b"".join), st.booleans(), st.integers(0, 2))
def test_whatever_the_bytes_there_is_a_song_or_a_file_error(body: bytes, sound_first: bool, file_format: int) -> None:
    first = chunk(b"MTrk", BODIES[0]) if sound_first else b""
    try:
        song = read_song(header(1000, file_format) + first + body)
    except FileError:
        return
    assert all(note.duration_beats is not None and note.duration_beats > 0 for note in song.notes)
    assert all(problem.endswith(".") for problem in song.problems)


@given(st.lists(FRAGMENTS, max_size=40).map(b"".join))
def test_no_byte_is_read_twice(body: bytes) -> None:
    ranges: list[tuple[int, int]] = []

    def counted(data: bytes, start: int, end: int) -> RawTrack:
        track = read_track(data, start, end)
        ranges.append((start, track.end))
        return track

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(smf_reader, "read_track", counted)
        read_file(header(1000) + body)
    assert all(start <= end for start, end in ranges)
    assert all(before[1] <= after[0] for before, after in pairwise(ranges))
