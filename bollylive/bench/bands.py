"""Several bands at once on one core: how many of their notes are late, beside a bare sleeper on the same core."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bollylive.bench.bench import Say, machine
from bollylive.bench.dense import play_demo
from bollylive.bench.probe import CoreShares, Probe
from bollylive.bench.report import Figures, spread
from bollylive.bench.version import Version, system_of
from bollylive.io.note_scheduler import LATE_BOUND_S
from bollylive.io.port_set import PortSet

_TEMPO_BPM = 120
_APART_S = 0.13  # the musicians do not play together


def bench_bands(model: str, api: str | None, bands: int, seconds: float, say: Say) -> Figures:
    """Let 1 to 16 bands of the default set play at once for some time, all on the last core.

    A note counts as late if it would leave LATE_BOUND_S after its time; it is dropped then. A sleeper with a deadline
    every 10 ms misses one by as much. Where programs cannot be tied to a core, they run on any. Blocks for that time
    and some seconds more. Raises PortError if there is no MIDI system.
    """
    version = Version(system_of(api), model)
    say(f"{bands} bands for {seconds:g} s ...")
    with tempfile.TemporaryDirectory() as name, ExitStack() as ending:
        folders = [Path(name) / str(number) for number in range(bands)]
        jams: list[Probe] = []
        for number, folder in enumerate(folders):
            folder.mkdir()
            options = ("--figures", str(folder / "figures.json"), "--seed", str(number), "--tempo", str(_TEMPO_BPM))
            with _on_last_core():
                jams.append(ending.enter_context(version.jam(folder, *options)))
        ports = [ending.enter_context(_musician(version.api, number)) for number in range(bands)]
        with _on_last_core():
            sleeper = Probe("bollylive.bench.references", "sleep", str(seconds))
        shares = CoreShares(jams)
        play_demo(ports, seconds, _TEMPO_BPM, _APART_S)
        percent = shares.percent()
        delays_ms = json.loads(sleeper.wait())
        for jam in jams:
            jam.end()
        reports = [json.loads((folder / "figures.json").read_text(encoding="utf-8")) for folder in folders]
    late, missed = sum(report["dropped_late"] for report in reports), sum(ms > 1e3 * LATE_BOUND_S for ms in delays_ms)
    target = {"name": f"notes late by {1e3 * LATE_BOUND_S:g} ms, at most as many as a bare sleeper misses"}
    return {
        **machine(),
        "bands": bands,
        "seconds": seconds,
        "planned_notes": sum(report["planned_notes"] for report in reports),
        "late_ms_p99_of_the_worst_band": round(max(report["late_ms_p99"] for report in reports), 3),
        "cpu_percent_of_all": None if None in percent else round(sum(share for share in percent if share), 1),
        "sleep_ms": spread(delays_ms),
        "targets": [{**target, "value": late, "at_most": missed, "met": late <= missed}],
    }


@contextmanager
def _on_last_core() -> Iterator[None]:
    """Start programs on the last core alone."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def _musician(api: str, number: int) -> Iterator[PortSet]:
    """Join the band of a number, in the order in which they were started."""
    suffix = f"-{number:02}" if number else ""
    ports = PortSet(api, f"BollyLive Out{suffix}:out", f"BollyLive In{suffix}:in", f"Bench {number}")
    try:
        yield ports
    finally:
        ports.close()
