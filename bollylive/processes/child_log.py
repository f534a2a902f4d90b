"""Catches what a process and those that it starts write on standard error, so that none of it reaches the terminal.

C libraries write there what a musician cannot act upon, some of them a thousand times a second: libjack when its server
dies, RtMidi when input comes faster than it is read. Python writes there how a process failed. All of it goes into the
journal. RtMidi reports lost input in no other way, so its losses are counted.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from typing import Final, Protocol

MOST_LINES: Final = 2000  # of a performance; what comes after them is not kept
MOST_CHARACTERS: Final = 300  # of a line
MOST_BYTES: Final = 1 << 20  # of the file, once it has been read

_LOSSES: Final = ("message queue limit reached", "input buffer overrun", "unknown MIDI input error")
_MOST_KNOWN: Final = 100
_TOLD_COUNTS: Final = {10**power for power in range(12)}


class LogLines:
    """Makes lines of bytes; a line that is repeated is given out the 1st, 10th, 100th, ... time, with its count.

    Gives out MOST_LINES lines at most. `losses` counts the lines, given out or not, by which RtMidi says that it lost
    input. Pure, one thread.
    """

    def __init__(self) -> None:
        self.losses = 0
        self._rest = b""
        self._counts: dict[str, int] = {}
        self._given = 0

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are complete and worth keeping."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MOST_CHARACTERS:
            lines, self._rest = [*lines, self._rest], b""
        return [text for line in lines if (text := self._kept(line.decode("utf-8", "replace").rstrip())) is not None]

    def end(self) -> list[str]:
        """Return the rest, which has no line feed."""
        return self.feed(b"\n") if self._rest else []

    def _kept(self, line: str) -> str | None:
        line = line[:MOST_CHARACTERS]
        self.losses += any(loss in line for loss in _LOSSES)
        if len(self._counts) >= _MOST_KNOWN and line not in self._counts:
            self._counts.clear()
        count = self._counts[line] = self._counts.get(line, 0) + 1
        if not line or count not in _TOLD_COUNTS or self._given > MOST_LINES:
            return None
        self._given += 1
        if self._given > MOST_LINES:
            return "(What else is written on standard error is not kept.)"
        return line if count == 1 else f"{line} (for the {count}th time)"


class ErrorLog(Protocol):
    """What the processes of a performance write on standard error; see `ChildLog`."""

    def take(self) -> list[str]:
        """Return the lines since the last call."""

    def take_losses(self) -> int:
        """Return how often input was lost since the last call, as far as `take` has read."""


class ChildLog:
    """The standard error of all processes of a performance: a file in memory (on macOS on the disk). One thread.

    `number` is the file that each process gets. To write to it needs no reader, so no library ever waits, and none
    stops reporting since it could not write once. On Windows, and where there is no room for a file, `number` is None.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._lines = LogLines()
        self._read_bytes = self._told_losses = 0
        with suppress(OSError):
            self.number = _open_file()

    def take(self) -> list[str]:
        """Return the lines since the last call, of a megabyte at most."""
        if self.number is None:
            return []
        data = os.pread(self.number, MOST_BYTES, self._read_bytes)
        self._read_bytes += len(data)
        if self._read_bytes >= MOST_BYTES:
            os.ftruncate(self.number, 0)  # the rest of a flood goes too
            self._read_bytes = 0
            data += b"\n"
        return self._lines.feed(data)

    def take_losses(self) -> int:
        """Return how often input was lost since the last call, as far as `take` has read."""
        before, self._told_losses = self._told_losses, self._lines.losses
        return self._told_losses - before

    def end(self) -> list[str]:
        """Return the last lines and close the file; safe to call again."""
        lines = [*self.take(), *self._lines.end()]
        if self.number is not None:
            os.close(self.number)
            self.number = None
        return lines


def _open_file() -> int | None:
    """Return a new file without a name, to whose end everybody appends; raises OSError."""
    if sys.platform == "win32":
        return None
    import fcntl

    if sys.platform == "linux":
        number = os.memfd_create("standard error")
    else:
        with tempfile.TemporaryFile() as file:
            number = os.dup(file.fileno())
    fcntl.fcntl(number, fcntl.F_SETFL, fcntl.fcntl(number, fcntl.F_GETFL) | os.O_APPEND)
    return number
