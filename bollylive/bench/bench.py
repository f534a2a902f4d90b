"""`bollylive bench`: measure on this machine what matters on stage, and compare it with bare reference programs.

The ports are real and the programs are separate, as on stage. This process is the musician, one program is BollyLive,
the others are those of `references`. Without a MIDI system only the model is measured.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from bollylive.bench.dense import dense_jam, play_dense
from bollylive.bench.disturbance import Disturbance, disturbed
from bollylive.bench.model import model_calls, priming
from bollylive.bench.probe import Probe, shares
from bollylive.bench.report import BenchSize, Figures, judge, spread
from bollylive.bench.round_trips import round_trips
from bollylive.bench.version import Version, system_of
from bollylive.bench.work import work_per_note
from bollylive.errors import PortError
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model

Say = Callable[[str], None]


def bench(model: str, api: str | None, size: BenchSize, say: Say) -> Figures:
    """Measure a model, by its name, and the timing. Blocks for about two and a half minutes at full size."""
    figures = machine()
    say("model ...")
    loaded = Model(find_model(model))
    figures["model_call_ms"] = model_calls(loaded, size.model_calls)
    figures["priming_ms"] = priming(loaded, size.model_calls)
    figures["each_note"] = work_per_note(loaded, size.playing_s)
    try:
        version = Version(system_of(api), model)
    except PortError as error:
        say(f"No ports to measure: {error}")
        return figures
    figures.update(_at_rest(version, size, say))
    return {**figures, **_in_play(version, size, say)}


def bench_live(model: str, api: str | None, size: BenchSize, say: Say, beside: Path | None = None) -> Figures:
    """Measure the timing of an undisturbed and of a disturbed band, and compare it with the targets.

    The version that lies in the folder `beside` is measured in the same run. Blocks for about four minutes for each at
    full size. Raises PortError if there is no MIDI system, BollyLiveError if that version does not run.
    """
    version = Version(system_of(api), model)
    figures = {**machine(), "each_note": work_per_note(Model(find_model(model)), size.playing_s)}
    figures.update(_live(version, size, say))
    if beside is not None:
        say(f"the same with the version in {beside.name}")
        figures["beside"] = _live(replace(version, home=beside.resolve()), size, say)
    return {**figures, "targets": judge(figures)}


def machine() -> Figures:
    """Return what the figures were measured on, and what else it was doing."""
    figures: Figures = {"machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"}
    if hasattr(os, "getloadavg"):
        figures["load_before"] = round(os.getloadavg()[0], 2)
    return figures


def _live(version: Version, size: BenchSize, say: Say) -> Figures:
    figures = _at_rest(version, size, say)
    figures["alone"] = _in_play(version, size, say)
    say("the same, disturbed: one core is busy, and another program watches the band")
    figures["disturbed"] = _in_play(version, size, say, is_disturbed=True)
    return figures


def _at_rest(version: Version, size: BenchSize, say: Say) -> Figures:
    """What BollyLive costs at rest: percent of one core, with the bare poller's for comparison, and memory in MB."""
    say("a band at rest ...")
    with (
        tempfile.TemporaryDirectory() as folder,
        version.jam(Path(folder)) as jam,
        Probe("bollylive.bench.references", "poll", version.api) as poller,
    ):
        time.sleep(size.settle_s)
        idle, bare = shares((jam, poller), size.idle_s)
        memory_mb = jam.memory_mb()
    return {
        "idle_cpu_percent": idle,
        "bare_idle_cpu_percent": bare,
        "ready_s": round(jam.ready_s, 3),
        "memory_mb": None if memory_mb is None else round(memory_mb, 1),
    }


def _in_play(version: Version, size: BenchSize, say: Say, is_disturbed: bool = False) -> Figures:
    """Round trips, and then planned notes while the bare sleeper runs in the same seconds."""
    figures: Figures = {}
    api = version.api
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say(f"round trips on {api} ...")
        with Probe("bollylive.bench.references", "echo", api), version.jam(folder), _conditions(is_disturbed):
            figures.update(round_trips(api, size.trials))
        say("planned notes of sixteen channels ...")
        with dense_jam(version, folder) as jam, _conditions(is_disturbed) as conditions:
            sleeper = Probe("bollylive.bench.references", "sleep", str(size.playing_s))
            dense = play_dense(api, jam, folder, size.playing_s)
            figures["sixteen_channels_cpu_percent"] = dense.pop("cpu_percent")
            figures.update(dense)
            figures["sleep_ms"] = spread(json.loads(sleeper.wait()))
    if conditions is not None:
        figures["snapshots_per_s"] = conditions.snapshots_per_s
    return figures


def _conditions(is_disturbed: bool) -> AbstractContextManager[Disturbance | None]:
    return disturbed() if is_disturbed else nullcontext()
