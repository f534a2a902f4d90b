"""What libraries write on standard error: caught at the level of files, counted, bounded, and never waited for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bollylive.processes.child_log import MOST_CHARACTERS, MOST_LINES, ChildLog, LogLines


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


@pytest.mark.skipif(sys.platform == "win32", reason="a Windows process keeps the standard error of its parent")
def test_what_a_process_and_its_children_write_is_caught_and_a_full_pipe_holds_up_nobody() -> None:
    log = ChildLog()
    assert log.number is not None
    code = "import os, subprocess, sys; os.write(2, b'libjack\\n'); subprocess.run([sys.executable, '-c', '1 / 0'])"
    subprocess.run([sys.executable, "-c", code], stderr=log.number, check=True)
    assert os.get_blocking(log.number) is False
    lines = log.end()
    assert lines[0] == "libjack"
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert log.end() == []
