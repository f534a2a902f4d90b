"""The pipe between two processes, which carries the messages of `protocol`.

Neither side may ever wait for the other: messages are put into an outbox and leave in small bundles when the other
side has room. If the other side has had no room for very long, the oldest messages are dropped and counted.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Iterable
from multiprocessing.connection import Connection
from typing import Any, Final

from bollylive.processes.stream import new_stream, wait_for

_BUNDLE_MESSAGES: Final = 64
_MOST_MESSAGES: Final = 50_000
_ROOM_POLL_S: Final = 0.002


class Pipe:
    """One end of the pipe. `closed` once the other end is gone; `lost` counts messages. One thread; never raises.

    The other end receives lists of messages. See `stream` for a first list that it receives in another way.
    """

    def __init__(self, connection: Connection) -> None:
        self.closed = False
        self.lost = 0
        self._stream = new_stream(connection)
        self._ends: list[Any] = [self._stream.end]
        self._outbox: deque[Any] = deque()
        self._all_left = True
        self._last: list[Any] = []  # what an end that is gone had sent before

    def put(self, messages: Iterable[Any]) -> None:
        """Add messages to the outbox."""
        self._outbox.extend(messages)
        while len(self._outbox) > _MOST_MESSAGES:
            self._outbox.popleft()
            self.lost += 1

    def flush(self) -> bool:
        """Send what the other side has room for; return whether everything has left. Does not block."""
        if self.closed:
            return True
        try:
            while self._stream.flush():
                if not self._outbox:
                    self._all_left = True
                    return True
                count = min(_BUNDLE_MESSAGES, len(self._outbox))
                self._stream.put([self._outbox.popleft() for _ in range(count)])
            self._all_left = False
        except OSError:
            self._last, _ = self._stream.receive()
            self.closed = self._all_left = True
        return self.closed

    def receive(self) -> list[Any]:
        """Return all messages that have come, also from an end that is gone. Does not block."""
        if self.closed:
            last, self._last = self._last, []
            return last
        messages, self.closed = self._stream.receive()
        return messages

    def wait(self, timeout_s: float, bell: Bell | None = None) -> bool:
        """Block until something comes, the other side is gone, or the time is over; return whether to `receive`.

        A `bell` that rings also ends it. Meanwhile it sends what has found no room, as the other side makes some.
        """
        ends = self._ends if bell is None else [*self._ends, *bell.heard._ends]
        if not self._all_left and not self.closed:
            until_s = time.monotonic() + timeout_s
            while not self.flush() and timeout_s > 0:
                if wait_for(ends, min(timeout_s, _ROOM_POLL_S)):
                    return True
                timeout_s = max(0.0, until_s - time.monotonic())
        return bool(self._last) if self.closed else wait_for(ends, timeout_s)

    def drain(self, timeout_s: float) -> None:
        """Send everything, but wait no longer than `timeout_s` for room."""
        deadline_s = time.monotonic() + timeout_s
        while not self.flush() and time.monotonic() < deadline_s:
            time.sleep(_ROOM_POLL_S)

    def close(self) -> None:
        """Close this end; safe to call again."""
        self.closed = True
        self._last = []
        self._stream.close()


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
