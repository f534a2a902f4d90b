"""A performance as it is written down while it is played: each word becomes a line, once, for one file or two.

The journal is the musician's; the spool is what a recording is made of. They lie on disks of their own, and each has a
thread of its own, so that neither waits for the other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bollylive.journal.checkpoint import Checkpoint, Word
from bollylive.journal.file_thread import MOST_LINES, Appendable, FileThread
from bollylive.journal.lines import line_of
from bollylive.midi.messages import NoteOn
from bollylive.protocol import Sent

REPEAT_BYTES: Final = 64 * 2**10


class JournalWriter:
    """What is being written: `start` it, `add` to it on one thread, `close` it on the same.

    Every 64 KiB it says again what stands, so that the end of a file is enough to go on with. `holds_music` is true
    once a note has come; files without one are removed when they are closed.
    """

    def __init__(
        self, journal: Appendable | None, spool: Appendable | None = None, most_lines: int = MOST_LINES
    ) -> None:
        self.holds_music = False
        self.journal = None if journal is None else FileThread(journal, "The journal", most_lines)
        self.spool = None if spool is None else FileThread(spool, "What the recording is to be made of", most_lines)
        self._scribes = [file_thread for file_thread in (self.journal, self.spool) if file_thread is not None]
        self._standing = Checkpoint()
        self._bytes = 0  # since what stands was said

    @property
    def lost(self) -> int:
        """How many lines the journal lacks, or, where there is none, the spool."""
        return self._scribes[0].lost if self._scribes else 0

    @property
    def path(self) -> Path | None:
        """The file in which a new engine finds what was played; later it may be another one. None: there is none."""
        there = [file_thread for file_thread in self._scribes if file_thread.file.path is not None]
        there.sort(key=lambda file_thread: not file_thread.writes)
        return there[0].file.path if there else None

    def start(self) -> None:
        """Begin to write."""
        for file_thread in self._scribes:
            file_thread.start()

    def add(self, word: Word) -> None:
        """Take note of what was played, of a new tempo, a stop or a jump, or of how the band stands.

        Never blocks, never raises.
        """
        self.holds_music |= isinstance(word, Sent) and isinstance(word.event, NoteOn)
        if line := line_of(word):
            due = self._bytes >= REPEAT_BYTES
            self._bytes = 0 if due else self._bytes + len(line)
            forgetful = [file_thread for file_thread in self._scribes if due or file_thread.forgets]
            if forgetful:
                lines = [line_of(stands) for stands in self._standing.words]
                for file_thread in forgetful:
                    file_thread.remind(lines)
            for file_thread in self._scribes:
                file_thread.put(line)
        self._standing.see(word)

    def add_loss(self, words: int) -> None:
        """Take note of words that never came here. Never blocks, never raises."""
        for file_thread in self._scribes:
            file_thread.lose(words)

    def take_trouble(self) -> str | None:
        """A sentence for the musician, if writing fails, or a file was begun anew; each is given once."""
        return next(filter(None, (file_thread.take_trouble() for file_thread in self._scribes)), None)

    def flush(self) -> bool:
        """Write what has come, as the threads do at each turn; False if there is no room for it now."""
        done = [file_thread.flush() for file_thread in self._scribes]
        return all(done)

    def close(self) -> None:
        """Write what is left, and wait for it, but not for long: a disk that hangs must not hold the program."""
        for file_thread in self._scribes:
            file_thread.ring(keep=self.holds_music)
        for file_thread in self._scribes:
            file_thread.close()
