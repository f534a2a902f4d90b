"""How `bench` disturbs a performance: it keeps one core busy and watches the band from another program."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bollylive.bench.probe import Probe
from bollylive.processes.spawn import program

WATCH_HZ = 30
_END_LIMIT_S = 5.0


class Disturbance:
    """The result of the disturbance: `snapshots_per_s` is how often the watcher saw the band, known when it is over."""

    snapshots_per_s = 0.0


@contextmanager
def disturbed() -> Iterator[Disturbance]:
    """Keep one core busy and watch the newest band, until the block ends."""
    disturbance = Disturbance()
    command = program("bollylive", "watch", "--json", "--hz", str(WATCH_HZ))
    with Probe("bollylive.bench.references", "spin"), tempfile.TemporaryFile() as lines:
        watcher = subprocess.Popen(command, stdout=lines, stdin=subprocess.DEVNULL)
        began_s = time.perf_counter()
        try:
            yield disturbance
        finally:
            seconds = time.perf_counter() - began_s
            watcher.kill()
            watcher.wait(_END_LIMIT_S)
            lines.seek(0)
            disturbance.snapshots_per_s = round(sum(1 for _ in lines) / seconds, 1)
