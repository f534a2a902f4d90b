"""Decides when a process that should give signs of life counts as hanging, and when the next one may begin."""

from __future__ import annotations

import math
from typing import Final

HANG_S: Final = 2.5  # machines stall for a second or two, and go on; with its start, another process is ready 3 s later
START_LIMIT_S: Final = 20.0  # a MIDI system that starts, or a journal that is read, takes time
CLOSE_LIMIT_S: Final = 5.0  # drivers take time to close
LISTENER_LIMIT_S: Final = 5.0  # how long the end of a performance waits for a listener if notes hang
RETRY_S: Final = 1.0
HEALTHY_S: Final = 5.0  # a process that has lived this long may be replaced at once

_LONGEST_LOOK_S: Final = 0.25  # after a longer pause between two calls this process itself was suspended


class Watchdog:
    """Watches one process after another: call `begin`, `hear` at each sign of life, `look` often, and at the end
    `lose`.

    Only time in which `look` was called counts as silence, so that a group of processes that was suspended as a whole
    does not count as hanging. Pure, one thread; `now_s` must not go back.
    """

    def __init__(self) -> None:
        self.retry_s = -math.inf  # when the next one may begin
        self._begun_s = self._looked_s = 0.0
        self._silent_s = 0.0
        self._heard = False

    def begin(self, now_s: float) -> None:
        """Note that a process was started."""
        self._begun_s = self._looked_s = now_s
        self._silent_s, self._heard = 0.0, False

    def hear(self) -> None:
        """Note a sign of life."""
        self._silent_s, self._heard = 0.0, True

    def look(self, now_s: float, closing: bool = False) -> bool:
        """Return whether it counts as hanging; a process that is opening or closing its ports is allowed longer."""
        self._silent_s += min(now_s - self._looked_s, _LONGEST_LOOK_S)
        self._looked_s = now_s
        return self._silent_s > (START_LIMIT_S if not self._heard else CLOSE_LIMIT_S if closing else HANG_S)

    @property
    def was_heard(self) -> bool:
        """Whether this one has given any sign of life."""
        return self._heard

    def is_healthy(self, now_s: float) -> bool:
        """Return whether it has lived for a while."""
        return self._heard and now_s - self._begun_s >= HEALTHY_S

    def lose(self, now_s: float) -> None:
        """Note that it is gone; another one may begin at `retry_s`: at once, unless this one died early."""
        self.retry_s = now_s if self.is_healthy(now_s) else now_s + RETRY_S
