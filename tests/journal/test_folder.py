"""Journals on a real disk: where they lie, which may go, and that a full one takes what it can."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from journals import read_journal

from bollylive.clock.anchor import Anchor
from bollylive.files.locked_file import is_written
from bollylive.journal.folder import JournalFile, default_folder, find_journals, prune
from bollylive.journal.lines import Header, header_line
from bollylive.journal.writer import JournalWriter
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.protocol import Sent

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
from bollylive.clock.anchor import Anchor
from bollylive.files.locked_file import is_written
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


def test_a_journal_that_grows_for_days_leaves_out_its_older_half_and_says_how_much(tmp_path: Path) -> None:
    file = JournalFile(tmp_path, STAMP, header_line(Header()), most_bytes=20_000)
    writer = JournalWriter(file)
    assert writer.journal is not None
    for second in range(2000):
        if second % 10 == 0:
            writer.add(Anchor(float(second), 1.0, float(second), epoch=second))
        writer.add(Sent(NoteOn(0, 60, 90), "musician", float(second), float(second)))
        writer.add(Sent(NoteOff(0, 60), "musician", second + 0.5, second + 0.5))
        if second % 7 == 0:
            writer.flush()
            writer.journal.check()
            assert file.path is not None
            assert file.path.stat().st_size <= 22_000
    writer.close()
    assert file.path is not None
    journal = read_journal(file.path.read_bytes())
    assert isinstance(journal.entries[0], Anchor)
    assert (journal.damaged_lines, journal.torn_bytes, journal.ended) == (0, 0, True)
    assert journal.entries[-1] == Sent(NoteOff(0, 60), "musician", 1999.5, 1999.5)
    # Repeats of the state are among what was left out, so the count is at least that of the entries.
    assert 4200 - len(journal.entries) <= journal.lost <= 4500 - len(journal.entries)
    trouble = list(iter(writer.take_trouble, None))
    assert (
        trouble[-1]
        == f"The journal has become very long; {journal.lost} of its oldest lines are left out from here on."
    )
    assert list(tmp_path.iterdir()) == [file.path]
    assert is_written(file.path) is False


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on files there")
def test_without_room_for_a_shorter_journal_the_long_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    file = JournalFile(tmp_path, STAMP, HEAD, most_bytes=100)
    file.append(b"x\n" * 60)
    with monkeypatch.context() as patch:
        patch.setattr("bollylive.journal.folder.write_newer_half", full)
        with pytest.raises(OSError, match="No space"):
            file.renew()
    assert file.renew() is None  # not again at once
    file.append(b"y\n" * 60)
    assert file.path is not None
    assert "oldest lines are left out" in str(file.renew())
    assert list(tmp_path.iterdir()) == [file.path]
    assert is_written(file.path)
    file.append(b"z\n")
    assert file.path.read_bytes().endswith(b"y\nz\n")
    file.close(keep=True)
