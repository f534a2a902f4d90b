"""Catches what a process and those that it starts write on standard error, so that none of it reaches the terminal.

C libraries write there what a musician cannot act upon, some of them a thousand times a second: libjack when its server
dies, RtMidi when ALSA loses a message. Python writes there how a process failed. All of it goes into the journal.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import Final

from bollylive.threads import ends_within

MOST_LINES: Final = 2000  # of a performance; what comes after them is not kept
MOST_CHARACTERS: Final = 300  # of a line

_MOST_KNOWN: Final = 100
_TOLD_COUNTS: Final = {10**power for power in range(12)}
_READ_BYTES: Final = 4096
_END_LIMIT_S: Final = 0.5


class LogLines:
    """Makes lines of bytes; a line that is repeated is given out the 1st, 10th, 100th, ... time, with its count.

    Gives out MOST_LINES lines at most. Pure, one thread.
    """

    def __init__(self) -> None:
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
        if len(self._counts) >= _MOST_KNOWN and line not in self._counts:
            self._counts.clear()
        count = self._counts[line] = self._counts.get(line, 0) + 1
        if not line or count not in _TOLD_COUNTS or self._given > MOST_LINES:
            return None
        self._given += 1
        if self._given > MOST_LINES:
            return "(What else is written on standard error is not kept.)"
        return line if count == 1 else f"{line} (for the {count}th time)"


class ChildLog:
    """The standard error of all processes of a performance: a pipe that a thread empties. One thread calls its methods.

    `number` is the file that each process gets. Writing to it never blocks: what finds no room is lost. On Windows
    there is no such pipe, and `number` is None.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._lines: deque[str] = deque()
        self._thread = threading.Thread(target=self._read, name="log", daemon=True)
        if sys.platform != "win32":
            self._source, self.number = os.pipe()
            os.set_blocking(self.number, False)
            self._thread.start()

    def take(self) -> list[str]:
        """Return the lines since the last call. Does not block."""
        return [self._lines.popleft() for _ in range(len(self._lines))]

    def end(self) -> list[str]:
        """Return the last lines, once no process can write any more; waits for that half a second at most."""
        if self.number is not None:
            os.close(self.number)
            self.number = None
        ends_within(self._thread, _END_LIMIT_S)
        return self.take()

    def _read(self) -> None:
        lines = LogLines()
        with suppress(OSError):
            while data := os.read(self._source, _READ_BYTES):
                self._lines.extend(lines.feed(data))
        self._lines.extend(lines.end())
        os.close(self._source)
