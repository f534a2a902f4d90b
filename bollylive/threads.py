"""Waits for the end of a thread that may never come."""

from __future__ import annotations

import time
from threading import Thread
from typing import Final

_POLL_S: Final = 0.005


def ends_within(thread: Thread, limit_s: float) -> bool:
    """Wait until a thread has ended, but not longer than `limit_s`; return whether it has.

    `Thread.join` with a limit waits by the wall clock on macOS and with old C libraries, and that may be set back.
    """
    deadline_s = time.monotonic() + limit_s
    while thread.is_alive() and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)
    return not thread.is_alive()
