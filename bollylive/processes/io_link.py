"""The port process as the warden has it: started, listened to, told, and ended."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from typing import Any, Protocol

from bollylive.processes.pipe import Pipe
from bollylive.processes.spawn import spawn
from bollylive.processes.supervisor_link import Order
from bollylive.protocol import StartUp


class Link(Protocol):
    """A port process, whatever it is made of; see `IoLink`."""

    @property
    def closed(self) -> bool:
        """Whether it is gone."""

    def tell(self, order: Order) -> None:
        """Send an order."""

    def receive(self, timeout_s: float) -> list[Any]:
        """What it has said."""

    def leave(self, limit_s: float) -> str | None:
        """Let it end by itself, with its notes; how it did, or None if it still runs after so long."""

    def end(self) -> None:
        """Kill it."""


class IoLink:
    """A port process that was started with a duty; raises OSError if there is none to be had. One thread."""

    def __init__(self, duty: StartUp) -> None:
        ours, theirs = multiprocessing.Pipe()
        self._pipe = Pipe(ours)
        files = [] if duty.model is None else [duty.model]
        self._child = spawn("processes.io_child", theirs, leads=True, files=files)
        theirs.close()
        with suppress(OSError):  # killed already: the pipe tells
            ours.send(duty)

    @property
    def closed(self) -> bool:
        """Whether the other end is gone; what it said last may still be received."""
        return self._pipe.closed

    def tell(self, order: Order) -> None:
        """Send an order. Does not block."""
        self._pipe.put([order])
        self._pipe.flush()

    def receive(self, timeout_s: float) -> list[Any]:
        """What it has said; waits for the first word, but no longer than so."""
        return self._pipe.receive() if self._pipe.wait(timeout_s) else []

    def leave(self, limit_s: float) -> str | None:
        """Close the pipe, upon which it lets go of everything and ends by itself; how it did, or None if it has not.

        Blocks for so long at most.
        """
        self._pipe.close()
        return self._child.wait(limit_s)

    def end(self) -> None:
        """Kill it, and its engine."""
        self._pipe.close()
        self._child.end()
