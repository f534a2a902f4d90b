"""How far a command that takes long has come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

EVERY_S: Final = 5.0


class Progress:
    """Prints a line every five seconds; call it as often as you like with the share 0-1 that is done. Never blocks."""

    def __init__(self, say: Callable[[str], None], name: str, clock: Callable[[], float] = time.perf_counter) -> None:
        """`name` is that of the work, for the line; `clock` gives seconds."""
        self._say, self._name, self._clock = say, name, clock
        self._next_s = clock() + EVERY_S

    def __call__(self, share: float) -> None:
        """Note how much is done."""
        now_s = self._clock()
        if now_s >= self._next_s:
            self._next_s = now_s + EVERY_S
            self._say(f"{self._name}: {share:.0%} done")
