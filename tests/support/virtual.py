"""Virtual time, and processes at the other end of a pipe that a test speaks for: no clock and no process is real."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import ceil
from typing import Any

from bollylive.processes.pipe import Bell, Pipe
from bollylive.processes.timer import Timer
from bollylive.protocol import EngineStartUp

_MOMENT_S = 1e-6


class VirtualTime:
    """Time that passes only while somebody sleeps. With a `grid_s` waits end with a clock interrupt, as on Windows."""

    def __init__(self, now_s: float = 100.0, grid_s: float = 0.0) -> None:
        self.now_s = now_s
        self._grid_s = grid_s

    def sleep(self, seconds: float) -> None:
        """Let time pass, if only a moment."""
        self.now_s += max(_MOMENT_S, seconds)
        if self._grid_s and seconds > 0:
            self.now_s = ceil(self.now_s / self._grid_s) * self._grid_s

    @property
    def timer(self) -> Timer:
        """This time as a process takes it."""
        return Timer(lambda: self.now_s, self.sleep)


class VirtualPipe(Pipe):
    """One end of a pipe in memory; a wait in vain lets virtual time pass."""

    def __init__(self, time: VirtualTime) -> None:
        self.closed = False
        self.lost = 0
        self.came: deque[Any] = deque()
        self.sent: list[Any] = []
        self._time = time
        self.hung_up = False  # the other end is closed

    def put(self, words: Iterable[Any]) -> None:
        self.sent.extend(words)

    def flush(self) -> bool:
        return True  # all that is put has been sent already

    def wait(self, timeout_s: float, bell: Bell | None = None) -> bool:  # noqa: ARG002 - as `Pipe` has it
        if not self.came and not self.hung_up:
            self._time.sleep(timeout_s)
        return bool(self.came) or self.hung_up

    def receive(self) -> list[Any]:
        messages = list(self.came)
        self.came.clear()
        self.closed = self.closed or self.hung_up
        return messages

    def close(self) -> None:
        self.closed = True


class FakeEngineProcess:
    """An engine for which a test speaks."""

    def __init__(self, start_up: EngineStartUp, time: VirtualTime) -> None:
        self.start_up = start_up
        self.pipe: Pipe = VirtualPipe(time)
        self.ended = self.may_leave = False
        self.how: str | None = "with status 1"  # it ended

    def say(self, *messages: Any) -> None:
        """Send messages to the io process."""
        self._end.came.extend(messages)

    def heard(self) -> list[Any]:
        """What the io process has sent since the last call."""
        heard = list(self._end.sent)
        self._end.sent.clear()
        return heard

    def die(self) -> None:
        """End as if killed."""
        self._end.hung_up = True

    def ending(self) -> str | None:
        return self.how

    def leave(self, limit_s: float) -> None:
        assert limit_s > 0
        self.may_leave = not self.ended

    def end(self) -> None:
        self.pipe.close()
        self.ended = True

    @property
    def _end(self) -> VirtualPipe:
        assert isinstance(self.pipe, VirtualPipe)
        return self.pipe
