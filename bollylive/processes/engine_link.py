"""The engine process as the io process sees it: started, spoken to, watched, and replaced when it dies or hangs."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final, Protocol

from bollylive.processes.pipe import Pipe
from bollylive.processes.spawn import spawn
from bollylive.processes.timer import Timer
from bollylive.processes.watchdog import Watchdog
from bollylive.protocol import EngineStartUp, Heartbeat, ReplayRequest, Restoring
from bollylive.sets.live_set import LiveSet

_FAILED_EARLY_S: Final = 5.0  # an engine that dies sooner after its start may die because of what it was given
_MOST_FAILURES: Final = 3
_LEAVE_S: Final = 0.5
_LAST_S: Final = 0.01  # how long a process that closed its pipe may take to end and show its status
_RETRY_S: Final = 60.0  # an engine that failed again and again may have run out of memory


class EngineProcess(Protocol):
    """A running engine and the pipe to it."""

    pipe: Pipe

    def leave(self, limit_s: float) -> None:
        """Let it end by itself within `limit_s`; so it removes the address at which other programs watch it."""

    def ending(self) -> str | None:
        """Return how it ended by itself, None if it has not. May block for a moment."""

    def end(self) -> None:
        """Kill it."""


class SpawnedEngine:
    """An engine in a process of its own; raises OSError if none can be started. Returns before the engine is ready."""

    def __init__(self, start_up: EngineStartUp) -> None:
        ours, theirs = multiprocessing.Pipe()
        self.pipe = Pipe(ours)
        files = [] if start_up.model is None else [start_up.model]
        self._child = spawn("processes.engine_loop", theirs, files=files)
        theirs.close()
        self.pipe.put([start_up])
        self.pipe.flush()

    def leave(self, limit_s: float) -> None:
        """Close the pipe, and wait for the end."""
        self.pipe.close()
        self._child.wait(limit_s)

    def ending(self) -> str | None:
        """Return how it ended, as half a sentence; waits ten milliseconds at most."""
        return self._child.wait(_LAST_S)

    def end(self) -> None:
        """Kill it."""
        self.pipe.close()
        self._child.end()


class EngineLink:
    """The engine of a performance, in whichever process it is running at the moment.

    Each engine begins with the current set in `live`. An engine that takes over reads its buffers from the `journal`,
    and so does the first one if `resume` is set. `model` is the number of an open file with a copy of the model. An
    engine without a heartbeat counts as hanging, see `Watchdog`. After several engines in a row have failed there is
    none for a minute. One thread; only `receive` waits.
    """

    def __init__(
        self,
        live: LiveSet,
        seed: int,
        journal: str | None = None,
        model: int | None = None,
        *,
        resume: bool = False,
        start: Callable[[EngineStartUp], EngineProcess] = SpawnedEngine,
        timer: Timer = Timer(),  # noqa: B008 - frozen
    ) -> None:
        self.alone = False  # there is no engine for now
        self.was_killed = False  # the last one that was lost, and not by us
        self._live, self._seed, self._journal, self._model = live, seed, journal, model
        self._start, self._timer = start, timer
        self._failures = 0
        self._retry_s = 0.0  # when another one is tried while there is none
        self._watchdog = Watchdog()
        self._begin(resume=resume, keys_held=False)

    @property
    def ended(self) -> bool:
        """Whether the engine has ended by itself."""
        return not self.alone and self._process.pipe.closed

    def send(self, message: Any) -> None:
        """Put a message into the outbox."""
        self._process.pipe.put([message])

    def flush(self) -> None:
        """Send what the engine has room for."""
        self._process.pipe.flush()

    def wait(self, timeout_s: float) -> bool:
        """Wait until the engine says something or ends, but no longer than `timeout_s`; return whether to `receive`."""
        if self.alone:
            self._timer.sleep(timeout_s)
            return False
        pipe = self._process.pipe
        return pipe.closed or pipe.wait(timeout_s)

    def receive(self) -> Iterable[Any]:
        """Return the engine's messages except signs of life."""
        return [message for message in self._process.pipe.receive() if not self._is_sign_of_life(message)]

    def loss(self, now_s: float) -> str | None:
        """If the engine must be replaced, return what happened to it, as the end of a sentence; call this often."""
        if self.alone:
            return "is gone" if now_s >= self._retry_s else None
        if self.ended:
            return "ended unexpectedly"
        return "hangs" if self._watchdog.look(now_s) else None

    def replace(self) -> bool:
        """Start another engine; return False and set `alone` if none can be started or several in a row have failed."""
        now_s = self._timer.now_s()
        if self.alone:
            self._failures = _MOST_FAILURES  # one more chance, without the journal
        elif now_s - self._begun_s < _FAILED_EARLY_S or not self._watchdog.was_heard:
            self._failures += 1
        else:
            self._failures = 1
        self.was_killed = self.ended and self._process.ending() == "by SIGKILL"
        self._process.end()  # at once: whether it leaves an address matters less than the time
        self.alone = True
        if self._failures <= _MOST_FAILURES:
            with suppress(OSError):  # out of memory, or of processes
                self._begin(resume=self._failures == 1, keys_held=True)  # what it remembers may be what kills it
                self.alone = False
        self._retry_s = now_s + _RETRY_S
        return not self.alone

    def end(self) -> None:
        """End the engine. Blocks for half a second at most, and for a second more if it must be killed."""
        self._process.leave(_LEAVE_S)
        self._process.end()

    def _begin(self, *, resume: bool, keys_held: bool) -> None:
        now_s = self._timer.now_s()
        journal = self._journal
        replay = ReplayRequest(journal, now_s, keys_held) if resume and journal is not None else None
        self._process = self._start(EngineStartUp(self._live.band, self._seed, journal, replay, self._model))
        self._begun_s = now_s
        self._watchdog.begin(now_s)

    def _is_sign_of_life(self, message: Any) -> bool:
        if isinstance(message, Heartbeat):
            self._watchdog.hear()
        elif isinstance(message, Restoring):
            self._watchdog.begin(self._timer.now_s())
        else:
            return False
        return True
