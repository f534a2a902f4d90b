"""How late the notes left that were planned ahead; a reply, due at the very moment that it answers, is none of them."""

from __future__ import annotations

from collections import deque
from typing import Final

from bollylive.io.lateness import Lateness
from bollylive.midi.messages import Note, NoteOn, Sent

_KEPT_REPLIES: Final = 64


class Punctuality:
    """Hears what is planned and what leaves; `lateness` counts. One thread."""

    def __init__(self) -> None:
        self.lateness = Lateness()
        # Channel, pitch and onset of the newest notes that came when they were due; one that is dropped stays behind.
        self._replies: deque[tuple[int, int, float]] = deque(maxlen=_KEPT_REPLIES)

    def plan(self, note: Note, beat: float) -> None:
        """A note came to be played, at a beat."""
        if note.onset_beats <= beat:
            self._replies.append((note.channel, note.pitch, note.onset_beats))

    def forget(self) -> None:
        """What was planned is taken back."""
        self._replies.clear()

    def leave(self, sent: Sent, now_s: float) -> None:
        """A message has left by `now_s`; what left first of the same instant kept the others waiting."""
        if sent.by != "model" or not isinstance(sent.event, NoteOn):
            return
        key = (sent.event.channel, sent.event.pitch, sent.beat)
        if key in self._replies:
            self._replies.remove(key)
        else:
            self.lateness.add(sent.late_s + now_s - sent.at_s)
