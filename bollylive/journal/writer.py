"""Writes a performance while it is played: each entry becomes a line, in one file or in two.

The journal is for recovery; the spool is what the recording is made from. The two may lie on different disks, and each
has a thread of its own, so neither waits for the other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bollylive.journal.checkpoint import Checkpoint, Entry
from bollylive.journal.file_thread import MOST_LINES, Appendable, FileThread
from bollylive.journal.lines import line_of, log_line
from bollylive.midi.messages import NoteOn
from bollylive.protocol import Sent

REPEAT_BYTES: Final = 64 * 2**10


class JournalWriter:
    """Writes the journal and the spool. One thread calls `start`, `add` and `close`.

    Every 64 KiB a checkpoint is written, so that the last part of a file is enough to go on with. `holds_music` is true
    once there was a note; on close, files without one are removed.
    """

    def __init__(
        self, journal: Appendable | None, spool: Appendable | None = None, most_lines: int = MOST_LINES
    ) -> None:
        self.holds_music = False
        self.journal = None if journal is None else FileThread(journal, "The journal", most_lines)
        self.spool = None if spool is None else FileThread(spool, "The recording in progress", most_lines)
        self._file_threads = [thread for thread in (self.journal, self.spool) if thread is not None]
        self._checkpoint = Checkpoint()
        self._bytes_since_checkpoint = 0

    @property
    def lost(self) -> int:
        """The number of lines that the journal lacks, or the spool if there is no journal."""
        return self._file_threads[0].lost if self._file_threads else 0

    @property
    def path(self) -> Path | None:
        """The file from which a new engine can restore its state, or None. It may change while writing."""
        existing = [thread for thread in self._file_threads if thread.file.path is not None]
        existing.sort(key=lambda thread: not thread.is_writing)
        return existing[0].file.path if existing else None

    def start(self) -> None:
        """Start the threads."""
        for thread in self._file_threads:
            thread.start()

    def add(self, entry: Entry) -> None:
        """Record a message that was sent, a new anchor, or a new status of the engine. Never blocks, never raises."""
        self.holds_music |= isinstance(entry, Sent) and isinstance(entry.event, NoteOn)
        self._put(line_of(entry))
        self._checkpoint.update(entry)

    def add_log(self, text: str, at_s: float) -> None:
        """Record a text that is no music, such as what the musician was told. Never blocks, never raises."""
        self._put(log_line(text, at_s))

    def add_loss(self, entries: int) -> None:
        """Record how many entries were lost before they came here. Never blocks, never raises."""
        for thread in self._file_threads:
            thread.add_loss(entries)

    def take_trouble(self) -> str | None:
        """Return the next sentence for the musician, if writing failed or a file was started again; each only once."""
        return next(filter(None, (thread.take_trouble() for thread in self._file_threads)), None)

    def flush(self) -> bool:
        """Write the queued lines, as the threads do in each turn; return False if a disk does not take them."""
        done = [thread.flush() for thread in self._file_threads]
        return all(done)

    def close(self) -> None:
        """Write the rest and close the files. Blocks for a few seconds at most, also if a disk hangs."""
        for thread in self._file_threads:
            thread.request_close(keep=self.holds_music)
        for thread in self._file_threads:
            thread.close()

    def _put(self, line: bytes) -> None:
        if not line:
            return
        is_due = self._bytes_since_checkpoint >= REPEAT_BYTES
        self._bytes_since_checkpoint = 0 if is_due else self._bytes_since_checkpoint + len(line)
        needing = [thread for thread in self._file_threads if is_due or thread.needs_checkpoint]
        if needing:
            lines = [line_of(repeated) for repeated in self._checkpoint.entries]
            for thread in needing:
                thread.put_checkpoint(lines)
        for thread in self._file_threads:
            thread.put(line)
