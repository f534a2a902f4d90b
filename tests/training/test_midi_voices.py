"""MIDI files as voices for the training: as symusic reads them, and where it does not, by the band's own rules."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
from music import write_song

from bollylive.midi.smf_reader import read_file
from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from training.data.corpus import DURATION, ONSET, VOICE
from training.data.midi_voices import read_by_own_rules, read_voices
from training.data.prepare import read_corpus, read_song

END = b"\0\xff\x2f\0"


def _file(body: bytes, division: int = 480) -> bytes:
    return (
        b"MThd\0\0\0\6\0\1\0\1"
        + division.to_bytes(2, "big")
        + b"MTrk"
        + len(body + END).to_bytes(4, "big")
        + body
        + END
    )


def _hits(channel: int, delta: bytes = b"\x81\x70") -> bytes:
    """Eight notes, each half a beat at 480 ticks."""
    return b"".join(
        bytes((0, 0x90 | channel, 36 + i, 90)) + delta + bytes((0x80 | channel, 36 + i, 0)) for i in range(8)
    )


@pytest.mark.parametrize("file_format", [0, 1])
def test_the_bands_own_rules_read_a_sound_file_as_symusic_does(tmp_path: Path, file_format: int) -> None:
    data = write_song(tmp_path / "song.mid", file_format=file_format).read_bytes()
    by_symusic, by_us = read_voices(data), read_by_own_rules(read_file(data))
    assert by_symusic.ticks_per_beat == by_us.ticks_per_beat
    assert _sorted(by_symusic.voices) == _sorted(by_us.voices)


def _sorted(voices: list[tuple[int, np.ndarray]]) -> list[tuple[int, list[list[int]]]]:
    return sorted((instrument, sorted(notes.tolist())) for instrument, notes in voices)


@pytest.mark.parametrize(
    ("before", "instruments"),
    [
        (b"", [0]),
        (b"\0\xf0\x0a\x41\x10\x42\x12\x40\x1a\x15\2\0\xf7", [PERCUSSION]),  # GS: part 11 is a rhythm part
        (b"\0\xba\0\x7f\0\xca\0", [PERCUSSION]),  # XG
        (b"\0\xba\0\x08\0\xca\5", [5]),
    ],
)
def test_drums_on_other_channels_are_percussion(tmp_path: Path, before: bytes, instruments: list[int]) -> None:
    (tmp_path / "song.mid").write_bytes(_file(before + _hits(10)))
    assert read_song(tmp_path / "song.mid")[1].tolist() == instruments


def test_notes_without_note_offs_are_kept_and_end_with_the_next(tmp_path: Path) -> None:
    ons = b"".join(bytes((0x81, 0x70, 0x90, 60 + i, 90)) for i in range(10))
    (tmp_path / "song.mid").write_bytes(_file(ons))
    notes, _, _ = read_song(tmp_path / "song.mid")
    assert (notes[:, DURATION] / TICKS_PER_BEAT).tolist() == [0.5] * 9 + [1.0]


@pytest.mark.parametrize("division", [1, 480])
def test_a_song_with_an_endless_time_is_skipped_with_its_reason(tmp_path: Path, division: int) -> None:
    (tmp_path / "song.mid").write_bytes(_file(_hits(0) + b"\xff\xff\xff\x7f\x90\x40\x50\1\x80\x40\0", division))
    corpus = read_corpus(tmp_path, "corpus")
    assert corpus.skipped == {"song.mid": "ValueError: longer than 100000 beats"}


def test_a_wrong_length_and_a_clock_within_a_track_lose_nothing(tmp_path: Path) -> None:
    data = write_song(tmp_path / "song.mid").read_bytes()
    notes, instruments, bars = read_song(tmp_path / "song.mid")
    at = data.index(b"MTrk", data.index(b"MTrk") + 4)
    length = int.from_bytes(data[at + 4 : at + 8], "big")
    damaged = data[: at + 4] + (length + 3 + 2).to_bytes(4, "big") + b"\0\xf8" + data[at + 8 :]
    (tmp_path / "song.mid").write_bytes(damaged)
    found = read_song(tmp_path / "song.mid")
    assert np.array_equal(found[0], notes)
    assert np.array_equal(found[1], instruments)
    assert np.array_equal(found[2], bars)


def test_programs_in_the_middle_of_a_damaged_file_are_voices_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "song.mid").write_bytes(_file(b"\0\xf8" + b"\0\xc0\5" + _hits(0) + b"\0\xc0\x49" + _hits(0)))
    notes, instruments, _ = read_song(tmp_path / "song.mid")
    assert instruments.tolist() == [5, 73]
    assert np.bincount(notes[:, VOICE]).tolist() == [8, 8]


def test_a_file_in_smpte_frames_is_read_at_120(tmp_path: Path) -> None:
    (tmp_path / "song.mid").write_bytes(_file(_hits(0, b"\x83\x74"), 0xE728))  # notes of 500 ms
    notes, _, _ = read_song(tmp_path / "song.mid")
    assert notes[:, ONSET].tolist() == [TICKS_PER_BEAT * i for i in range(8)]


def test_the_metres_are_those_of_the_file(tmp_path: Path) -> None:
    path = write_song(tmp_path / "song.mid")
    file = mido.MidiFile(path)
    file.tracks[0].insert(0, mido.MetaMessage("time_signature", numerator=7, denominator=8))
    file.save(path)
    assert read_song(path)[2].tolist() == [[0, 3.5 * TICKS_PER_BEAT]]
    damaged = path.read_bytes().replace(b"MTrk", b"\0MTrk", 2)
    path.write_bytes(damaged)
    assert read_song(path)[2].tolist() == [[0, 3.5 * TICKS_PER_BEAT]]
