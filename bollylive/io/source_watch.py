"""Notices that the source of an input has died, so that the notes it holds would never be released.

A source that dies does not say so, but something that it did all the time stops: it ticked, it sent active sensing, or
it was connected. As long as none of these stops, a key may be held for ever. If one stops, the notes are ended, because
a hanging note is worse than a cut one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

CLOCK_S: Final = 1.5  # without a Stop, ticks that stay away for longer have stopped
SENSING_S: Final = 0.33  # MIDI 1.0: 0.3 s between two, and a tenth of that for the receiver's own time
TICKING_S: Final = 1.0  # a source that still ticks this long after a Stop ticks all the time, as most DAWs do
OWN_GAP_S: Final = 0.25  # after a longer pause between two calls, the machine or this process was suspended
_LOOK_S: Final = 0.03

_TICK, _START, _CONTINUE, _STOP, _SENSING = 0xF8, 0xFA, 0xFB, 0xFC, 0xFE


class SourceWatch:
    """Watches what comes through one input, from any number of sources. Pure, one thread; `now_s` must not go back.

    A source that never ticked, never sent active sensing, and was never seen to be connected, is never taken for dead.
    Nor is a clock after a Stop.
    """

    def __init__(self) -> None:
        self._now_s = 0.0  # counts only time in which this was called
        self._looked_s = float("-inf")
        self._tick_s: float | None = None  # the last tick of a clock that must not stop ticking
        self._stop_s: float | None = None  # after a Stop, ticks may stay away
        self._sign_s: float | None = None  # the last byte of a source that sends active sensing
        self._feeders: frozenset[str] = frozenset()

    def is_due(self, now_s: float) -> bool:
        """Return whether to call `hear` although nothing has come: thirty times a second, if something may stop."""
        if self._tick_s is self._sign_s is self._stop_s is None:
            return False
        return now_s - self._looked_s >= _LOOK_S

    def hear(self, messages: Iterable[Sequence[int]], now_s: float) -> bool:
        """Note everything that has come by now; return True once if the source has died."""
        gap_s, self._looked_s = now_s - self._looked_s, now_s
        self._now_s += gap_s if gap_s <= OWN_GAP_S else 0.0
        for data in messages:
            self._take(data)
        ceased = False
        if self._tick_s is not None and self._now_s - self._tick_s > CLOCK_S:
            self._tick_s, ceased = None, True
        if self._sign_s is not None and self._now_s - self._sign_s > SENSING_S:
            self._sign_s, ceased = None, True
        return ceased

    def feed(self, feeders: frozenset[str] | None) -> bool:
        """Note what is connected, None if that cannot be seen; return whether something was disconnected."""
        if feeders is None:
            return False
        gone, self._feeders = self._feeders - feeders, feeders
        return bool(gone)

    def _take(self, data: Sequence[int]) -> None:
        status = data[0] if data else 0
        if status == _SENSING or self._sign_s is not None:  # anything is a sign of life
            self._sign_s = self._now_s
        if status == _TICK:
            if self._stop_s is not None and self._now_s - self._stop_s <= TICKING_S:
                return
            self._stop_s, self._tick_s = None, self._now_s
        elif status == _STOP:
            self._stop_s, self._tick_s = self._now_s, None
        elif status in (_START, _CONTINUE):
            self._stop_s = None
