"""The engine process as the port process sees it: started, spoken to, ended, and started again when it died."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection

from bollylive.band import Set
from bollylive.pipe import Pipe

_AILING_S = 5.0  # an engine that dies sooner than this after its start is ailing
_MOST_FAILURES = 3


def _think(connection: Connection, band: Set, seed: int) -> None:
    # Imported here, in the child: the port process stays free of numpy and onnxruntime.
    from bollylive.engine_process import run_engine

    run_engine(connection, band, seed)


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
        self._start()
        return True

    def end(self) -> None:
        """End the engine; it holds nothing that needs tidying."""
        self.pipe.close()
        self._process.kill()
        self._process.join(1.0)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.pipe = Pipe(ours)
        self._process = context.Process(target=_think, args=(theirs, self._band, self._seed), daemon=True)
        self._process.start()
        self._started_s = time.perf_counter()
        theirs.close()
