"""How late the model's planned notes left, as figures."""

from __future__ import annotations

from collections import deque

LATE_S = 0.005  # below this nobody hears it
_KEPT = 20_000  # of the newest notes: half an hour of dense playing, 0.6 MB


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
