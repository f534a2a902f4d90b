"""What MIDI libraries print on file 2, and what Python does."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing

import pytest

from bollylive.io.driver_words import TELL_S, DriverWords

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nothing is kept back")

FULL = b"\nMidiInAlsa: message queue limit reached!!\n\n"
OVERRUN = b"\nMidiInAlsa::alsaMidiHandler: MIDI input buffer overrun!\n\n"
UNKNOWN = (
    b"\nMidiInAlsa::alsaMidiHandler: unknown MIDI input error!\nSystem reports: Resource temporarily unavailable\n"
)


def _write(data: bytes) -> None:
    os.write(2, data)


def test_what_a_library_prints_is_not_seen_and_its_losses_are_told(capfd: pytest.CaptureFixture[str]) -> None:
    lost = "because more came than it can hold; what was held is ended."
    ended: list[bool] = []
    with closing(DriverWords()) as words:
        words.end_held = lambda: ended.append(True)
        assert words.check(0.0) == []
        for data in (b"Cannot lock down memory area\n", FULL, OVERRUN, UNKNOWN, FULL):
            _write(data)
        assert words.check(1.0) == [f"The MIDI system lost input at least 4 times, {lost}"]
        assert words.check(2.0) == []
        assert len(ended) == 1
        for second in range(3, 9):
            _write(FULL)
            assert words.check(second) == []
        assert words.check(1.0 + TELL_S) == [f"The MIDI system lost input at least 6 times, {lost}"]
        _write(OVERRUN)
        assert words.check(1.0 + 2 * TELL_S) == [f"The MIDI system lost input once, {lost}"]
        assert words.check(1.0 + 4 * TELL_S) == []
        assert len(ended) == 8  # also when it is not told yet
    assert capfd.readouterr().err == ""


def test_a_long_flood_neither_blocks_the_library_nor_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    with closing(DriverWords()) as words:
        for _ in range(3):
            _write(FULL * 50_000)
            for _ in range(3):
                words.check(0.0)
        assert os.fstat(2).st_size < 2 * len(FULL) * 50_000
    assert capfd.readouterr().err == ""


def test_what_python_prints_is_seen_and_after_the_end_so_is_everything(capfd: pytest.CaptureFixture[str]) -> None:
    with closing(DriverWords()) as words:
        sys.stderr.write("a traceback\n")
    words.close()
    _write(b"a library\n")
    assert capfd.readouterr().err == "a traceback\na library\n"
    assert words.check(0.0) == []


# A process that keeps words back starts another one, which fails.
PARENT = """
import multiprocessing
from bollylive.io.driver_words import DriverWords
from bollylive.processes.spawn import spawn
words = DriverWords()
ours, theirs = multiprocessing.Pipe()
child = spawn("no_such_module", theirs)
assert child.wait(20.0) is not None
"""


def test_what_a_child_prints_is_seen() -> None:
    ended = subprocess.run([sys.executable, "-c", PARENT], capture_output=True, text=True, check=True)
    assert "no_such_module" in ended.stderr
