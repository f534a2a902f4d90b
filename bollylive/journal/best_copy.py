"""The two copies of a finished performance, journal and spool, and which of them holds more.

Lines that a disk did not take are still in memory, and count as part of their copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bollylive.errors import FileError
from bollylive.files.whole_file import write_file
from bollylive.journal.file_thread import FileThread
from bollylive.journal.reader import Journal, read_journal
from bollylive.journal.replay import replay
from bollylive.journal.writer import JournalWriter
from bollylive.midi.song import Tempos, Track


@dataclass(frozen=True, slots=True)
class _Copy:
    """The content of one file, or the reason why it cannot be read."""

    journal: Journal | None = None
    data: bytes = b""
    problem: str = ""

    @property
    def missing(self) -> int:
        return 0 if self.journal is None else self.journal.lost + self.journal.damaged_lines

    @property
    def events(self) -> int:
        return -1 if self.journal is None else len(self.journal.entries)


class BestCopy:
    """Both copies of a performance, whose `writer` must be closed. Blocks as long as the disks do."""

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer
        self._journal, self._spool = _read(writer.journal), _read(writer.spool)
        self._best = max(self._spool, self._journal, key=lambda copy: copy.events)

    @property
    def readable(self) -> bool:
        """Whether any copy can be read; also true if nothing was played."""
        return self._best.journal is not None or not self._writer.holds_music

    def music(self) -> tuple[tuple[Track, ...], Tempos]:
        """Return the music of the copy that holds more; no music if neither can be read."""
        return ((), ()) if self._best.journal is None else replay(self._best.journal)

    def shortcomings(self) -> Iterator[str]:
        """Yield sentences for the musician about what the recording lacks."""
        if not self._writer.holds_music:
            return
        if self._best.journal is None:
            yield f"What was played can no longer be read, so there is no recording ({self._spool.problem})."
        elif self._best is not self._spool:
            why = self._spool.problem or "it holds more than the recording in progress"
            yield f"The recording is made from the journal ({why})."
        if self._best.missing:
            yield f"{self._best.missing} events are missing in the recording: there was no room for them."

    def complete_journal(self) -> Iterator[str]:
        """Write the missing part of the journal, if the other copy has it; yield sentences about the journal."""
        journal = self._writer.journal
        if journal is None or not self._writer.holds_music:
            return
        path = journal.file.path
        can_complete = self._best.journal is not None and not journal.hangs
        if path is not None and can_complete and (journal.unwritten or self._best.events > self._journal.events):
            try:
                write_file(path, self._best.data)
                journal.lost = self._best.missing
            except FileError as error:
                yield f"The journal cannot be completed. {error}"
        if path is not None and path.is_file():
            yield f"journal {path}: `bollylive recover` makes a MIDI file of it"
        else:
            yield f"There is no journal ({self._journal.problem or 'its file is gone'})."
        if journal.lost:
            yield f"{journal.lost} events are missing in the journal: there was no room for them."


def _read(file_thread: FileThread | None) -> _Copy:
    if file_thread is None:
        return _Copy(problem="there is no other copy")
    if file_thread.hangs:
        return _Copy(problem="its disk does not answer")
    try:
        data = file_thread.file.read() + file_thread.unwritten
        return _Copy(read_journal(data), data)
    except OSError as error:
        return _Copy(problem=error.strerror or str(error))
    except ValueError as reason:
        return _Copy(problem=str(reason))
