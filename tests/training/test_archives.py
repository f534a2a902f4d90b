"""Archives that strangers made: what is unpacked stays in its folder, and within its limits."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from training.data.archives import Limits, archive_ending, unpack
from training.errors import TrainingError

SONG = b"MThd and so on"
LIMITS = Limits(files=4, file_bytes=1 << 20, total_bytes=2 << 20)


def _is_song(name: str) -> bool:
    return name.endswith(".mid")


def _tar(path: Path, *entries: tarfile.TarInfo | tuple[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                archive.addfile(info, io.BytesIO(entry[1]))
    return path


def _zip(path: Path, *entries: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


MAKERS = pytest.mark.parametrize(
    ("ending", "make"), [pytest.param(".tar.gz", _tar, id="tar"), pytest.param(".zip", _zip, id="zip")]
)
Maker = Callable[..., Path]


def _unpack(archive: Path, tmp_path: Path) -> tuple[int, list[str]]:
    """Unpack into a folder, and return how many were left out, and all files that there are now."""
    folder = tmp_path / "deep" / "inside"
    folder.mkdir(parents=True)
    left_out = unpack(archive, folder, _is_song, LIMITS)
    return left_out, sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@MAKERS
def test_only_what_is_wanted_is_written(tmp_path: Path, ending: str, make: Maker) -> None:
    archive = make(tmp_path / f"songs{ending}", ("raga/yaman.mid", SONG), ("raga/cover.png", b"x"))
    assert _unpack(archive, tmp_path) == (1, ["raga/yaman.mid"])
    assert (tmp_path / "deep" / "inside" / "raga" / "yaman.mid").read_bytes() == SONG


@MAKERS
@pytest.mark.parametrize(
    "name", ["../../out.mid", "a/../../../out.mid", "/tmp/out.mid", r"..\..\out.mid", r"C:\out.mid"]
)
def test_a_name_outside_the_folder_is_refused(tmp_path: Path, ending: str, make: Maker, name: str) -> None:
    archive = make(tmp_path / f"songs{ending}", (name, SONG))
    with pytest.raises(TrainingError, match="outside its folder"):
        _unpack(archive, tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [archive.name]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_left_out(tmp_path: Path, kind: bytes) -> None:
    entry = tarfile.TarInfo("link.mid")
    entry.type, entry.linkname = kind, "../../../secret.mid"
    assert _unpack(_tar(tmp_path / "songs.tar.gz", entry, ("song.mid", SONG)), tmp_path) == (1, ["song.mid"])


def test_a_file_behind_a_link_stays_inside(tmp_path: Path) -> None:
    """The first entry makes a link to a folder outside; the second goes through it, if it was made."""
    (tmp_path / "elsewhere").mkdir()
    link = tarfile.TarInfo("folder")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "elsewhere")
    archive = _tar(tmp_path / "songs.tar.gz", link, ("folder/song.mid", SONG))
    assert _unpack(archive, tmp_path) == (1, ["folder/song.mid"])
    assert not any((tmp_path / "elsewhere").iterdir())


@MAKERS
def test_too_many_files_are_refused(tmp_path: Path, ending: str, make: Maker) -> None:
    archive = make(tmp_path / f"songs{ending}", *((f"{i}.mid", SONG) for i in range(5)))
    with pytest.raises(TrainingError, match="more than 4 files or 2 MiB; unpack it yourself"):
        _unpack(archive, tmp_path)


@MAKERS
def test_too_much_music_is_refused_before_it_is_written(tmp_path: Path, ending: str, make: Maker) -> None:
    archive = make(tmp_path / f"songs{ending}", *((f"{i}.mid", bytes(1 << 20)) for i in range(3)))
    with pytest.raises(TrainingError, match="more than 4 files or 2 MiB"):
        _unpack(archive, tmp_path)


@MAKERS
def test_a_song_that_is_too_large_is_left_out(tmp_path: Path, ending: str, make: Maker) -> None:
    archive = make(tmp_path / f"songs{ending}", ("large.mid", bytes((1 << 20) + 1)), ("song.mid", SONG))
    assert _unpack(archive, tmp_path) == (1, ["song.mid"])


def test_a_header_of_any_size_is_not_read_at_once(tmp_path: Path) -> None:
    """A pax header says how long it is, and Python's tarfile reads as much into memory."""
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 1 << 33
    archive = tmp_path / "songs.tar"
    archive.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    with pytest.raises(TrainingError, match=r"cannot be unpacked"):
        _unpack(archive, tmp_path)


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".zip"])
@pytest.mark.parametrize("keep", [0, 10, 150])
def test_a_damaged_archive_is_told_in_one_sentence(tmp_path: Path, ending: str, keep: int) -> None:
    if ending == ".zip":
        data = _zip(tmp_path / "whole.zip", ("song.mid", bytes(range(256)) * 9)).read_bytes()
    else:
        data = gzip.decompress(_tar(tmp_path / "whole.tar.gz", ("song.mid", bytes(range(256)) * 9)).read_bytes())
        compressors: dict[str, Callable[[bytes], bytes]] = {
            ".tar": bytes,
            ".tar.gz": gzip.compress,
            ".tar.bz2": bz2.compress,
            ".tar.xz": lzma.compress,
        }
        data = compressors[ending](data)
    archive = tmp_path / f"songs{ending}"
    archive.write_bytes(data[:keep])
    with pytest.raises(TrainingError, match=r"songs\.\S+: this archive cannot be unpacked: "):
        _unpack(archive, tmp_path)


def test_an_archive_is_known_by_its_ending() -> None:
    assert archive_ending(Path("songs.TAR.XZ")) == ".tar.xz"
    assert archive_ending(Path("songs.v2.zip")) == ".zip"
    assert archive_ending(Path("songs.rar")) is None
