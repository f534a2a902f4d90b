"""A band that does nothing but publish snapshots, in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bollylive.snapshot.format import Snapshot
from bollylive.snapshot.server import SnapshotServer


class Turns:
    """An engine that only publishes snapshots; `shown` counts them."""

    def __init__(self, server: SnapshotServer, asked: threading.Event, name: str) -> None:
        self.shown = 0
        self._server, self._asked, self._name, self._over = server, asked, name, False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop, and wait for that."""
        self._over = True
        self._thread.join()

    def _run(self) -> None:
        while not self._over:
            self._asked.wait(0.01)
            self._asked.clear()
            if self._server.is_wanted():
                self.shown += 1
                self._server.publish(Snapshot(self._name, float(self.shown), 96.0, True, True, (), 0, 0))


@contextmanager
def playing(folder: Path, name: str = "Trio") -> Iterator[Turns]:
    """Run such a band whose address is in `folder`, until the block ends."""
    asked = threading.Event()
    server = SnapshotServer(folder, asked.set)
    server.start()
    turns = Turns(server, asked, name)
    try:
        yield turns
    finally:
        turns.end()
        server.close()
