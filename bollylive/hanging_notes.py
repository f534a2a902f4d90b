"""Hanging notes: those that an earlier relay left sounding, which nobody else would ever end."""

from __future__ import annotations

from collections import deque
from typing import Final

from bollylive.note import NoteOff, Player
from bollylive.scheduler import Outgoing, Scheduler

_END_AFTER_S: Final = (0.0, 0.5, 1.5, 4.0)  # again and again: who listens may still be joining a new port


class HangingNotes:
    """Ends what was left, unless it is struck anew, as `scheduler` knows. Not thread-safe; `now_s` must not go back."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._notes: tuple[tuple[int, int, Player], ...] = ()
        self._end_s: deque[float] = deque()

    def inherit(self, notes: tuple[tuple[int, int, Player], ...], now_s: float) -> None:
        """Take over what sounds: channel 0-15, pitch, and who played it."""
        self._notes = notes
        self._end_s.extend(now_s + after_s for after_s in _END_AFTER_S)

    def end(self, now_s: float) -> list[Outgoing]:
        """What is to be sent now; call it often."""
        if not self._end_s or now_s < self._end_s[0]:
            return []
        self._end_s.popleft()
        left = [note for note in self._notes if not self._scheduler.sounds(*note[:2])]
        return [(NoteOff(channel, pitch), by) for channel, pitch, by in left]
