"""Asks the system to run this process as soon as it wakes, ahead of busy processes."""

from __future__ import annotations

import ctypes
import os
import platform
from contextlib import suppress
from typing import Literal

_LOWEST = 1  # of the realtime priorities: audio threads, which have more, go first
_SLICE_NS = 100_000  # the shortest that Linux grants
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}  # the number of the system call, which libc does not have
_RESET_ON_FORK = 0x01


class _Attributes(ctypes.Structure):
    """`struct sched_attr` of sched_setattr(2)."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def wake_first() -> Literal["realtime", "short slice"] | None:
    """Ask the system to run this thread as soon as it wakes; return what it grants, None if nothing.

    Linux gives realtime priority to root, and to users whose limits allow it (through a group such as `audio`, or
    rtkit). From version 6.12 on, everybody may ask for a short time slice, which comes sooner. Child processes inherit
    neither. A process that never sleeps is throttled by the system itself, and the supervisor ends it soon. Sources:
    sched(7); Documentation/scheduler/sched-eevdf.rst of Linux.
    """
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(_LOWEST))
        return "realtime"
    number = _SCHED_SETATTR.get(platform.machine())
    if platform.system() != "Linux" or number is None:
        return None
    wish = _Attributes(size=ctypes.sizeof(_Attributes), flags=_RESET_ON_FORK, runtime=_SLICE_NS)
    refused = ctypes.CDLL(None).syscall(number, 0, ctypes.byref(wish), 0)
    return None if refused else "short slice"
