"""The time as a process sees it: an argument, so that tests can run a whole loop on virtual time."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

_FINE_MS: Final = 1
_NO_ERROR: Final = 0  # TIMERR_NOERROR of timeapi.h


@dataclass(frozen=True, slots=True)
class Timer:
    """`now_s` reads a clock that never goes back; `sleep` waits for a number of its seconds."""

    now_s: Callable[[], float] = time.perf_counter
    sleep: Callable[[float], None] = time.sleep


@contextmanager
def fine_waits(winmm: Any = None) -> Iterator[bool]:
    """Let the waits of this process be exact to a millisecond while the block runs; yields whether they are.

    On Windows a wait ends with the system's clock interrupt, every 15.6 ms, unless a program asks for finer ones. The
    wish is given back at the end, however the block ends. Elsewhere waits are fine anyway. `winmm` is the library of
    that name, or a fake of it; None: that of this system. Not tried on Windows. Source: timeBeginPeriod and
    timeEndPeriod in Microsoft's documentation of the Win32 API.
    """
    if winmm is None and sys.platform == "win32":
        with suppress(OSError):
            winmm = ctypes.WinDLL("winmm")
    if winmm is None:
        yield sys.platform != "win32"
        return
    granted = winmm.timeBeginPeriod(_FINE_MS) == _NO_ERROR
    try:
        yield granted
    finally:
        if granted:
            winmm.timeEndPeriod(_FINE_MS)
