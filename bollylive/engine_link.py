"""The engine process as the port process sees it: started, spoken to, ended, and started again when it died."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Protocol

from bollylive.band import Set
from bollylive.pipe import Pipe

_AILING_S = 5.0  # an engine that dies sooner than this after its start is ailing
_MOST_FAILURES = 3
_END_LIMIT_S = 1.0


class _Killable(Protocol):
    def kill(self) -> None: ...


class EngineLink:
    """A running engine and the pipe to it. Starting returns at once; the engine says `Ready` when it is."""

    def __init__(self, band: Set, seed: int) -> None:
        self._band, self._seed = band, seed
        self._failures = 0
        self._start()

    def revive(self) -> bool:
        """Start another engine in place of a dead one; False once that has failed too often in a row."""
        ailing = time.perf_counter() - self._started_s < _AILING_S
        self._failures = self._failures + 1 if ailing else 1
        self.end()
        if self._failures > _MOST_FAILURES:
            return False
        with suppress(OSError):  # no memory, or no process, to be had
            self._start()
            return True
        return False

    def end(self) -> None:
        """End the engine; it holds nothing that needs tidying."""
        self.pipe.close()
        self._process.kill()
        if isinstance(self._process, subprocess.Popen):
            with suppress(subprocess.TimeoutExpired):  # the system is slow to bury it; it will
                self._process.wait(_END_LIMIT_S)

    def _start(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        self.pipe = Pipe(ours)
        self._process = _spawn(theirs)
        self._started_s = time.perf_counter()
        theirs.close()
        with suppress(OSError):  # killed already: the pipe tells, and `revive` comes
            ours.send((self._band, self._seed))


def _spawn(connection: Connection) -> _Killable:
    """Run `engine_process` on its end of the pipe, in a fresh interpreter."""
    if sys.platform == "win32":  # a pipe is no file there, and only multiprocessing knows how to hand it over
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_think, args=(connection,), daemon=True)
        process.start()
        return process
    # multiprocessing would start a third process, which only watches for resources that nobody here has.
    number = connection.fileno()
    os.set_inheritable(number, True)
    command = [sys.executable, "-m", "bollylive.engine_process", str(number)]
    # In a session of its own: what the terminal says (Ctrl-C, hang-up) is for the port process alone.
    return subprocess.Popen(command, pass_fds=[number], start_new_session=True)


def _think(connection: Connection) -> None:
    # Imported here, in the child: the port process stays free of numpy and onnxruntime.
    from bollylive.engine_process import run_engine

    run_engine(connection)
