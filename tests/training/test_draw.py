"""A song becomes a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from bollylive.demo_player import demo_notes
from bollylive.errors import FileError
from bollylive.midi.song import Track
from bollylive.midi.song_files import write_song
from training.listening.draw import draw_song

PNG = b"\x89PNG"


@pytest.mark.parametrize("notes", [demo_notes(), ()], ids=["music", "silence"])
def test_a_song_is_drawn(tmp_path: Path, notes: tuple[object, ...]) -> None:
    song, picture = tmp_path / "song.mid", tmp_path / "song.png"
    write_song(song, [Track("Melody", 0, 73, notes)])  # type: ignore[arg-type]  # of two lengths
    draw_song(song, picture)
    assert picture.read_bytes().startswith(PNG)


def test_what_is_no_song_is_said_so(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.mid"
    nonsense.write_bytes(b"nonsense")
    with pytest.raises(FileError):
        draw_song(nonsense, tmp_path / "picture.png")
