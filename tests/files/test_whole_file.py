"""Writing files: whole or not at all, never over what must stay, and under a name that fits."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
import tempfile
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from bollylive.errors import FileError
from bollylive.files.file_names import free_name
from bollylive.files.whole_file import write_elsewhere, write_file, write_new, write_numbered

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions, and links for few")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    write_file(path, b"one")
    assert path.read_bytes() == b"one"
    write_file(str(path), lambda file: file.write(b"two"))
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["a.mid"]


def test_what_lies_under_the_name_of_an_unfinished_file_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    (tmp_path / "a.mid.part").symlink_to(precious)
    write_file(tmp_path / "a.mid", b"music")
    assert precious.read_bytes() == b"mine"
    assert (tmp_path / "a.mid.part").is_symlink()
    assert not (tmp_path / "a.mid").is_symlink()


@posix
@pytest.mark.parametrize("write", [write_file, write_new, write_numbered])
def test_a_link_in_the_place_of_the_unfinished_file_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object
) -> None:
    assert callable(write)
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    monkeypatch.setattr(secrets, "token_hex", lambda _: "foreseen")
    (tmp_path / ".bollylive-foreseen").symlink_to(precious)
    with pytest.raises(FileError, match=r"a\.mid: the file cannot be written"):
        write(tmp_path / "a.mid", b"music")
    assert precious.read_bytes() == b"mine"
    assert names(tmp_path) == [".bollylive-foreseen", "precious"]


@pytest.mark.parametrize("write", [write_file, write_new, write_numbered])
@pytest.mark.parametrize("step", ["content", "fsync"])
def test_a_failure_in_the_middle_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object, step: str
) -> None:
    assert callable(write)
    (tmp_path / "a.mid").write_bytes(b"before")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def content(file: BinaryIO) -> None:
        file.write(b"half")
        if step == "content":
            full()

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match=r"a\.mid: the file cannot be written: No space left .*; make room on the disk"):
        write(tmp_path / "a.mid", content)
    assert names(tmp_path) == ["a.mid"]
    assert (tmp_path / "a.mid").read_bytes() == b"before"


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_what_is_no_fault_of_the_disk_goes_on_and_leaves_nothing_either(
    tmp_path: Path, failure: type[BaseException]
) -> None:
    def content(file: BinaryIO) -> None:
        file.write(b"half")
        raise failure

    with pytest.raises(failure):
        write_file(tmp_path / "a.mid", content)
    assert names(tmp_path) == []


def test_a_disk_without_fsync_is_written_to_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", unknown)
    write_file(tmp_path / "a.mid", b"music")
    assert (tmp_path / "a.mid").read_bytes() == b"music"


def test_the_last_check_comes_when_all_is_ready_and_can_still_refuse(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"

    def refuse() -> None:
        path.write_bytes(b"came meanwhile")
        raise FileError("no")

    with pytest.raises(FileError, match="no"):
        write_file(path, b"music", refuse)
    assert path.read_bytes() == b"came meanwhile"
    assert names(tmp_path) == ["a.mid"]


@posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o400])
def test_the_permissions_of_a_replaced_file_stay(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(b"before")
    path.chmod(mode)
    write_file(path, b"after")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_a_new_file_has_the_permissions_that_the_user_gives_all_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "a.mid", b"music")
        write_numbered(tmp_path / "b.mid", b"music")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in sorted(tmp_path.iterdir())] == [0o640, 0o640]


@posix
def test_what_a_link_points_to_is_written_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.mid").write_bytes(b"before")
    (tmp_path / "middle.mid").symlink_to(tmp_path / "there" / "a.mid")
    (tmp_path / "link.mid").symlink_to("middle.mid")
    write_file(tmp_path / "link.mid", b"after")
    assert (tmp_path / "there" / "a.mid").read_bytes() == b"after"
    assert (tmp_path / "link.mid").is_symlink()
    assert (tmp_path / "middle.mid").is_symlink()
    assert names(tmp_path / "there") == ["a.mid"]


@posix
@pytest.mark.parametrize("write", [write_file, write_new])
def test_links_that_lead_nowhere_are_reported_in_a_sentence(tmp_path: Path, write: object) -> None:
    assert callable(write)
    (tmp_path / "self.mid").symlink_to("self.mid")
    (tmp_path / "one.mid").symlink_to("two.mid")
    (tmp_path / "two.mid").symlink_to("one.mid")
    (tmp_path / "end.mid").symlink_to("nothing.mid")
    (tmp_path / "chain.mid").symlink_to("end.mid")
    (tmp_path / "far.mid").symlink_to(tmp_path / "no folder" / "a.mid")
    before = names(tmp_path)
    for name in before:
        with pytest.raises(FileError, match=rf"{name}: .*; .*\.$"):
            write(tmp_path / name, b"music")
    with pytest.raises(FileError, match=r"a\.mid: the file cannot be written: .*; .*\.$"):
        write(tmp_path / "self.mid" / "a.mid", b"music")
    assert names(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no/a.mid", r"No such file or directory; make its folder first"),
        ("file/a.mid", "Not a directory; choose another folder"),
        ("x" * 256, "File name too long; choose a shorter one"),
        ("folder", "this is a folder or a device; give the name of a file"),
    ],
)
@posix
def test_a_place_that_cannot_be_written_is_a_sentence_with_its_cure(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileError, match=rf"{name}: .*{why}\.$"):
        write_file(tmp_path / name, b"music")


@posix
@pytest.mark.parametrize("write", [write_file, write_new, write_numbered])
def test_the_longest_name_that_a_file_can_have_can_be_written(tmp_path: Path, write: object) -> None:
    assert callable(write)
    name = "x" * 251 + ".mid"
    write(tmp_path / name, b"music")
    assert names(tmp_path) == [name]


def test_a_new_file_never_replaces_one(tmp_path: Path) -> None:
    write_new(tmp_path / "a.mid", b"one")
    with pytest.raises(FileError, match=r"a\.mid: this file exists already and is not replaced; choose another name\."):
        write_new(tmp_path / "a.mid", b"two")
    assert (tmp_path / "a.mid").read_bytes() == b"one"
    assert names(tmp_path) == ["a.mid"]


def test_a_name_that_is_taken_gets_the_next_number_that_is_free(tmp_path: Path) -> None:
    path = tmp_path / "take.mid"
    assert free_name(path) == path
    written = []
    for number in range(1, 4):
        foreseen = free_name(path)
        written.append(write_numbered(path, str(number).encode()))
        assert written[-1] == foreseen
    assert [path.name for path in written] == ["take.mid", "take-2.mid", "take-3.mid"]
    assert [path.read_bytes() for path in written] == [b"1", b"2", b"3"]
    (tmp_path / "take-2.mid").unlink()
    assert write_numbered(path, b"4") == tmp_path / "take-2.mid"
    assert len(names(tmp_path)) == 3


@posix
def test_a_link_takes_a_name_whatever_it_leads_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    (tmp_path / "take.mid").symlink_to(precious)
    (tmp_path / "take-2.mid").symlink_to("take-2.mid")
    (tmp_path / "take-3.mid").symlink_to("nothing")
    assert free_name(tmp_path / "take.mid") == write_numbered(tmp_path / "take.mid", b"music")
    assert (tmp_path / "take-4.mid").read_bytes() == b"music"
    assert precious.read_bytes() == b"mine"


@posix
@pytest.mark.parametrize("letter", ["x", "ध"])
def test_a_long_name_is_cut_to_make_room_for_its_number(tmp_path: Path, letter: str) -> None:
    path = tmp_path / (letter * (251 // len(letter.encode())) + ".mid")
    write_numbered(path, b"one")
    second = write_numbered(path, b"two")
    assert second.name.endswith(f"{letter}-2.mid")
    assert 250 <= len(second.name.encode()) <= 255


@pytest.mark.parametrize("links", [True, False])
def test_two_that_claim_one_name_at_once_both_keep_their_music(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """Both have seen the same name to be free before either writes; also on a disk without hard links."""
    if not links:

        def none(*_: object, **__: object) -> None:
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", none)
    path, ready = tmp_path / "take.mid", threading.Barrier(8)
    written: dict[int, Path] = {}

    def record(number: int) -> None:
        def content(file: BinaryIO) -> None:
            file.write(str(number).encode())
            ready.wait(10)

        written[number] = write_numbered(path, content)

    threads = [threading.Thread(target=record, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in written.values()) == names(tmp_path)
    assert {number: path.read_bytes() for number, path in written.items()} == {n: str(n).encode() for n in range(8)}


def test_music_without_a_place_goes_under_a_short_name_or_to_the_folder_or_anywhere_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state" / "recordings"
    there = tmp_path / "there"
    there.mkdir()
    beside = write_elsewhere(there / ("x" * 300 + ".mid"), b"1", folder)
    assert (beside.parent, len(beside.name), beside.suffix) == (there, 100, ".mid")
    assert not folder.exists()
    gone = tmp_path / "gone" / "take.mid"
    assert write_elsewhere(gone, b"2", folder) == folder / "take.mid"
    assert write_elsewhere(gone, b"3", folder) == folder / "take-2.mid"
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    last = write_elsewhere(gone, b"4", tmp_path / "file" / "recordings")
    assert last.name == "take.mid"
    assert last.parent.parent == tmp_path
    if sys.platform != "win32":
        assert stat.S_IMODE(last.parent.stat().st_mode) == stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.read_bytes() for path in (beside, folder / "take.mid", folder / "take-2.mid", last)] == [
        *(b"1", b"2", b"3", b"4")
    ]
