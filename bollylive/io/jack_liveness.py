"""Notices cheaply that the JACK server died, which RtMidi does not report, or only when something is sent.

After the server's death the library goes on as if nothing had happened: the port list is read from shared memory,
the ports count as open, and nothing comes. With python-rtmidi a send about 2,340 messages later never returns, and
keeps the interpreter's lock. But each client has a socket to the server, and when the server ends, however it ends, the
kernel closes the other side at once. PipeWire's library then closes its own ends, so sockets that are all gone are a
sign too. Looking costs some microseconds; the server and other clients do not notice it.
"""

from __future__ import annotations

import os
import select
import stat
from pathlib import Path

_OPEN_FILES = Path("/proc/self/fd")  # Linux; elsewhere there is no sign


class JackLiveness:
    """Create this before the clients open, call `tie` when they are open, and then ask `cut`. For one thread.

    This process must open no other socket between the creation and `tie`.
    """

    def __init__(self) -> None:
        self._before = _sockets()
        self._tied: dict[int, int] = {}

    def tie(self) -> None:
        """Watch the sockets that have opened since this was created."""
        self._tied = dict(_sockets().items() - self._before.items())

    def cut(self) -> bool:
        """Return whether the other side closed a socket, or no socket is left; False if that cannot be seen.

        Never blocks.
        """
        if not self._tied:
            return False
        left = [number for number, inode in self._tied.items() if _socket(number) == inode]  # numbers are reused
        poll = select.poll()
        for number in left:
            poll.register(number, 0)  # hang-ups are reported even if no events are asked for
        return not left or any(signs & select.POLLHUP for _, signs in poll.poll(0))


def _sockets() -> dict[int, int]:
    """Return the open sockets: the inode by the number of the file."""
    if not _OPEN_FILES.is_dir():
        return {}
    numbers = [int(path.name) for path in _OPEN_FILES.iterdir()]
    return {number: inode for number in numbers if (inode := _socket(number)) is not None}


def _socket(number: int) -> int | None:
    try:
        file = os.fstat(number)
    except OSError:  # closed meanwhile
        return None
    return file.st_ino if stat.S_ISSOCK(file.st_mode) else None
