"""Where a recording is written: never over another file, and somewhere in any case."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bollylive.errors import FileError
from bollylive.jam_files import write_recording
from bollylive.journal.folder import default_folder
from bollylive.journal.recording import RecordedMusic
from bollylive.midi.messages import Control, Note
from bollylive.midi.song import DEFAULT_METERS, Track
from bollylive.midi.song_files import read_song

MUSIC = (Track("1 Melody (musician)", 0, 73, (Note(0, 60, 100, 0.0, 1.0),)),)
TEMPOS = ((0.0, 100.0),)


def record(path: Path, tracks: tuple[Track, ...] = MUSIC) -> list[str]:
    said: list[str] = []
    write_recording(RecordedMusic(tracks, TEMPOS, DEFAULT_METERS), path, said.append)
    return said


@pytest.fixture
def recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for what finds no place."""
    for name in ("XDG_STATE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    return default_folder().parent / "recordings"


def test_a_take_stays_when_another_is_recorded_under_its_name(tmp_path: Path) -> None:
    take = tmp_path / "take.mid"
    assert record(take) == [f"recorded {take}: 1 Melody (musician) 1 notes"]
    first = take.read_bytes()
    take.write_bytes(first + b"and more")
    assert record(take) == [f"recorded {tmp_path / 'take-2.mid'}: 1 Melody (musician) 1 notes"]
    assert take.read_bytes() == first + b"and more"
    assert (tmp_path / "take-2.mid").read_bytes() == first
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("tracks", [(), (Track("1 Melody (musician)", 0, 73, (), ((0.0, Control(0, 64, 127)),)),)])
def test_where_nothing_was_played_there_is_no_recording_and_the_old_one_stays(
    tmp_path: Path, tracks: tuple[Track, ...]
) -> None:
    take = tmp_path / "take.mid"
    assert record(take, tracks) == ["Nothing was played, so there is no recording."]
    assert not take.exists()
    take.write_bytes(b"of yesterday")
    record(take, tracks)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"of yesterday"]


@pytest.mark.parametrize("name", ["gone/take.mid", "x" * 260 + ".mid"])
def test_music_whose_place_is_gone_or_whose_name_cannot_be_goes_elsewhere(
    name: str, tmp_path: Path, recordings: Path
) -> None:
    path = tmp_path / name
    elsewhere = recordings / "take.mid" if path.name == "take.mid" else tmp_path / ("x" * 96 + ".mid")
    trouble, recorded = record(path)
    assert trouble.startswith(f"{path}: the file cannot be written: ")
    assert trouble.endswith(f" The recording goes to {elsewhere} instead.")
    assert recorded.startswith(f"recorded {elsewhere}: ")
    assert read_song(elsewhere).notes == MUSIC[0].notes


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has links for few")
def test_a_link_is_a_file_that_stays(tmp_path: Path) -> None:
    for target in ("loop.mid", "nothing.mid"):
        (tmp_path / "loop.mid").symlink_to(target)
        record(tmp_path / "loop.mid")
        assert (tmp_path / "loop.mid").is_symlink()
        (tmp_path / "loop-2.mid").unlink()
        (tmp_path / "loop.mid").unlink()


def test_a_disk_that_takes_nothing_at_all_is_an_error(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileError, match="No space left on device; make room on the disk"):
        record(tmp_path / "take.mid")
