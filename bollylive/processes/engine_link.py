"""The engine process as the port process sees it: started, spoken to, ended, and started again when it died."""

from __future__ import annotations

import multiprocessing
import time
from contextlib import suppress

from bollylive.processes.pipe import Pipe
from bollylive.processes.spawn import spawn
from bollylive.processes.watchdog import Watchdog
from bollylive.protocol import ReplayRequest
from bollylive.sets.band import Set
from bollylive.sets.controls import Command, turn_knob

_AILING_S = 5.0  # an engine that dies sooner than this after its start is ailing
_MOST_FAILURES = 3


class EngineLink:
    """A running engine and the pipe to it. Starting returns at once; the engine says `Ready` when it is.

    Another engine finds its buffers in `journal`, and so does the first one if it is to `resume`. `model` is the number
    of an open file that holds a copy of the model. An engine that gives no sign of life counts as hanging, see
    `Watchdog`.
    """

    def __init__(
        self, band: Set, seed: int, journal: str | None = None, model: int | None = None, *, resume: bool = False
    ) -> None:
        self._band, self._seed, self._journal, self._model = band, seed, journal, model
        self._failures = 0
        self._watchdog = Watchdog()
        self._start(resume, keys_held=False)

    def use(self, band: Set) -> None:
        """Let this engine play another set, and those after it."""
        self._band = band
        self.pipe.put([band])

    def turn(self, knob: Command) -> None:
        """Remember a knob that is turned, for the engines to come."""
        self._band = turn_knob(self._band, knob)

    def revive(self) -> bool:
        """Start another engine in place of a dead one; False once that has failed too often in a row."""
        ailing = time.perf_counter() - self._started_s < _AILING_S or not self._watchdog.was_heard
        self._failures = self._failures + 1 if ailing else 1
        self.end()
        if self._failures > _MOST_FAILURES:
            return False
        with suppress(OSError):  # no memory, or no process, to be had
            self._start(resume=self._failures == 1, keys_held=True)  # what it remembers may be what kills it
            return True
        return False

    def hear(self) -> None:
        """It gave a sign of life."""
        self._watchdog.hear()

    def restore(self, now_s: float) -> None:
        """It begins anew, for which it has as long as one that was just started."""
        self._watchdog.begin(now_s)

    def hangs(self, now_s: float) -> bool:
        """Whether it counts as hanging; look often."""
        return self._watchdog.look(now_s)

    def end(self) -> None:
        """End the engine; it holds nothing that needs tidying."""
        self.pipe.close()
        self._child.end()

    def _start(self, resume: bool, keys_held: bool) -> None:
        ours, theirs = multiprocessing.Pipe()
        self.pipe = Pipe(ours)
        self._child = spawn("processes.engine_loop", theirs, files=[] if self._model is None else [self._model])
        self._started_s = time.perf_counter()
        self._watchdog.begin(self._started_s)
        theirs.close()
        replay_request = None
        if resume and self._journal is not None:
            replay_request = ReplayRequest(self._journal, self._started_s, keys_held)
        with suppress(OSError):  # killed already: the pipe tells, and `revive` comes
            ours.send((self._band, self._seed, self._journal, replay_request, self._model))
