"""What libraries write on standard error: caught at the level of files, counted, bounded, and never waited for."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from bollylive.processes.child_log import MOST_BYTES, MOST_CHARACTERS, MOST_LINES, ChildLog, LogLines
from bollylive.processes.spawn import spawn

FULL = b"\nMidiInAlsa: message queue limit reached!!\n\n"
OVERRUN = b"\nMidiInAlsa::alsaMidiHandler: MIDI input buffer overrun!\n\n"
UNKNOWN = (
    b"\nMidiInAlsa::alsaMidiHandler: unknown MIDI input error!\nSystem reports: Resource temporarily unavailable\n"
)
on_posix = pytest.mark.skipif(
    sys.platform == "win32", reason="a Windows process keeps the standard error of its parent"
)


@pytest.fixture
def log() -> Iterator[ChildLog]:
    log = ChildLog()
    yield log
    log.end()


def write(log: ChildLog, data: bytes) -> None:
    """Write as a library does, which gives up for ever if a single write fails."""
    assert log.number is not None
    assert os.write(log.number, data) == len(data)


def test_lines_are_made_of_whatever_pieces_come() -> None:
    lines = LogLines()
    assert lines.feed(b"Cannot read so") == []
    assert lines.feed(b"cket fd = 9\nmore\n\nrest") == ["Cannot read socket fd = 9", "more"]
    assert lines.end() == ["rest"]
    assert lines.feed(b"\xff\n") == ["�"]


def test_a_line_that_comes_again_and_again_is_counted() -> None:
    lines = LogLines()
    given = lines.feed(b"unknown MIDI input error\n'mb != NULL' failed\n" * 1234)
    assert given == [
        f"{line}{'' if count == 1 else f' (for the {count}th time)'}"
        for count in (1, 10, 100, 1000)
        for line in ("unknown MIDI input error", "'mb != NULL' failed")
    ]


def test_a_line_without_an_end_and_lines_without_number_are_bounded() -> None:
    lines = LogLines()
    assert lines.feed(b"x" * 1000) == ["x" * MOST_CHARACTERS]
    given = lines.feed(b"".join(b"line %d\n" % i for i in range(2 * MOST_LINES)))
    assert len(given) == MOST_LINES
    assert given[-1] == "(What else is written on standard error is not kept.)"
    assert lines.feed(b"one more\n") == []


def test_losses_of_input_are_counted_in_whatever_pieces_they_come_also_when_no_line_is_kept_any_more() -> None:
    lines = LogLines()
    said = b"Cannot lock down memory area\n" + FULL + OVERRUN + UNKNOWN + FULL
    for place in range(len(said)):
        lines.feed(said[place : place + 1])
    assert lines.losses == 4
    lines.feed(b"".join(b"line %d\n" % i for i in range(2 * MOST_LINES)))
    assert lines.feed(FULL * 500) == []
    assert lines.losses == 504


@on_posix
def test_losses_are_told_once(log: ChildLog) -> None:
    assert log.take_losses() == 0
    write(log, FULL + OVERRUN)
    assert log.take() == [data.strip().decode() for data in (FULL, OVERRUN)]
    assert [log.take_losses(), log.take_losses()] == [2, 0]


@on_posix
def test_what_a_process_and_its_children_write_is_caught(log: ChildLog) -> None:
    code = "import os, subprocess, sys; os.write(2, b'libjack\\n'); subprocess.run([sys.executable, '-c', '1 / 0'])"
    subprocess.run([sys.executable, "-c", code], stderr=log.number, check=True)
    lines = log.end()
    assert lines[0] == "libjack"
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert log.end() == []


@on_posix
def test_a_long_flood_holds_up_nobody_and_is_neither_kept_nor_missed(log: ChildLog) -> None:
    assert log.number is not None
    for _ in range(3):
        write(log, FULL * (2 * MOST_BYTES // len(FULL)))  # nobody reads meanwhile
        for _ in range(3):
            log.take()
        assert os.fstat(log.number).st_size < MOST_BYTES
    write(log, b"Traceback\n")
    assert log.take()[-1] == "Traceback"
    assert log.take_losses() > MOST_BYTES // len(FULL)


# A process whose standard error is caught starts another one, which fails.
PARENT = """
import multiprocessing
from bollylive.processes.spawn import spawn
ours, theirs = multiprocessing.Pipe()
child = spawn("no_such_module", theirs)
assert child.wait(20.0) is not None
"""


@on_posix
def test_why_a_child_of_a_child_failed_is_caught_too(log: ChildLog) -> None:
    subprocess.run([sys.executable, "-c", PARENT], stderr=log.number, check=True)
    assert "no_such_module" in log.end()[-1]


@on_posix
def test_nothing_that_a_process_writes_reaches_the_terminal(log: ChildLog, capfd: pytest.CaptureFixture[str]) -> None:
    ours, theirs = multiprocessing.Pipe()
    with closing(ours), closing(theirs):
        assert spawn("no_such_module", theirs, log=log.number).wait(20.0) == "with status 1"
    assert "no_such_module" in log.take()[-1]
    assert capfd.readouterr().err == ""
