"""One end of a connection between two processes, which takes and gives bundles of messages and never waits.

On POSIX a bundle of any size leaves in as many pieces as the other side has room for, and is read in as many as come.
On Windows a pipe carries messages: the system keeps a bundle of any size until the other side has read it, and the next
one begins after that. The bytes are those of `multiprocessing.connection.Connection`: on POSIX a length, then a pickle.
So a process may receive its first bundle with `Connection.recv`, which waits.
"""

from __future__ import annotations

import errno
import os
import pickle
import struct
import sys
from importlib import import_module
from multiprocessing.connection import Connection, wait
from select import select
from typing import Any, Final, Protocol

import bollylive.processes.pickles  # noqa: F401 - it makes pickling cheap

_LENGTH: Final = struct.Struct("!i")
_READ_BYTES: Final = 2**16
_MOST_SELECTED: Final = 1024  # select(2) takes no file numbers from FD_SETSIZE on
_IO_INCOMPLETE: Final = 996  # ERROR_IO_INCOMPLETE of winerror.h


class Stream(Protocol):
    """One end. One thread. After `close` nothing else may be called."""

    end: Any  # what `wait_for` waits for

    def put(self, bundle: list[Any]) -> None:
        """Take a bundle; only if the last `flush` returned True."""

    def flush(self) -> bool:
        """Send what there is room for; return whether all has left. Raises OSError if the other side is gone."""

    def receive(self) -> tuple[list[Any], bool]:
        """Return the messages of all bundles that have come whole, and whether the other side is gone."""

    def close(self) -> None:
        """Close this end."""


class PosixStream:
    """An end that is a file."""

    def __init__(self, connection: Connection) -> None:
        self.end = connection.fileno()
        self._connection = connection
        self._leaving = memoryview(b"")
        self._came = bytearray()
        os.set_blocking(self.end, False)

    def put(self, bundle: list[Any]) -> None:
        """Take a bundle."""
        data = pickle.dumps(bundle, pickle.HIGHEST_PROTOCOL)
        self._leaving = memoryview(_LENGTH.pack(len(data)) + data)

    def flush(self) -> bool:
        """Send what there is room for; return whether all has left. Raises OSError if the other side is gone."""
        try:
            while self._leaving:
                self._leaving = self._leaving[os.write(self.end, self._leaving) :]
        except BlockingIOError:
            return False
        return True

    def receive(self) -> tuple[list[Any], bool]:
        """Return the messages of all bundles that have come whole, and whether the other side is gone."""
        gone = True
        try:
            while data := os.read(self.end, _READ_BYTES):
                self._came += data
        except BlockingIOError:
            gone = False
        except OSError:  # as at the end of what came
            pass
        return self._take_whole(), gone

    def close(self) -> None:
        """Close this end."""
        self._connection.close()

    def _take_whole(self) -> list[Any]:
        messages: list[Any] = []
        begin, came = 0, len(self._came)
        while came - begin >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._came, begin)
            end = begin + _LENGTH.size + length
            if came < end:
                break
            with memoryview(self._came) as view:
                messages += pickle.loads(view[begin + _LENGTH.size : end])
            begin = end
        del self._came[:begin]
        return messages


class WindowsStream:
    """An end that is a Windows pipe, whose writes are overlapped: begun, and asked about until they are done.

    `winapi` is Python's own module `_winapi`, or a fake of it. Not tried on Windows. Source: WriteFile and
    GetOverlappedResult in Microsoft's documentation of the Win32 API; `multiprocessing.connection.PipeConnection`.
    """

    def __init__(self, connection: Connection, winapi: Any = None) -> None:
        self.end = self._connection = connection
        self._winapi = import_module("_winapi") if winapi is None else winapi
        self._bundle: bytes | None = None  # it has to be written yet
        self._write: Any = None  # the one that is under way, which holds its bytes

    def put(self, bundle: list[Any]) -> None:
        """Take a bundle."""
        self._bundle = pickle.dumps(bundle, pickle.HIGHEST_PROTOCOL)

    def flush(self) -> bool:
        """Begin to send; return whether all has been taken. Raises OSError if the other side is gone."""
        if self._bundle is not None:
            bundle, self._bundle = self._bundle, None
            self._write, _ = self._winapi.WriteFile(self._connection.fileno(), bundle, overlapped=True)
        if self._write is not None:
            _, error = self._write.GetOverlappedResult(False)
            if error == _IO_INCOMPLETE:
                return False
            self._write = None
            if error:
                raise OSError(errno.EPIPE, "the pipe is closed")
        return True

    def receive(self) -> tuple[list[Any], bool]:
        """Return the messages of all bundles that have come, and whether the other side is gone."""
        messages: list[Any] = []
        try:
            while self._connection.poll():
                messages += self._connection.recv()
        except (EOFError, OSError):
            return messages, True
        return messages, False

    def close(self) -> None:
        """Close this end."""
        self._connection.close()


def new_stream(connection: Connection) -> Stream:
    """Return this system's stream for one end of a `multiprocessing.Pipe`."""
    return WindowsStream(connection) if sys.platform == "win32" else PosixStream(connection)


def wait_for(ends: list[Any], timeout_s: float) -> bool:
    """Block until one of the ends has something to receive, or its other side is gone; return whether it has."""
    if sys.platform == "win32" or max(ends) >= _MOST_SELECTED:
        return bool(wait(ends, timeout_s))  # it polls where the system can, and is exact to a millisecond
    # A tenth of the cost of multiprocessing's own wait, and this runs a thousand times a second.
    return bool(select(ends, [], [], timeout_s)[0])
