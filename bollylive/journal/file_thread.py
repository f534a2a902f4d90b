"""A thread that writes lines to one file, so that the thread that adds them never waits for the disk.

Ten times a second the thread hands the new lines to the operating system in one piece. From then on they survive a
crash of this program. They survive a power cut once the system has written them to the disk, at the latest on close.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections import deque
from pathlib import Path
from typing import Final, Protocol

from bollylive.journal.lines import END, NO_RECORDS, lost_line

FLUSH_S: Final = 0.1
CHECK_S: Final = 0.5
RETRY_S: Final = 1.0
MOST_LINES: Final = 50_000  # a quarter of an hour of dense playing, 3 MB

_JOINED_LINES: Final = 1000  # joined at once, so that the interpreter is not held for long
_CLOSE_LIMIT_S: Final = 2.0
_MOST_REPORTS: Final = 100


class Appendable(Protocol):
    """The file that a `FileThread` writes; see `append_file.AppendFile`. Its methods may block and raise OSError."""

    @property
    def folder(self) -> Path:
        """Where the file is, or will be."""

    @property
    def path(self) -> Path | None:
        """The path of the file; None until it exists."""

    def append(self, data: bytes) -> int:
        """Write some of the data; return the number of bytes written."""

    def renew(self) -> str | None:
        """Start the file again if its name is lost; then return a sentence about it."""

    def read(self) -> bytes:
        """Return the whole content."""

    def close(self, *, keep: bool) -> None:
        """Close the file, or remove it."""


class FileThread:
    """Writes one file. One thread calls `start`, `put` and `close`; the file is written on a thread of its own.

    `name` is what sentences for the musician call the file. `lost` counts the lines that were lost because the queue
    was full, or before they came here. After `close` it also counts lines that never reached the disk; their text is in
    `unwritten`.
    """

    def __init__(self, file: Appendable, name: str, most_lines: int = MOST_LINES) -> None:
        self.file = file
        self.lost = 0
        self.unwritten = b""
        self.hangs = False  # the disk did not answer in time when the file was closed
        self._name, self._most_lines = name, most_lines
        self._queue: deque[bytes] = deque()
        self._partial = b""  # taken from the queue and not yet written, perhaps from the middle of a line
        self._unrecorded_losses = 0  # lines lost since the last one that found room
        self._is_failing = self._is_renewed = self._is_placeless = False
        self._keep = True
        self._troubles: deque[str] = deque()
        self._reported: set[str] = set()
        # Pipes, since waiting for a lock with a timeout follows the wall clock on some systems (macOS, or Linux with
        # an old C library): if that is set back by an hour, the wait would last an hour.
        self._close_receiver, self._close_sender = multiprocessing.Pipe(duplex=False)
        self._closed_receiver, self._closed_sender = multiprocessing.Pipe(duplex=False)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def is_writing(self) -> bool:
        """Whether the file exists and the last write succeeded."""
        return self.file.path is not None and not self._is_failing and not self._is_placeless

    @property
    def needs_checkpoint(self) -> bool:
        """Whether earlier lines may be gone from the file, so that the next line needs a checkpoint before it."""
        return self._is_renewed or (self._unrecorded_losses > 0 and len(self._queue) < self._most_lines)

    def put(self, line: bytes) -> None:
        """Queue a line; if the queue is full, the line is lost. Never blocks, never raises."""
        if len(self._queue) >= self._most_lines:
            self.add_loss(1)
            return
        self._queue.append(line)

    def put_checkpoint(self, lines: list[bytes]) -> None:
        """Queue the number of lines lost so far, if any, and then the lines of a checkpoint. Never blocks or raises."""
        losses = [lost_line(self._unrecorded_losses)] if self._unrecorded_losses else []
        self._is_renewed, self._unrecorded_losses = False, 0
        if text := b"".join([*losses, *lines]):
            self._queue.append(text)  # one item, whatever its length: it takes no room from what is played

    def add_loss(self, lines: int) -> None:
        """Count lines that were lost before they came here. Never blocks, never raises."""
        self.lost += lines
        self._unrecorded_losses += lines

    def take_trouble(self) -> str | None:
        """Return the next sentence for the musician about what went wrong; each is returned once."""
        return self._troubles.popleft() if self._troubles else None

    def flush(self) -> bool:
        """Write the queue, as the thread does in each turn; return False if the disk does not take it. May block."""
        try:
            while self._partial or self._queue:
                if not self._partial:
                    count = min(len(self._queue), _JOINED_LINES)
                    self._partial = b"".join([self._queue.popleft() for _ in range(count)])
                self._partial = self._partial[self.file.append(self._partial) :]
        except OSError as error:
            self._is_failing = True
            reason = f"cannot be written in {self.file.folder} ({error.strerror or error})"
            self._report(f"{self._name} {reason}; the music goes on, and BollyLive keeps trying.")
            return False
        self._is_failing = False
        return True

    def check(self) -> None:
        """Start the file again if it has lost its name; the thread calls this twice a second. May block."""
        try:
            renewal = self.file.renew()
        except OSError as error:
            self._is_placeless = True
            self._report(
                f"{self._name} has lost its place in {self.file.folder}, and no other was found "
                f"({error.strerror or error}); the music goes on, and BollyLive keeps trying."
            )
            return
        self._is_placeless = False
        if renewal is not None:
            self._is_renewed = True
            self._report(f"{self._name} {renewal}")

    def request_close(self, *, keep: bool) -> None:
        """Ask the thread to write the rest and then to close the file, or to remove it. Does not block."""
        self._keep = keep
        if self._unrecorded_losses:
            self.put_checkpoint([])
        self._queue.append(END)
        self._close_sender.send_bytes(b"!")

    def close(self) -> None:
        """Wait until that is done. Blocks for two seconds at most: the program must not hang with the disk."""
        if self._thread.ident is None:
            self._finish()
        else:
            self.hangs = not self._closed_receiver.poll(_CLOSE_LIMIT_S)
        self.unwritten = b"".join([self._partial, *self._queue])
        self.lost += sum(not line.startswith(NO_RECORDS) for line in self.unwritten.splitlines(keepends=True))

    def _run(self) -> None:
        wait_s, since_check_s = FLUSH_S, 0.0
        while not self._close_receiver.poll(wait_s):
            since_check_s += wait_s
            if since_check_s >= CHECK_S:
                since_check_s = 0.0
                self.check()
            wait_s = FLUSH_S if self.flush() else RETRY_S
        self._finish()
        self._closed_sender.send_bytes(b"!")

    def _finish(self) -> None:
        self.check()
        self.flush()
        try:
            self.file.close(keep=self._keep)
        except OSError as error:
            self._report(f"{self._name} cannot be closed in {self.file.folder} ({error.strerror or error}).")

    def _report(self, text: str) -> None:
        """Queue a sentence for the musician, unless it was reported before."""
        if text not in self._reported and len(self._reported) < _MOST_REPORTS:
            self._reported.add(text)
            self._troubles.append(text)
