"""What is left of a performance when it is over: the journal and the spool of the recording, and which has more.

What found no room on a disk is still in memory, and counts as if it lay there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bollylive.errors import FileError
from bollylive.files.whole_file import write_file
from bollylive.journal.file_thread import FileThread
from bollylive.journal.lines import Journal, read_journal
from bollylive.journal.replay import replay
from bollylive.journal.writer import JournalWriter
from bollylive.midi.song import Tempos, Track


@dataclass(frozen=True, slots=True)
class _Copy:
    """What one file holds; or, without a journal, why it cannot be read."""

    journal: Journal | None = None
    data: bytes = b""
    problem: str = ""

    @property
    def missing(self) -> int:
        return 0 if self.journal is None else self.journal.lost + self.journal.damaged_lines

    @property
    def events(self) -> int:
        return -1 if self.journal is None else len(self.journal.words)


class Copies:
    """Both copies of a performance that is over, once its `writer` is closed. Blocks as long as the disks do."""

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer
        self._journal, self._spool = _read(writer.journal), _read(writer.spool)
        self._best = max(self._spool, self._journal, key=lambda copy: copy.events)

    @property
    def readable(self) -> bool:
        """Whether a copy can be read, or nothing was played."""
        return self._best.journal is not None or not self._writer.holds_music

    def music(self) -> tuple[tuple[Track, ...], Tempos]:
        """What was played, from the copy that has more; nothing, if none can be read."""
        return ((), ()) if self._best.journal is None else replay(self._best.journal)

    def shortcomings(self) -> Iterator[str]:
        """What the musician has to know of a recording that is made of it, in sentences."""
        if not self._writer.holds_music:
            return
        if self._best.journal is None:
            yield f"What was played cannot be read any more, so there is no recording ({self._spool.problem})."
        elif self._best is not self._spool:
            why = self._spool.problem or "which has more than the file beside the recording"
            yield f"The recording is made from the journal ({why})."
        if self._best.missing:
            yield f"{self._best.missing} events are missing in the recording: there was no room for them."

    def complete_journal(self) -> Iterator[str]:
        """Complete the journal from the other copy, if it lacks anything; gives what there is to say, in sentences."""
        journal = self._writer.journal
        if journal is None or not self._writer.holds_music:
            return
        path = journal.file.path
        known = path is not None and self._best.journal is not None and not journal.hangs
        if path is not None and known and (journal.unwritten or self._best.events > self._journal.events):
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
