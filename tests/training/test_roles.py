from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from music import write_melody, write_song

from bollylive.model import codec
from training.data.corpus import Song
from training.data.prepare import read_song
from training.measuring.roles import class_of, labels_of, melody_of


def _song(path: Path) -> Song:
    return Song(path.name, path.name, False, *read_song(path))


@pytest.mark.parametrize(
    ("instrument", "name"),
    [
        (codec.PERCUSSION, "percussion"),
        (33, "bass"),
        (73, "lead"),
        (104, "lead"),
        (0, "harmony"),
        (20, "harmony"),
        (48, "harmony"),
        (100, "other"),
        (127, "other"),
    ],
)
def test_every_instrument_has_a_class(instrument: int, name: str) -> None:
    assert class_of(instrument) == name


def test_the_highest_voice_of_single_notes_is_the_melody(tmp_path: Path) -> None:
    song = _song(write_song(tmp_path / "song.mid"))
    assert int(song.instruments[melody_of(song) or 0]) == 73
    by_instrument = dict(zip(song.instruments.tolist(), labels_of(song), strict=True))
    assert by_instrument == {
        73: ("lead", "melody"),
        20: ("harmony", "accompaniment"),
        33: ("bass", "accompaniment"),
        codec.PERCUSSION: ("percussion", "accompaniment"),
    }


def test_chords_above_the_melody_do_not_take_it(tmp_path: Path) -> None:
    song = _song(write_song(tmp_path / "song.mid"))
    chords = int(np.flatnonzero(song.instruments == 20)[0])
    song.notes[song.notes[:, 4] == chords, 2] += 36
    assert int(song.instruments[melody_of(song) or 0]) == 73


def test_a_voice_alone_has_its_class_only(tmp_path: Path) -> None:
    song = _song(write_melody(tmp_path / "melody.mid", [(i / 2, 60 + i % 5) for i in range(40)]))
    assert labels_of(song) == [("harmony",)]


def test_too_few_notes_are_no_melody(tmp_path: Path) -> None:
    song = _song(write_song(tmp_path / "song.mid", bars=1))
    assert melody_of(song) is None
