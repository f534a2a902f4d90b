"""How late the model's planned notes were sent. A note that was already due when it was planned does not count."""

from __future__ import annotations

from collections import deque
from typing import Final

from bollylive.midi.messages import Note, NoteOn
from bollylive.protocol import Sent

LATE_S = 0.005  # below this nobody hears it
_KEPT = 20_000  # of the newest notes: half an hour of dense playing, 0.6 MB
_KEPT_REPLIES: Final = 64


class Lateness:
    """Statistics of late notes, in constant time and memory. Owned by one thread.

    `count` notes were sent, `late` of them more than LATE_S after they were due; the worst was late by `latest_s`.
    """

    def __init__(self) -> None:
        self.count = 0
        self.late = 0
        self.latest_s = 0.0
        self._newest_s: deque[float] = deque(maxlen=_KEPT)

    def add(self, late_s: float) -> None:
        """Count one note."""
        self.count += 1
        self.late += late_s > LATE_S
        self.latest_s = max(self.latest_s, late_s)
        self._newest_s.append(late_s)

    def percentile_s(self, share: float) -> float:
        """Return the percentile of lateness at `share` (0 to 1) of the newest 20,000 notes; 0 if there are none."""
        late = sorted(self._newest_s)
        return late[min(len(late) - 1, int(share * len(late)))] if late else 0.0


class Punctuality:
    """Matches the notes that are sent with those that were planned, and reports to `lateness`. One thread."""

    def __init__(self) -> None:
        self.lateness = Lateness()
        # Channel, pitch and onset of the newest notes that came when they were due; one that was dropped stays here.
        self._replies: deque[tuple[int, int, float]] = deque(maxlen=_KEPT_REPLIES)

    def plan(self, note: Note, beat: float) -> None:
        """Note that a note was planned, at a beat."""
        if note.onset_beats <= beat:
            self._replies.append((note.channel, note.pitch, note.onset_beats))

    def forget(self) -> None:
        """Note that the planned notes are withdrawn."""
        self._replies.clear()

    def leave(self, sent: Sent, now_s: float) -> None:
        """Note that a message had left by `now_s`; earlier messages of the same instant delayed it."""
        if sent.by != "model" or not isinstance(sent.event, NoteOn):
            return
        key = (sent.event.channel, sent.event.pitch, sent.beat)
        if key in self._replies:
            self._replies.remove(key)
        else:
            self.lateness.add(sent.late_s + now_s - sent.at_s)
