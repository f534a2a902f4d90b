"""A whole journal in memory: for tests, whose journals are short."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from bollylive.journal.checkpoint import Entry
from bollylive.journal.lines import Header
from bollylive.journal.reader import EntryStream
from bollylive.journal.recording import RecordedMusic
from bollylive.journal.replay import replay_entries
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.protocol import Sent


@dataclass(frozen=True, slots=True)
class Journal:
    """The content of a journal, and how much of it is missing, as an `EntryStream` says it."""

    header: Header
    entries: tuple[Entry, ...]  # in the order in which they were written, without repeats
    ended: bool
    lost: int = 0
    damaged_lines: int = 0
    torn_bytes: int = 0


def read_journal(data: bytes) -> Journal:
    """Read all complete lines, without repeats; raises ValueError with the reason if it is not a journal."""
    stream = EntryStream(BytesIO(data))
    entries = tuple(stream)
    return Journal(stream.header, entries, stream.ended, stream.lost, stream.damaged_lines, stream.torn_bytes)


def replay(journal: Journal, minutes: float | None = None) -> RecordedMusic:
    """Return the music of a journal, or of its last `minutes`, from the bar of their first note on."""
    notes_s = [
        entry.at_s for entry in journal.entries if isinstance(entry, Sent) and isinstance(entry.event, NoteOn | NoteOff)
    ]
    from_s = max(notes_s, default=0.0) - 60.0 * minutes if minutes is not None else None
    return replay_entries(journal.header, journal.entries, from_s)
