"""Keeps what MIDI libraries print off the terminal, and counts what they say was lost.

RtMidi, libasound, libjack and PipeWire write on file 2 from their own threads. RtMidi does so when input comes faster
than it is read, and calls no error callback then.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

from bollylive.io.sources_and_sinks import TimedEvent

TELL_S: Final = 10.0  # while more and more is lost, it is told no more often

_LOSSES: Final = (b"message queue limit reached", b"input buffer overrun", b"unknown MIDI input error")
_MOST_BYTES: Final = 1 << 20  # kept of what was read already


class DriverWords:
    """A `Source` without events, which tells how often the MIDI system has lost something. One thread.

    From its creation until `close`, what C libraries write on file 2 goes into memory, so they never wait. Python's
    `sys.stderr` still writes where it did: create this before anything keeps that. `end_held` is called after each
    loss, since what was lost may be the end of a note. Only on Linux; elsewhere this does nothing.
    """

    def __init__(self) -> None:
        self.end_held: Callable[[], None] = lambda: None
        self._memory: int | None = None
        self._python = sys.stderr
        self._terminal: TextIO | None = None
        self._read_bytes = self._losses = 0
        self._tell_s = float("-inf")
        if not sys.platform.startswith("linux"):
            return
        with suppress(OSError):  # there is no file 2, or no /proc
            memory = os.memfd_create("driver words")
            appends = os.open(f"/proc/self/fd/{memory}", os.O_WRONLY | os.O_APPEND)
            self._terminal = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
            os.dup2(appends, 2)
            os.close(appends)
            sys.stderr, self._memory = self._terminal, memory

    def poll(self, _now_s: float) -> list[TimedEvent]:
        """Return nothing."""
        return []

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:
        """Return a sentence if something was lost since the last one. Takes some microseconds."""
        if calm and self._memory is not None and (losses := self._read(self._memory)):
            self._losses += losses
            self.end_held()
        if not self._losses or now_s < self._tell_s:
            return []
        losses, self._losses, self._tell_s = self._losses, 0, now_s + TELL_S
        times = "once" if losses == 1 else f"at least {losses} times"
        return [f"The MIDI system lost input {times}, because more came than it can hold; what was held is ended."]

    def close(self) -> None:
        """Let libraries print again; safe to call again."""
        if self._memory is not None and self._terminal is not None:
            os.close(self._memory)
            os.dup2(self._terminal.fileno(), 2)
            sys.stderr = self._python
            self._terminal.close()
            self._memory = None

    def _read(self, memory: int) -> int:
        """Return how many losses have been reported since the last call."""
        words = os.pread(memory, _MOST_BYTES, self._read_bytes)
        if not words:
            return 0
        self._read_bytes += len(words)
        if self._read_bytes >= _MOST_BYTES:
            os.ftruncate(memory, 0)
            self._read_bytes = 0
        return sum(words.count(loss) for loss in _LOSSES)
