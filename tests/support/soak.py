"""A program for tests: an evening on real ports, and what grows, drifts or hangs in it.

`python tests/support/soak.py --minutes 10` starts a JACK server of its own, plays into the default set as a musician
with a DAW, and prints the figures as JSON: by how much the memory of port process and engine grows after a warm-up, how
far the onsets lie behind the DAW's ticks in the first half and in the second, how late notes left, and what was wrong.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from evening import evening, runs
from jack_server import private_jack
from stage import Peer, eager_set, engine_of, jam

from bollylive.midi.parser import to_bytes

BPM = 96.0
SEED = 3
POLL_S = 0.0005
BEGIN_S = 1.0  # after so long the musician begins
SAMPLE_S = 1.0
MUSICIAN = 0  # their channel; what the model plays there as well is not looked at
LIMIT_MB = 2.0


@dataclass
class Soak:
    """What was seen; times in seconds since the beginning, those of `time.perf_counter`."""

    seconds: float
    onsets_s: list[float] = field(default_factory=list)  # of the model
    resident_mb: list[tuple[float, float, float]] = field(default_factory=list)  # a second; port process, engine
    faults: list[str] = field(default_factory=list)
    stuck: set[tuple[int, int]] = field(default_factory=set)
    summary: dict[str, float] = field(default_factory=dict)  # what the program said at its end

    @property
    def growth_mb(self) -> list[float]:
        """By how much port process and engine grew after the warm-up, from the third sixth of the time to the last."""
        begin, end = (
            [row[1:] for row in self.resident_mb if part <= 6 * row[0] / self.seconds < part + 1] for part in (2, 5)
        )
        return [
            round(statistics.median(late) - statistics.median(early), 2)
            for early, late in zip(zip(*begin, strict=True), zip(*end, strict=True), strict=True)
        ]

    @property
    def lag_ms(self) -> list[float]:
        """By how much the onsets lie behind the DAW's ticks, in the middle: in the first half, and in the second."""
        lags: list[list[float]] = [[], []]
        for run in takewhile(lambda run: run.begin_s < self.seconds, runs(BEGIN_S, SEED, BPM)):
            settled_s = run.begin_s + 4 * 60 / BPM
            for at_s in self.onsets_s:
                if settled_s <= at_s < run.end_s:
                    lags[2 * at_s > self.seconds].append((at_s - run.begin_s) % run.tick_s)
        return [round(1e3 * statistics.median(half), 3) for half in lags]

    def figures(self) -> dict[str, object]:
        """All of it in short."""
        return {
            "seconds": self.seconds,
            "notes": len(self.onsets_s),
            "resident_mb": self.resident_mb[-1][1:],
            "growth_mb": self.growth_mb,
            "lag_ms_p50": self.lag_ms,
            **{key: round(value, 3) for key, value in self.summary.items()},
            "stuck": len(self.stuck),
            "faults": self.faults[:10],
        }


def soak(seconds: float, folder: Path) -> Soak:
    """Play for so long, and tell what was seen; a JACK server must run. Blocks."""
    seen, report = Soak(seconds), folder / "figures.json"
    options = ("--set", eager_set(folder), "--journal", str(folder), "--figures", str(report))
    with jam(*options) as process:
        peer = Peer()
        try:
            watched = [process.pid, engine_of(process)]
            _play(peer, seen, watched)
            process.terminate()
            peer.hears(lambda: process.poll() is not None, 10.0)
            peer.listen()
            seen.faults, seen.stuck = peer.faults, peer.sounding
        finally:
            peer.ports.close()
        seen.summary = json.loads(report.read_text())
    return seen


def _play(peer: Peer, seen: Soak, watched: list[int]) -> None:
    begin_s = time.perf_counter()
    words = evening(BEGIN_S, SEED, BPM)
    due_s, word = next(words)
    sample_s = 0.0
    while (now_s := time.perf_counter() - begin_s) < seen.seconds:
        while due_s <= now_s:
            peer.ports.send(to_bytes(word))
            due_s, word = next(words)
        heard = len(peer.ons)
        peer.listen()
        seen.onsets_s += [now_s for on in peer.ons[heard:] if on.channel != MUSICIAN]
        peer.ons.clear()
        if now_s >= sample_s:
            seen.resident_mb.append((now_s, resident_mb(watched[0]), resident_mb(watched[1])))
            sample_s += SAMPLE_S
        time.sleep(max(0.0, min(POLL_S, due_s - now_s)))


def resident_mb(process: int) -> float:
    """The resident memory of a process in MB (10^6 bytes); only where there is a /proc."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024 / 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    length_s = 60 * parser.parse_args().minutes
    with private_jack(128), tempfile.TemporaryDirectory() as journals:
        sys.stdout.write(json.dumps(soak(length_s, Path(journals)).figures(), indent=1) + "\n")
