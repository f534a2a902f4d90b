"""Whether this machine gives a program too few files or too little memory, so that other things seem to be wrong.

Libraries that cannot open another file say that their server does not run, or crash; a process without memory ends in
many ways. So after such a failure it is looked whether the means are there.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import Final

from bollylive.errors import BollyLiveError, CrashError, PortError

_FILES: Final = 64  # more than one process needs for its ports
_MEMORY_BYTES: Final = 2**30  # an engine with the largest model asks for about half of it, most of which it never uses
_PROBE_BYTES: Final = 2**26


def shortage() -> str | None:
    """Return a sentence on what there is too little of, and how to get more; None if nothing is short. Fast."""
    match _error_of_files():
        case errno.ENFILE:
            return "This machine has too many files open; end other programs, or restart it."
        case errno.EMFILE:
            return (
                f"BollyLive may open only {_limit('RLIMIT_NOFILE')} files at once, which is too few; raise that limit "
                "(ulimit -n 1024), and start it again."
            )
    memory_bytes = _limit("RLIMIT_AS")
    if memory_bytes is not None and memory_bytes < _MEMORY_BYTES:
        return (
            f"BollyLive may use only {memory_bytes // 2**20} MB of memory, which is too little; raise that limit "
            "(ulimit -v unlimited), and start it again."
        )
    try:
        bytearray(_PROBE_BYTES)
    except MemoryError:
        return "This machine has too little free memory; end other programs, and start BollyLive again."
    return None


def explain(error: BollyLiveError) -> BollyLiveError:
    """Return the error that lies behind one of ports or processes if something is short, and else the same one."""
    if not isinstance(error, PortError | CrashError) or (short := shortage()) is None:
        return error
    return PortError(short)


def _error_of_files() -> int | None:
    """Return why not a few more files can be opened; None if they can."""
    numbers: list[int] = []
    try:
        for _ in range(_FILES):
            numbers.append(os.open(os.devnull, os.O_RDONLY))  # noqa: PERF401 - those that are open must be known
    except OSError as error:
        return error.errno
    finally:
        for number in numbers:
            os.close(number)
    return None


def _limit(name: str) -> int | None:
    """Return a limit of this process; None if there is none, or as on Windows no such thing."""
    with suppress(ImportError, AttributeError, OSError):
        import resource

        soft, _ = resource.getrlimit(getattr(resource, name))
        return None if soft == resource.RLIM_INFINITY else int(soft)
    return None
