"""The pipe between two processes, which carries the messages of `protocol`.

Neither side may ever wait for the other: messages are put into an outbox and leave in small bundles when the other
side has room. If the other side has had no room for very long, the oldest messages are dropped and counted.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections import deque
from collections.abc import Iterable
from multiprocessing.connection import Connection, wait
from select import select
from typing import Any

_BUNDLE_MESSAGES = 64  # fits into any system's buffer, so that a send never blocks
_MOST_MESSAGES = 50_000
_ROOM_POLL_S = 0.002


class Pipe:
    """One end of the pipe. `closed` once the other end is gone; `lost` counts messages. One thread; never raises."""

    def __init__(self, connection: Connection) -> None:
        self.closed = False
        self.lost = 0
        self._connection = connection
        # Given numbers instead of connections, select calls no Python method.
        self._ends: list[Any] = [connection if sys.platform == "win32" else connection.fileno()]
        self._outbox: deque[Any] = deque()

    def put(self, messages: Iterable[Any]) -> None:
        """Add messages to the outbox."""
        self._outbox.extend(messages)
        while len(self._outbox) > _MOST_MESSAGES:
            self._outbox.popleft()
            self.lost += 1

    def flush(self) -> None:
        """Send what the other side has room for. Does not block."""
        while self._outbox and not self.closed and self._has_room():
            bundle = [self._outbox.popleft() for _ in range(min(_BUNDLE_MESSAGES, len(self._outbox)))]
            try:
                self._connection.send(bundle)
            except OSError:
                self.closed = True

    def receive(self) -> list[Any]:
        """Return all messages that have come. Does not block."""
        messages: list[Any] = []
        try:
            while self.wait(0):
                messages += self._connection.recv()
        except (EOFError, OSError):
            self.closed = True
        return messages

    def wait(self, timeout_s: float, bell: Bell | None = None) -> bool:
        """Block until something comes, the other side is gone, or the time is over; return whether to `receive`.

        A `bell` that rings also ends it.
        """
        if self.closed:
            return False
        ends = self._ends if bell is None else [*self._ends, *bell.heard._ends]
        if sys.platform == "win32":  # a pipe is no socket there
            return bool(wait(ends, timeout_s))
        # A tenth of the cost of multiprocessing's own wait, and this runs a thousand times a second.
        return bool(select(ends, [], [], timeout_s)[0])

    def drain(self, timeout_s: float) -> None:
        """Send everything, but wait no longer than `timeout_s` for room."""
        deadline_s = time.monotonic() + timeout_s
        self.flush()
        while self._outbox and not self.closed and time.monotonic() < deadline_s:
            time.sleep(_ROOM_POLL_S)
            self.flush()

    def close(self) -> None:
        """Close this end."""
        self.closed = True
        self._connection.close()

    def _has_room(self) -> bool:
        return sys.platform == "win32" or bool(select([], [self._connection], [], 0)[1])


class Bell:
    """Ends a wait for a pipe. `ring` may be called on any thread, by one at a time, and does not block."""

    def __init__(self) -> None:
        heard, rung = multiprocessing.Pipe()
        self.heard, self._rung = Pipe(heard), Pipe(rung)

    def ring(self) -> None:
        """End the present wait, or else the next one."""
        self._rung.put([True])
        self._rung.flush()

    def quieten(self) -> None:
        """Let the next wait last until it rings again."""
        self.heard.receive()
