"""The wish to be woken at once when there is something to do, before others who are busy."""

from __future__ import annotations

import os
from contextlib import suppress

_LOWEST = 1  # of the realtime priorities: audio threads, which have more, go first


def wake_first() -> bool:
    """Ask the system to run this thread as soon as it wakes; False where it may not, or the system knows no such wish.

    Linux grants it to root, and to those whom it lets play in real time (the group `audio`, or rtkit's limits). What is
    started from here does not inherit it. A thread that never sleeps again is held back by the system itself, to 95 %
    of the time; the warden ends it soon. Source: sched(7).
    """
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(_LOWEST))
        return True
    return False
