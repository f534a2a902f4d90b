"""Several bands at once on one core: how many of their notes are late, beside a bare sleeper on the same core."""

from __future__ import annotations

import heapq
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bollylive.bench.bench import Say, Version, machine, system_of
from bollylive.bench.dense import demo_forever
from bollylive.bench.probe import Probe
from bollylive.bench.report import Figures, spread
from bollylive.io.note_scheduler import LATE_BOUND_S
from bollylive.io.port_set import PortSet
from bollylive.midi.messages import Event
from bollylive.midi.parser import to_bytes

MOST_BANDS: Final = 16
_TEMPO_BPM = 120
_APART_S = 0.13  # the musicians do not play together


def bench_bands(model: str, api: str | None, bands: int, seconds: float, say: Say) -> Figures:
    """Let 1 to MOST_BANDS bands of the default set play at once for some time, all on the last core.

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
        before = [(jam.cpu_s(), time.perf_counter()) for jam in jams]
        _play(ports, seconds)
        percent = [_share(jam, *began) for jam, began in zip(jams, before, strict=True)]
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


def _play(bands: list[PortSet], seconds: float) -> None:
    """Play the demo to every band, over and over."""
    began_s = time.perf_counter()

    def part(number: int) -> Iterator[tuple[float, int, Event]]:
        return ((at_s, number, event) for at_s, event in demo_forever(began_s + number * _APART_S, _TEMPO_BPM))

    for at_s, number, event in heapq.merge(*(part(number) for number in range(len(bands))), key=lambda each: each[0]):
        if at_s > began_s + seconds:
            break
        time.sleep(max(0.0, at_s - time.perf_counter()))
        bands[number].send(to_bytes(event))
        bands[number].receive()


def _share(jam: Probe, began_s: float | None, began_at_s: float) -> float | None:
    ended_s, seconds = jam.cpu_s(), time.perf_counter() - began_at_s
    return None if began_s is None or ended_s is None else 100 * (ended_s - began_s) / seconds
