"""A thread that writes lines to one file, so that whoever plays never waits for its disk.

What has come is handed to the system ten times a second, in one piece. From there on it outlives the program, whatever
kills that; on the disk itself, against a power cut, it is when the system has written it, and at the end.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections import deque
from pathlib import Path
from typing import Final, Protocol

from bollylive.journal.lines import END, lost_line

FLUSH_S: Final = 0.1
CHECK_S: Final = 0.5
RETRY_S: Final = 1.0
MOST_LINES: Final = 50_000  # a quarter of an hour of dense playing, 3 MB

_BUNDLE_LINES: Final = 1000  # joined at once: the interpreter is not held for long
_END_LIMIT_S: Final = 2.0
_MOST_TOLD: Final = 100


class Appendable(Protocol):
    """Where the bytes go; see `lasting_file.LastingFile`."""

    @property
    def folder(self) -> Path:
        """Where it lies, or is to lie."""

    @property
    def path(self) -> Path | None:
        """None until it is there."""

    def append(self, data: bytes) -> int:
        """Write some of it, and tell how much; raises OSError."""

    def renew(self) -> str | None:
        """Begin anew where the name is lost, and tell of it; raises OSError."""

    def read(self) -> bytes:
        """All that it holds; raises OSError."""

    def close(self, *, keep: bool) -> None:
        """No more will come; raises OSError."""


class FileThread:
    """One file that is being written: `start` it, `put` lines on one thread, `close` it on the same.

    `name` is what sentences call the file. `lost` counts the lines that found the queue full, or never came, and, once
    closed, those that never reached the disk; the text of the latter is `unwritten`.
    """

    def __init__(self, file: Appendable, name: str, most_lines: int = MOST_LINES) -> None:
        self.file = file
        self.lost = 0
        self.unwritten = b""
        self.hangs = False  # once closed: its disk has not answered in time
        self._name, self._most_lines = name, most_lines
        self._queue: deque[bytes] = deque()
        self._rest = b""  # what was taken from the queue and is not yet written, perhaps from the middle of a line
        self._owed = 0  # lines lost since the last one that found room
        self._fails = self._forgets = self._is_placeless = False
        self._keep = True
        self._troubles: deque[str] = deque()
        self._told: set[str] = set()
        # Pipes, since a lock that is waited for with a limit goes by the wall clock on some systems (macOS, or Linux
        # with an old C library): it would not come back for an hour when that is set back an hour.
        self._bell, self._rope = multiprocessing.Pipe(duplex=False)
        self._end, self._ended = multiprocessing.Pipe(duplex=False)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def writes(self) -> bool:
        """Whether the file is there, and takes what comes."""
        return self.file.path is not None and not self._fails and not self._is_placeless

    @property
    def forgets(self) -> bool:
        """Whether what was written before may be gone, so that what stands must be said again before the next line."""
        return self._forgets or (self._owed > 0 and len(self._queue) < self._most_lines)

    def put(self, line: bytes) -> None:
        """Let a line be written, or, where the queue is full, be lost. Never blocks, never raises."""
        if len(self._queue) >= self._most_lines:
            self.lose(1)
            return
        self._queue.append(line)

    def remind(self, lines: list[bytes]) -> None:
        """Let it be written how many lines were lost, if any were, and what stands now. Never blocks, never raises."""
        missing = [lost_line(self._owed)] if self._owed else []
        self._forgets, self._owed = False, 0
        if text := b"".join([*missing, *lines]):
            self._queue.append(text)  # one piece, however much it is: it takes no room from what is played

    def lose(self, lines: int) -> None:
        """Take note of lines that never came here. Never blocks, never raises."""
        self.lost += lines
        self._owed += lines

    def take_trouble(self) -> str | None:
        """A sentence for the musician, if something went wrong; each is given once."""
        return self._troubles.popleft() if self._troubles else None

    def flush(self) -> bool:
        """Write what has come, as the thread does at each turn; False if there is no room for it now."""
        try:
            while self._rest or self._queue:
                if not self._rest:
                    bundle = min(len(self._queue), _BUNDLE_LINES)
                    self._rest = b"".join([self._queue.popleft() for _ in range(bundle)])
                self._rest = self._rest[self.file.append(self._rest) :]
        except OSError as error:
            self._fails = True
            where = f"cannot be written in {self.file.folder} ({error.strerror or error})"
            self._tell(f"{self._name} {where}; the music goes on, and it is tried again.")
            return False
        self._fails = False
        return True

    def check(self) -> None:
        """Look whether the file still has its name, as the thread does twice a second, and begin it anew if not."""
        try:
            told = self.file.renew()
        except OSError as error:
            self._is_placeless = True
            self._tell(
                f"{self._name} has lost its place in {self.file.folder}, and no other is to be had "
                f"({error.strerror or error}); the music goes on, and it is tried again."
            )
            return
        self._is_placeless = False
        if told is not None:
            self._forgets = True
            self._tell(f"{self._name} {told}")

    def ring(self, *, keep: bool) -> None:
        """Let the rest be written, and the file be closed, or removed if it is not worth keeping."""
        self._keep = keep
        if self._owed:
            self.remind([])
        self._queue.append(END)
        self._rope.send_bytes(b"!")

    def close(self) -> None:
        """Wait for that, but not for long: a disk that hangs must not hold the program."""
        if self._thread.ident is None:
            self._finish()
        else:
            self.hangs = not self._end.poll(_END_LIMIT_S)
        self.unwritten = b"".join([self._rest, *self._queue])
        self.lost += sum(line != END for line in self.unwritten.splitlines(keepends=True))

    def _run(self) -> None:
        wait_s, since_s = FLUSH_S, 0.0
        while not self._bell.poll(wait_s):
            since_s += wait_s
            if since_s >= CHECK_S:
                since_s = 0.0
                self.check()
            wait_s = FLUSH_S if self.flush() else RETRY_S
        self._finish()
        self._ended.send_bytes(b"!")

    def _finish(self) -> None:
        self.check()
        self.flush()
        try:
            self.file.close(keep=self._keep)
        except OSError as error:
            self._tell(f"{self._name} cannot be closed in {self.file.folder} ({error.strerror or error}).")

    def _tell(self, text: str) -> None:
        """Each trouble is told once, however often it comes again."""
        if text not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(text)
            self._troubles.append(text)
