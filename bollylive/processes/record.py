"""What outlives an io process: what it has left sounding, the journal, and what it wrote on standard error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bollylive.clock.anchor import Anchor
from bollylive.io.sounding_notes import SoundingNotes
from bollylive.journal.writer import JournalWriter
from bollylive.processes.child_log import ErrorLog
from bollylive.protocol import EngineStatus, InheritedState, Sent, StartUp
from bollylive.sets.live_set import LiveSet


class Record:
    """What the supervisor has been told by one io process after another. One thread, never blocks.

    `log` is what all processes write on standard error.
    """

    def __init__(
        self, live: LiveSet, left: InheritedState, journal: JournalWriter | None, log: ErrorLog | None
    ) -> None:
        self._live, self._journal, self._log = live, journal, log
        self._sounding = SoundingNotes(live)
        self._sounding.inherit(left)
        self._lost = 0  # messages for which the pipe of the present io process had no room

    @property
    def has_played(self) -> bool:
        """Whether there can be anything left to end."""
        return self._sounding.has_played

    def add(self, message: Sent | Anchor | EngineStatus) -> None:
        """Note what was played, or what a process that takes over must know."""
        if not isinstance(message, EngineStatus):
            self._sounding.add(message)
        if self._journal is not None:
            self._journal.add(message)

    def note_lost(self, lost: int) -> None:
        """Note how many messages the present io process has lost so far."""
        if self._journal is not None and lost > self._lost:
            self._journal.add_loss(lost - self._lost)
        self._lost = lost

    def hand_over(self, start_up: StartUp, now_s: float) -> StartUp:
        """Return what the next io process needs; `start_up` has what does not change."""
        left = self._sounding.left
        self._sounding.inherit(left)
        self._lost = 0
        start_up = replace(start_up, band=self._live.band, anchor=self._sounding.anchor, left=left, given_s=now_s)
        if self._journal is not None and (path := self._journal.path) is not None:  # it may have had to move
            start_up = replace(start_up, journal=str(path))
        return start_up

    def tend(self, say: Callable[[str], None], now_s: float) -> int:
        """Say what troubles the journal, and give it the log; return how often the MIDI system has lost input since."""
        if self._journal is not None and (trouble := self._journal.take_trouble()) is not None:
            say(trouble)
        if self._log is None:
            return 0
        for line in self._log.take():
            if self._journal is not None:
                self._journal.add_log(line, now_s)
        return self._log.take_losses()
