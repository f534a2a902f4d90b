"""A performance as it is written down while it is played: each word becomes a line, once, for one file or two.

The journal is the musician's; the spool is what a recording is made of. They lie on disks of their own, and each has a
thread of its own, so that neither waits for the other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bollylive.journal.checkpoint import Standing, Word
from bollylive.journal.file_thread import MOST_LINES, Appendable, Scribe
from bollylive.journal.lines import line_of
from bollylive.midi.messages import NoteOn, Sent

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
        self.journal = None if journal is None else Scribe(journal, "The journal", most_lines)
        self.spool = None if spool is None else Scribe(spool, "What the recording is to be made of", most_lines)
        self._scribes = [scribe for scribe in (self.journal, self.spool) if scribe is not None]
        self._standing = Standing()
        self._bytes = 0  # since what stands was said

    @property
    def lost(self) -> int:
        """How many lines the journal lacks, or, where there is none, the spool."""
        return self._scribes[0].lost if self._scribes else 0

    @property
    def path(self) -> Path | None:
        """The file in which a new engine finds what was played; later it may be another one. None: there is none."""
        there = [scribe for scribe in self._scribes if scribe.file.path is not None]
        there.sort(key=lambda scribe: not scribe.writes)
        return there[0].file.path if there else None

    def start(self) -> None:
        """Begin to write."""
        for scribe in self._scribes:
            scribe.start()

    def add(self, word: Word) -> None:
        """Take note of what was played, of a new tempo, a stop or a jump, or of how the band stands.

        Never blocks, never raises.
        """
        self.holds_music |= isinstance(word, Sent) and isinstance(word.event, NoteOn)
        if line := line_of(word):
            due = self._bytes >= REPEAT_BYTES
            self._bytes = 0 if due else self._bytes + len(line)
            forgetful = [scribe for scribe in self._scribes if due or scribe.forgets]
            if forgetful:
                lines = [line_of(stands) for stands in self._standing.words]
                for scribe in forgetful:
                    scribe.remind(lines)
            for scribe in self._scribes:
                scribe.put(line)
        self._standing.see(word)

    def add_loss(self, words: int) -> None:
        """Take note of words that never came here. Never blocks, never raises."""
        for scribe in self._scribes:
            scribe.lose(words)

    def take_trouble(self) -> str | None:
        """A sentence for the musician, if writing fails, or a file was begun anew; each is given once."""
        return next(filter(None, (scribe.take_trouble() for scribe in self._scribes)), None)

    def flush(self) -> bool:
        """Write what has come, as the threads do at each turn; False if there is no room for it now."""
        done = [scribe.flush() for scribe in self._scribes]
        return all(done)

    def close(self) -> None:
        """Write what is left, and wait for it, but not for long: a disk that hangs must not hold the program."""
        for scribe in self._scribes:
            scribe.ring(keep=self.holds_music)
        for scribe in self._scribes:
            scribe.close()
