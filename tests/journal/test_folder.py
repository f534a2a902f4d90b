"""Journals on a real disk: where they lie, which may go, and that a full one takes what it can."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bollylive.journal.folder import JournalFile, default_folder, find_journals, prune

HEAD, STAMP = b"{}\n", "20250601-201503"


def old(folder: Path, number: int, size: int = 100) -> Path:
    """A journal that a program before left; the higher the number, the newer."""
    path = folder / f"bollylive-2024010{number}-120000.jsonl"
    path.write_bytes(bytes(size))
    os.utime(path, (1e9 + number, 1e9 + number))
    return path


def test_nothing_is_made_before_the_first_bytes_and_then_the_head_comes_first(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "a" / "b", STAMP, HEAD)
    assert list(tmp_path.iterdir()) == []
    assert file.append(b"first\n") == 6
    file.append(b"second\n")
    assert file.path == tmp_path / "a" / "b" / f"bollylive-{STAMP}.jsonl"
    assert file.path.read_bytes() == b"{}\nfirst\nsecond\n"
    file.close(keep=True)
    assert file.path.exists()


def test_two_that_begin_in_one_second_have_files_of_their_own(tmp_path: Path) -> None:
    files = [JournalFile(tmp_path, STAMP, HEAD) for _ in range(3)]
    for file in files:
        file.append(b"x")
    assert len(find_journals(tmp_path)) == 3
    for file in files:
        file.close(keep=False)
    assert list(tmp_path.iterdir()) == []


def test_closing_what_never_began_is_no_error(tmp_path: Path) -> None:
    JournalFile(tmp_path, STAMP, HEAD).close(keep=True)


def test_the_newest_comes_first_and_other_files_are_not_journals(tmp_path: Path) -> None:
    first, second = old(tmp_path, 1), old(tmp_path, 2)
    (tmp_path / "bollylive-best.jsonl").write_bytes(b"")
    os.utime(first)  # played for so long that the clock was set back meanwhile, or copied from elsewhere
    assert find_journals(tmp_path) == [second, first]


def test_after_the_clock_was_set_back_a_new_journal_is_still_the_newest(tmp_path: Path) -> None:
    earlier: list[Path] = []
    for stamp in ("20250601-201503", "20250601-191503", "20250601-191504", "20250601-201503", "20250601-201504"):
        file = JournalFile(tmp_path, stamp, HEAD)
        file.append(b"x")
        assert file.path is not None
        os.utime(file.path, (1e9 - len(earlier), 1e9 - len(earlier)))
        earlier.append(file.path)
        assert find_journals(tmp_path) == earlier[::-1]
    names = ["201503", "201503-2", "201503-3", "201503-4", "201504"]
    assert [path.name for path in earlier] == [f"bollylive-20250601-{name}.jsonl" for name in names]


def test_the_tenth_of_one_second_is_newer_than_the_ninth(tmp_path: Path) -> None:
    for _ in range(11):
        JournalFile(tmp_path, STAMP, HEAD).append(b"x")
    assert [path.stem.rpartition("-")[2] for path in find_journals(tmp_path)[:3]] == ["11", "10", "9"]


def test_beyond_the_bound_the_oldest_go_but_never_the_newest_four(tmp_path: Path) -> None:
    paths = [old(tmp_path, number) for number in range(1, 8)]
    other = tmp_path / "song.jsonl"
    other.write_bytes(bytes(10_000))
    prune(tmp_path, kept_bytes=500)
    assert find_journals(tmp_path) == paths[:1:-1]
    prune(tmp_path, kept_bytes=0)
    assert find_journals(tmp_path) == paths[:2:-1]
    assert other.exists()


def test_a_new_journal_makes_room(tmp_path: Path) -> None:
    paths = [old(tmp_path, number) for number in range(1, 6)]
    JournalFile(tmp_path, STAMP, HEAD, kept_bytes=350).append(b"x")
    assert [path.exists() for path in paths] == [False, False, True, True, True]


def test_a_journal_that_another_program_writes_is_never_removed(tmp_path: Path) -> None:
    code = f"""
import pathlib, sys
from bollylive.journal.folder import JournalFile
file = JournalFile(pathlib.Path({str(tmp_path)!r}), "20200101-000000", b"head\\n")
file.append(b"x")
print(file.path, flush=True)
sys.stdin.read()
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    running = Path(child.stdout.readline().strip())
    assert running.parent == tmp_path
    os.utime(running, (0, 0))
    newer = [old(tmp_path, number) for number in range(1, 6)]
    prune(tmp_path, kept_bytes=0)
    assert [path.exists() for path in (running, *newer)] == [True, False, True, True, True, True]
    child.kill()
    child.communicate()
    prune(tmp_path, kept_bytes=0)
    assert not running.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on files there")
def test_a_full_disk_takes_what_it_has_room_for_and_goes_on_in_the_middle_of_the_line(tmp_path: Path) -> None:
    import resource

    file = JournalFile(tmp_path, STAMP, HEAD)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        assert file.append(b"0123456789\n") == 7
        with pytest.raises(OSError, match="too large"):
            file.append(b"789\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.append(b"789\n") == 4
    assert file.path is not None
    assert file.path.read_bytes() == b"{}\n0123456789\n"


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system_and_is_tried_again(tmp_path: Path) -> None:
    place = tmp_path / "state"
    place.write_bytes(b"")
    file = JournalFile(place / "journal", STAMP, HEAD)
    for _ in range(2):
        with pytest.raises(OSError, match="state"):
            file.append(b"x")
    place.unlink()
    assert file.append(b"x") == 1


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {"HOME": "/home/asha"}, "/home/asha/.local/state/bollylive/journal"),
        ("linux", {"HOME": "/home/asha", "XDG_STATE_HOME": "/var/asha"}, "/var/asha/bollylive/journal"),
        ("linux", {"HOME": "/home/asha", "XDG_STATE_HOME": "here"}, "/home/asha/.local/state/bollylive/journal"),
        ("darwin", {"HOME": "/Users/asha"}, "/Users/asha/Library/Application Support/BollyLive/journal"),
        ("win32", {"HOME": "/u", "LOCALAPPDATA": "/u/Local"}, "/u/Local/BollyLive/journal"),
        ("win32", {"HOME": "/u"}, "/u/AppData/Local/BollyLive/journal"),
    ],
)
def test_every_system_has_its_place(platform: str, environment: dict[str, str], folder: str) -> None:
    assert default_folder(platform, environment) == Path(folder)
