"""How late the model's planned notes left; a reply, due at the very moment that it answers, is none of them."""

from __future__ import annotations

from collections import deque
from typing import Final

from bollylive.midi.messages import Note, NoteOn
from bollylive.protocol import Sent

LATE_S = 0.005  # below this nobody hears it
_KEPT = 20_000  # of the newest notes: half an hour of dense playing, 0.6 MB
_KEPT_REPLIES: Final = 64


class Lateness:
    """Counts what it is told, in constant time. Owned by one thread.

    `count` notes have left, `late` of them more than LATE_S after they were due, and the latest `latest_s` after that.
    """

    def __init__(self) -> None:
        self.count = 0
        self.late = 0
        self.latest_s = 0.0
        self._newest_s: deque[float] = deque(maxlen=_KEPT)

    def add(self, late_s: float) -> None:
        """Take in one note."""
        self.count += 1
        self.late += late_s > LATE_S
        self.latest_s = max(self.latest_s, late_s)
        self._newest_s.append(late_s)

    def percentile_s(self, share: float) -> float:
        """How late the note was that so great a share (0 to 1) was not later than, of the newest 20,000; 0 of none."""
        late = sorted(self._newest_s)
        return late[min(len(late) - 1, int(share * len(late)))] if late else 0.0


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
