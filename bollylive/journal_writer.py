"""The thread that writes the journal, so that whoever plays never waits for a disk.

The player's thread turns each word into its line and appends it to a bounded queue; the writer's takes what has
come, ten times a second, and hands it to the system in one piece. From there on it outlives the program, whatever
kills that; on the disk itself, against a power cut, it is when the system has written it, and at the end.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections import deque
from pathlib import Path
from typing import Final, Protocol

from bollylive.journal import END, anchor_line, bearing_line, lost_line, sent_line
from bollylive.note import Anchor, Bearing, NoteOn, Sent

FLUSH_S: Final = 0.1
RETRY_S: Final = 1.0
MOST_LINES: Final = 50_000  # a quarter of an hour of dense playing, 3 MB

_BUNDLE_LINES: Final = 1000  # joined at once: the interpreter is not held for long
_END_LIMIT_S: Final = 2.0


class Appendable(Protocol):
    """Where the bytes go; see `journal_file.JournalFile`."""

    folder: Path

    def append(self, data: bytes) -> int:
        """Write some of it, and tell how much; raises OSError."""

    def close(self, *, keep: bool) -> None:
        """No more will come; raises OSError."""


class JournalWriter:
    """A journal that is being written: `start` it, `add` to it on one thread, `close` it on the same.

    `lost` counts the lines that found the queue full, and, once closed, those that never reached the disk.
    `holds_music` is true once a note has come.
    """

    def __init__(self, file: Appendable, most_lines: int = MOST_LINES) -> None:
        self.lost = 0
        self.holds_music = False
        self._file, self._most_lines = file, most_lines
        self._queue: deque[bytes] = deque()
        self._rest = b""  # what was taken from the queue and is not yet written, perhaps from the middle of a line
        self._owed = 0  # lines lost since the last one that found room
        self._anchor: Anchor | None = None
        self._bearing: Bearing | None = None
        self._trouble: str | None = None
        self._has_failed = False
        # A pipe, since a lock that is waited for with a limit goes by the wall clock on some systems (macOS, or Linux
        # with an old C library): it would not come back for an hour when that is set back an hour.
        self._bell, self._rope = multiprocessing.Pipe(duplex=False)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def add(self, sent: Sent) -> None:
        """Take note of what was played. Never blocks, never raises."""
        self.holds_music |= isinstance(sent.event, NoteOn)
        if line := sent_line(sent):
            self._put(line)

    def add_anchor(self, anchor: Anchor) -> None:
        """Take note of a new tempo, of a stop, or of a jump. Never blocks, never raises."""
        self._anchor = anchor
        self._put(anchor_line(anchor))

    def add_bearing(self, bearing: Bearing) -> None:
        """Take note of where bars begin, and of whether the band plays. Never blocks, never raises."""
        self._bearing = bearing
        self._put(bearing_line(bearing))

    def add_loss(self, words: int) -> None:
        """Take note of words that never came here. Never blocks, never raises."""
        self.lost += words
        self._owed += words

    def take_trouble(self) -> str | None:
        """A sentence for the musician the first time that writing fails, and only once; otherwise None."""
        trouble = self._trouble
        if trouble is not None:
            self._trouble = None
        return trouble

    def flush(self) -> bool:
        """Write what has come, as the thread does at each turn; False if there is no room for it now."""
        try:
            while self._rest or self._queue:
                if not self._rest:
                    bundle = min(len(self._queue), _BUNDLE_LINES)
                    self._rest = b"".join([self._queue.popleft() for _ in range(bundle)])
                self._rest = self._rest[self._file.append(self._rest) :]
        except OSError as error:
            self._fail(error)
            return False
        return True

    def close(self) -> None:
        """Write what is left, and wait for it, but not for long: a disk that hangs must not hold the program."""
        self._queue.append(END)
        self._rope.send_bytes(b"!")
        if self._thread.ident is None:
            self._finish()
        else:
            self._thread.join(_END_LIMIT_S)
        unwritten = [*self._rest.splitlines(keepends=True), *self._queue]
        self.lost += sum(line != END for line in unwritten)

    def _put(self, line: bytes) -> None:
        if len(self._queue) >= self._most_lines:
            self.lost += 1
            self._owed += 1
            return
        if self._owed:
            self._queue.append(lost_line(self._owed))
            self._owed = 0
            if self._anchor is not None:  # the newest ones may be among the lost
                self._queue.append(anchor_line(self._anchor))
            if self._bearing is not None:
                self._queue.append(bearing_line(self._bearing))
        self._queue.append(line)

    def _run(self) -> None:
        wait_s = FLUSH_S
        while not self._bell.poll(wait_s):
            wait_s = FLUSH_S if self.flush() else RETRY_S
        self._finish()

    def _finish(self) -> None:
        self.flush()
        try:
            self._file.close(keep=self.holds_music)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if not self._has_failed:
            self._trouble = (
                f"The journal cannot be written in {self._file.folder} ({error.strerror or error}); "
                "the music goes on, and it is tried again."
            )
        self._has_failed = True
