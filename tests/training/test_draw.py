"""A song becomes a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from bollylive.demo_player import demo_notes
from bollylive.errors import FileError
from bollylive.midi.song import Track
from bollylive.midi.song_files import write_song
from training.listening.draw import beat_labels, draw_song

PNG = b"\x89PNG"


@pytest.mark.parametrize("notes", [demo_notes(), ()], ids=["music", "silence"])
def test_a_song_is_drawn(tmp_path: Path, notes: tuple[object, ...]) -> None:
    song, picture = tmp_path / "song.mid", tmp_path / "song.png"
    write_song(song, [Track("Melody", 0, 73, notes)])  # type: ignore[arg-type]  # of two lengths
    draw_song(song, picture)
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("length_beats", "beats_per_bar", "labels"),
    [
        (16.0, 4.0, [0, 4, 8, 12, 16]),
        (7.0, 3.0, [0, 3, 6]),
        (0.0, 4.0, [0]),
        (1000.0, 4.0, list(range(0, 1001, 32))),
        (100_000.0, 0.125, list(range(0, 100_001, 4096))),
    ],
)
def test_the_beats_of_a_long_song_are_labelled_without_overlap(
    length_beats: float, beats_per_bar: float, labels: list[int]
) -> None:
    assert beat_labels(length_beats, beats_per_bar) == labels
    assert len(labels) <= 32


def test_what_is_no_song_is_said_so(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.mid"
    nonsense.write_bytes(b"nonsense")
    with pytest.raises(FileError):
        draw_song(nonsense, tmp_path / "picture.png")
