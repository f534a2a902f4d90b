"""A program that `bench` measures: started here, watched from outside through /proc, and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bollylive.errors import BollyLiveError
from bollylive.processes.spawn import program

_END_LIMIT_S = 5.0


class Probe:
    """A Python module that runs as a program of its own, with its children. `ready_s` is how long it took to be ready.

    With `home` it is the module that lies in that folder: another version of BollyLive. The constructor blocks until
    the program prints `ready`, and raises BollyLiveError if it ends before that.
    """

    def __init__(self, *arguments: str, home: Path | None = None) -> None:
        began_s = time.perf_counter()
        self._process = subprocess.Popen(
            program(*arguments) if home is None else [sys.executable, "-m", *arguments],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=home,
            env=None if home is None else {**os.environ, "PYTHONPATH": str(home)},
        )
        assert self._process.stdout is not None
        if not any(line.startswith("ready") for line in self._process.stdout):
            raise BollyLiveError(f"{' '.join(arguments)} ended before it was ready; run it by itself to see why.")
        self.ready_s = time.perf_counter() - began_s

    @property
    def processes(self) -> list[int]:
        """The ids of the program and its descendants; without /proc, only its own."""
        found = [self._process.pid]
        for parent in found:
            children = Path(f"/proc/{parent}/task/{parent}/children")
            if children.exists():
                found += [int(number) for number in children.read_text().split()]
        return found

    def memory_mb(self) -> float | None:
        """The memory of all its processes in MB (10^6 bytes); None without /proc.

        What several processes share counts once, in parts: the Pss of smaps_rollup, see proc_pid_smaps(5).
        """
        try:
            sizes = [Path(f"/proc/{process}/smaps_rollup").read_text() for process in self.processes]
        except OSError:
            return None
        lines = [line for text in sizes for line in text.splitlines() if line.startswith("Pss:")]
        return sum(int(line.split()[1]) for line in lines) * 1024 / 1e6

    def cpu_s(self) -> float | None:
        """The processor time in seconds that all threads of all its processes have used; None without /proc.

        The schedstat of a thread begins with its nanoseconds on a processor; Documentation/scheduler/sched-stats.rst.
        """
        threads = [path for process in self.processes for path in Path(f"/proc/{process}/task").glob("*/schedstat")]
        try:
            return sum(int(path.read_text().split()[0]) for path in threads) / 1e9 if threads else None
        except OSError:
            return None

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def wait(self) -> str:
        """Wait until the program ends by itself; return what it printed after `ready`."""
        return self._process.communicate()[0]

    def end(self) -> None:
        """End the program: SIGTERM first, SIGKILL five seconds later. Safe to call again."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.communicate(timeout=_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


class CoreShares:
    """Measures the share of one core that each of some programs has, from now on."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._probes = probes
        self._began = self._spent()

    def percent(self) -> list[float | None]:
        """Return the shares until now, in percent; None without /proc."""
        return [
            None if began_s is None or now_s is None else round(100 * (now_s - began_s) / (now_at_s - began_at_s), 2)
            for (began_s, began_at_s), (now_s, now_at_s) in zip(self._began, self._spent(), strict=True)
        ]

    def _spent(self) -> list[tuple[float | None, float]]:
        return [(probe.cpu_s(), time.perf_counter()) for probe in self._probes]


def shares(probes: Sequence[Probe], seconds: float) -> list[float | None]:
    """Return each program's share of one core over the same seconds, in percent; None without /proc. Blocks."""
    core_shares = CoreShares(probes)
    time.sleep(seconds)
    return core_shares.percent()
