"""The time as a process sees it: an argument, so that tests can run a whole loop on virtual time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timer:
    """`now_s` reads a clock that never goes back; `sleep` waits for a number of its seconds."""

    now_s: Callable[[], float] = time.perf_counter
    sleep: Callable[[float], None] = time.sleep
