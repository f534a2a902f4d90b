"""The two copies of a finished performance, journal and spool, and which of them holds more.

Lines that a disk did not take are still in memory, and count as part of their copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, BytesIO

from bollylive.errors import FileError
from bollylive.files.regular_file import open_regular
from bollylive.files.whole_file import write_file
from bollylive.journal.file_thread import FileThread
from bollylive.journal.folder import LARGEST_BYTES
from bollylive.journal.reader import EntryStream
from bollylive.journal.recording import RecordedMusic, Recording
from bollylive.journal.replay import replay_entries
from bollylive.journal.writer import JournalWriter


@dataclass(frozen=True, slots=True)
class _Copy:
    """The content of one file, and what it holds and lacks; or the reason why it cannot be read."""

    data: bytes | None = None
    events: int = -1
    missing: int = 0
    problem: str = ""


class BestCopy:
    """Both copies of a performance, whose `writer` must be closed. Blocks as long as the disks do."""

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer
        self._journal, self._spool = _read(writer.journal), _read(writer.spool)
        self._best = max(self._spool, self._journal, key=lambda copy: copy.events)

    @property
    def readable(self) -> bool:
        """Whether any copy can be read; also true if nothing was played."""
        return self._best.data is not None or not self._writer.holds_music

    def music(self) -> RecordedMusic:
        """Return the music of the copy that holds more; no music if neither can be read."""
        if self._best.data is None:
            return Recording().music()
        stream = EntryStream(BytesIO(self._best.data))
        return replay_entries(stream.header, stream)

    def shortcomings(self) -> Iterator[str]:
        """Yield sentences for the musician about what the recording lacks."""
        if not self._writer.holds_music:
            return
        if self._best.data is None:
            yield f"What was played can no longer be read, so there is no recording ({self._spool.problem})."
        elif self._best is not self._spool:
            why = self._spool.problem or "it holds more than the recording in progress"
            yield f"The recording is made from the journal ({why})."
        if self._best.missing:
            yield f"{self._best.missing} events are missing in the recording: they could not be written."

    def complete_journal(self) -> Iterator[str]:
        """Write the missing part of the journal, if the other copy has it; yield sentences about the journal."""
        journal = self._writer.journal
        if journal is None or not self._writer.holds_music:
            return
        path = journal.file.path
        data = None if journal.hangs else self._best.data
        if data is not None and len(data) > LARGEST_BYTES:  # a recording may be longer than a journal
            data = None
        if path is not None and data is not None and (journal.unwritten or self._best.events > self._journal.events):
            try:
                write_file(path, data)
                journal.lost = self._best.missing
            except FileError as error:
                yield f"The journal cannot be completed. {error}"
        if problem := _problem_of(journal):
            yield f"There is no journal ({self._journal.problem or problem})."
        else:
            yield f"journal {path}: `bollylive recover` makes a MIDI file of it"
        if journal.lost:
            yield f"{journal.lost} events are missing in the journal: they could not be written."


def _problem_of(journal: FileThread) -> str | None:
    """Return why no music can be recovered from a closed journal, as it is on the disk; None if it can."""
    path = journal.file.path
    if path is None:
        return "its file could not be created"
    if journal.hangs:
        return None if path.is_file() else "its file is gone"  # to read it could take for ever
    try:
        with BufferedReader(open_regular(path)) as file:
            has_entries = any(True for _ in EntryStream(file))
    except FileNotFoundError:
        return "its file is gone"
    except OSError as error:
        return error.strerror or str(error)
    except ValueError:
        has_entries = False
    return None if has_entries else "nothing could be written to its file"


def _read(file_thread: FileThread | None) -> _Copy:
    if file_thread is None:
        return _Copy(problem="there is no other copy")
    if file_thread.hangs:
        return _Copy(problem="its disk does not answer")
    try:
        data = file_thread.file.read() + file_thread.unwritten
        stream = EntryStream(BytesIO(data))  # counted without keeping the entries: a long one has millions
        events = sum(1 for _ in stream)
        return _Copy(data, events, stream.lost + stream.damaged_lines)
    except OSError as error:
        return _Copy(problem=error.strerror or str(error))
    except ValueError as reason:
        return _Copy(problem=str(reason))
