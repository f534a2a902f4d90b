"""The io process as the supervisor sees it: started, spoken to, and ended."""

from __future__ import annotations

import multiprocessing
from typing import Any, Protocol

from bollylive.processes.pipe import Pipe
from bollylive.processes.spawn import spawn
from bollylive.processes.supervisor_link import Order
from bollylive.protocol import StartUp


class Link(Protocol):
    """An io process; see `IoLink`."""

    @property
    def closed(self) -> bool:
        """Whether it is gone."""

    def tell(self, order: Order) -> None:
        """Send an order."""

    def receive(self, timeout_s: float) -> list[Any]:
        """Return the messages that have come."""

    def leave(self, limit_s: float) -> str | None:
        """Let it end its notes and then itself; return how it ended, None if it still runs after `limit_s`."""

    def end(self) -> None:
        """Kill it."""


class IoLink:
    """An io process that is started with a `StartUp`; raises OSError if that fails. One thread.

    `log` is the open file for what it writes on standard error, see `ChildLog`.
    """

    def __init__(self, start_up: StartUp, log: int | None = None) -> None:
        ours, theirs = multiprocessing.Pipe()
        self._pipe = Pipe(ours)
        files = [] if start_up.model is None else [start_up.model]
        self._child = spawn("processes.io_child", theirs, leads=True, files=files, log=log)
        theirs.close()
        self._pipe.put([start_up])
        self._pipe.flush()

    @property
    def closed(self) -> bool:
        """Whether the other end is gone; its last messages may still be received."""
        return self._pipe.closed

    def tell(self, order: Order) -> None:
        """Send an order. Does not block."""
        self._pipe.put([order])
        self._pipe.flush()

    def receive(self, timeout_s: float) -> list[Any]:
        """Return the messages that have come; waits for the first, but no longer than `timeout_s`."""
        self._pipe.flush()
        return self._pipe.receive() if self._pipe.wait(timeout_s) else []

    def leave(self, limit_s: float) -> str | None:
        """Close the pipe, so that the process ends its notes and exits; return how it ended, None if it has not.

        Blocks for `limit_s` at most.
        """
        self._pipe.close()
        return self._child.wait(limit_s)

    def end(self) -> None:
        """Kill it, and its engine."""
        self._pipe.close()
        self._child.end()
