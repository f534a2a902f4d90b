"""Files on a real disk that lose their names while they are written."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from bollylive.files import append_file
from bollylive.files.append_file import AppendFile
from bollylive.files.locked_file import new_file
from bollylive.journal.folder import JournalFile, SpoolFile, default_folder, find_journals, find_spools

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file keeps its name there")

HEAD, STAMP = b"{}\n", "20250601-201503"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a" / "journal"


@pytest.fixture
def file(folder: Path) -> JournalFile:
    file = JournalFile(folder, STAMP, HEAD)
    file.append(b"first\n")
    return file


def test_a_file_that_has_its_name_stays(file: JournalFile) -> None:
    assert file.renew() is None
    assert JournalFile(file.folder, STAMP, HEAD).renew() is None


@pytest.mark.parametrize("how", ["unlink", "folder", "parent", "renamed", "moved", "a file in place of the folder"])
def test_a_file_that_lost_its_name_is_started_again_in_the_same_place_with_everything_it_held(
    file: JournalFile, folder: Path, tmp_path: Path, how: str
) -> None:
    assert file.path is not None
    path = file.path
    if how == "unlink":
        path.unlink()
    elif how == "renamed":
        path.rename(path.with_name("mine.jsonl"))
    elif how == "moved":
        folder.rename(tmp_path / "elsewhere")
    else:
        shutil.rmtree(folder if how == "folder" else folder.parent)
    if how == "a file in place of the folder":
        folder.parent.write_bytes(b"")
    file.append(b"second, in between\n")
    sentence = str(file.renew())
    if how == "a file in place of the folder":
        assert file.path.parent == default_folder()
        assert f"started again as {file.path}, with everything it held" in sentence
    else:
        assert file.path == path
        assert "started again in the same place, with everything it held" in sentence
    file.append(b"third\n")
    assert file.path.read_bytes() == file.read() == HEAD + b"first\nsecond, in between\nthird\n"
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.renew() is None
    file.close(keep=False)
    assert not file.path.exists()


def test_another_file_that_has_its_name_by_now_is_neither_written_nor_removed(file: JournalFile) -> None:
    assert file.path is not None
    path = file.path
    path.unlink()
    path.write_bytes(b"a friend's")
    file.close(keep=False)
    assert path.read_bytes() == b"a friend's"

    file = JournalFile(path.parent, STAMP, HEAD)
    file.append(b"x")
    assert file.path is not None
    file.path.unlink()
    file.path.write_bytes(b"another's")
    taken = file.path
    assert "started again as" in str(file.renew())
    assert taken.read_bytes() == b"another's"
    assert file.path != taken
    assert file.read() == HEAD + b"x"


def test_where_no_place_can_be_had_it_is_kept_without_a_name_and_tried_again(
    file: JournalFile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(folder)

    def full(_file: object, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(append_file, "_write", full)
        with pytest.raises(OSError, match="No space left"):
            file.renew()
        assert find_journals(folder) == find_journals(default_folder()) == []
        file.append(b"second\n")
        file.close(keep=True)
        assert file.read() == HEAD + b"first\nsecond\n"
    assert file.renew() is not None
    assert file.path is not None
    assert file.path.read_bytes() == HEAD + b"first\nsecond\n"
    file.close(keep=True)


def test_what_cannot_be_read_any_more_is_begun_with_its_head(
    file: JournalFile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(folder)

    def broken(_number: int, _size: int, _place: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", broken)
        assert "what it held is lost: Input/output error" in str(file.renew())
    file.append(b"second\n")
    assert file.read() == HEAD + b"second\n"


def test_a_disk_that_numbers_a_file_anew_each_time_is_let_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(1000))
    monkeypatch.setattr(append_file, "_identity", lambda _status: (0, next(numbers)))
    file = AppendFile(folder, HEAD, lambda folder: new_file(folder / "file"))
    file.append(b"first\n")
    assert file.renew() is None


def test_only_this_user_may_read_it_or_its_folder(file: JournalFile, folder: Path) -> None:
    assert file.path is not None
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_spool_lies_hidden_beside_its_recording_and_never_takes_the_place_of_another(tmp_path: Path) -> None:
    target = tmp_path / "take.mid"
    first, second = SpoolFile(target, HEAD), SpoolFile(target, HEAD)
    for spool in (first, second):
        spool.append(b"x")
    assert (first.path, second.path) == (tmp_path / ".take.mid.spool.jsonl", tmp_path / ".take.mid.spool-2.jsonl")
    assert find_spools(target) == []  # both are written
    first.close(keep=True)
    assert find_spools(target) == [first.path]
    assert find_spools(tmp_path / "take") == []
    second.remove()
    assert list(tmp_path.iterdir()) == [first.path]


def test_a_temporary_folder_goes_with_its_file() -> None:
    spool = SpoolFile(append_file.temporary_folder() / "recording", HEAD)
    spool.append(b"x")
    spool.close(keep=True)
    assert spool.folder.parent == Path(tempfile.gettempdir())
    assert spool.folder.exists()
    spool.remove()
    assert not spool.folder.exists()
