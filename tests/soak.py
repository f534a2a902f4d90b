"""A program for tests: an evening on real ports, and what grows, drifts or hangs in it.

`python tests/soak.py --minutes 10` starts a JACK server of its own, plays into the default set as a musician with a DAW,
and prints the figures as JSON: the resident memory of all processes after a warm-up and at the end, how far the onsets
lie behind the DAW's ticks in the first and in the last third, what sounded at the end, and what was wrong.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from conftest import private_jack
from evening import Run, evening, runs
from stage import Peer, eager_set, engine_of, jam

from bollylive.wire import write

BPM = 96.0
SEED = 3
POLL_S = 0.0005
BEGIN_S = 1.0  # after so long the musician begins
SAMPLE_S = 2.0
LIMIT_MB = 2.0
LIMIT_DRIFT_MS = 1.0


@dataclass
class Soak:
    """What was seen; times in seconds of `time.perf_counter` since the beginning."""

    onsets: list[tuple[float, int]] = field(default_factory=list)  # of the model: the second and the channel
    resident_mb: list[tuple[float, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    sounding: set[tuple[int, int]] = field(default_factory=set)
    late_ms: dict[str, float] = field(default_factory=dict)

    def figures(self, seconds: float) -> dict[str, object]:
        """The summary of a soak that lasted so long."""
        warm = [mb for at_s, mb in self.resident_mb if seconds / 6 <= at_s < seconds / 3]
        last = [mb for at_s, mb in self.resident_mb if at_s >= seconds * 5 / 6]
        first_ms, last_ms = (self._lag_ms(*part) for part in ((0, seconds / 3), (seconds * 2 / 3, seconds)))
        return {
            "seconds": seconds,
            "notes": len(self.onsets),
            "resident_mb": [round(statistics.median(part), 2) for part in (warm, last)],
            "lag_ms_p50": [first_ms, last_ms],
            **self.late_ms,
            "stuck": len(self.sounding),
            "faults": self.faults[:10],
        }

    def _lag_ms(self, from_s: float, until_s: float) -> float:
        """By how much the onsets of a time lie behind the DAW's ticks, in the middle."""
        lags = []
        for run in _runs_until(until_s):
            settled_s = run.begin_s + 4 * 60 / BPM
            lags += [
                (at_s - run.begin_s) % run.tick_s
                for at_s, _ in self.onsets
                if max(from_s, settled_s) <= at_s < min(until_s, run.end_s)
            ]
        return round(1e3 * statistics.median(lags), 3) if lags else 0.0


def soak(seconds: float, folder: Path) -> dict[str, object]:
    """Play for so long, and give the figures; a JACK server must run. Blocks."""
    seen, report = Soak(), folder / "figures.json"
    options = ("--set", eager_set(folder), "--journal", str(folder), "--figures", str(report))
    with jam(*options) as process:
        peer = Peer()
        try:
            watched = [process.pid, engine_of(process)]
            _play(peer, seen, watched, seconds)
            process.terminate()
            peer.hears(lambda: process.poll() is not None, 10.0)
            peer.listen()
            seen.faults += peer.faults
            seen.sounding = set(peer.sounding)
        finally:
            peer.ports.close()
        summary = json.loads(report.read_text())
    seen.late_ms = {key: round(value, 3) for key, value in summary.items()}
    return seen.figures(seconds)


def _play(peer: Peer, seen: Soak, watched: list[int], seconds: float) -> None:
    begin_s = time.perf_counter()
    words = evening(BEGIN_S, SEED, BPM)
    due_s, word = next(words)
    sample_s = 0.0
    while (now_s := time.perf_counter() - begin_s) < seconds:
        while due_s <= now_s:
            peer.ports.send(write(word))
            due_s, word = next(words)
        heard = len(peer.ons)
        peer.listen()
        seen.onsets += [(now_s, on.channel) for on in peer.ons[heard:] if on.channel != 0]
        peer.ons.clear()
        if now_s >= sample_s:
            seen.resident_mb.append((now_s, sum(map(resident_mb, watched))))
            sample_s += SAMPLE_S
        time.sleep(max(0.0, min(POLL_S, due_s - now_s)))


def resident_mb(process: int) -> float:
    """The resident memory of a process in MB (10^6 bytes); only where there is a /proc."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024 / 1e6


def _runs_until(seconds: float) -> Iterator[Run]:
    for run in runs(BEGIN_S, SEED, BPM):
        if run.begin_s >= seconds:
            return
        yield run


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    length_s = 60 * parser.parse_args().minutes
    with private_jack(128), tempfile.TemporaryDirectory() as journals:
        sys.stdout.write(json.dumps(soak(length_s, Path(journals)), indent=1) + "\n")
