"""When a process that should give a sign of life counts as hanging, and when the next one may begin."""

from __future__ import annotations

import math
from typing import Final

HANG_S: Final = 2.5  # machines stall for a second or two, and go on; with its start, another one is there after 3
START_LIMIT_S: Final = 20.0  # a MIDI system that is just starting, or a journal that is read, takes its time
CLOSE_LIMIT_S: Final = 5.0  # drivers take their time to let go
LISTENER_LIMIT_S: Final = 5.0  # so long the end waits for somebody to hear that notes are ended which hang
RETRY_S: Final = 1.0
HEALTHY_S: Final = 5.0  # who lived so long may be replaced at once

_LONGEST_LOOK_S: Final = 0.25  # a longer pause between two looks was our own: the machine, or we, were asleep


class Watchdog:
    """One process after the other: `begin`, then `hear` its signs of life and `look` often, and `lose` it.

    Only the time during which somebody looked counts as silence, so that a whole group that was suspended is not
    taken for one that hangs. Pure, one thread; `now_s` must not go back.
    """

    def __init__(self) -> None:
        self.retry_s = -math.inf  # when the next one may begin
        self._begun_s = self._looked_s = 0.0
        self._silent_s = 0.0
        self._heard = False

    def begin(self, now_s: float) -> None:
        """A process was started."""
        self._begun_s = self._looked_s = now_s
        self._silent_s, self._heard = 0.0, False

    def hear(self) -> None:
        """It gave a sign of life."""
        self._silent_s, self._heard = 0.0, True

    def look(self, now_s: float, closing: bool = False) -> bool:
        """Whether it counts as hanging; one that has yet to open its ports, or that closes them, may take longer."""
        self._silent_s += min(now_s - self._looked_s, _LONGEST_LOOK_S)
        self._looked_s = now_s
        return self._silent_s > (START_LIMIT_S if not self._heard else CLOSE_LIMIT_S if closing else HANG_S)

    @property
    def was_heard(self) -> bool:
        """Whether this one has given any sign of life."""
        return self._heard

    def is_healthy(self, now_s: float) -> bool:
        """Whether it has lived for a while."""
        return self._heard and now_s - self._begun_s >= HEALTHY_S

    def lose(self, now_s: float) -> None:
        """It is gone; another one may begin at `retry_s`: at once, unless this one died young."""
        self.retry_s = now_s if self.is_healthy(now_s) else now_s + RETRY_S
