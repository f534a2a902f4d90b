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
from pathlib import Path

from bollylive.bench.dense import dense_set, play_dense
from bollylive.bench.disturbance import Disturbance, disturbed
from bollylive.bench.model import model_calls, priming
from bollylive.bench.probe import Probe, shares
from bollylive.bench.report import BenchSize, Figures, judge, spread
from bollylive.bench.round_trips import round_trips
from bollylive.errors import PortError
from bollylive.io.port_set import PortSet
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model

Say = Callable[[str], None]


def bench(model: str, api: str | None, size: BenchSize, say: Say) -> Figures:
    """Measure a model, by its name, and the timing. Blocks for about two and a half minutes at full size."""
    figures = _machine()
    say("model ...")
    loaded = Model(find_model(model))
    figures["model_call_ms"] = model_calls(loaded, size.model_calls)
    figures["priming_ms"] = priming(loaded, size.model_calls)
    try:
        system = _system(api)
    except PortError as error:
        say(f"No ports to measure: {error}")
        return figures
    figures.update(_at_rest(system, model, size, say))
    return {**figures, **_in_play(system, model, size, say)}


def bench_live(model: str, api: str | None, size: BenchSize, say: Say) -> Figures:
    """Measure the timing of an undisturbed and of a disturbed band, and compare it with the targets.

    Blocks for about four minutes at full size. Raises PortError if there is no MIDI system.
    """
    system = _system(api)
    figures = {**_machine(), **_at_rest(system, model, size, say)}
    figures["alone"] = _in_play(system, model, size, say)
    say("the same, disturbed: one core is busy, and another program watches the band")
    figures["disturbed"] = _in_play(system, model, size, say, is_disturbed=True)
    return {**figures, "targets": judge(figures)}


def _machine() -> Figures:
    figures: Figures = {"machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"}
    if hasattr(os, "getloadavg"):  # shows what else the machine was doing
        figures["load_before"] = round(os.getloadavg()[0], 2)
    return figures


def _system(api: str | None) -> str:
    ports = PortSet(api)
    ports.close()
    return ports.api


def _jam(api: str, model: str, folder: Path, *options: str) -> Probe:
    """A jam that writes a journal, as on stage, but not into the musician's own folder."""
    given = ("--model", model, "--journal", str(folder / "journals"))
    return Probe("bollylive", "jam", "--api", api, *given, *options)


def _at_rest(api: str, model: str, size: BenchSize, say: Say) -> Figures:
    """What BollyLive costs at rest: percent of one core, with the bare poller's for comparison, and memory in MB."""
    say("a band at rest ...")
    with (
        tempfile.TemporaryDirectory() as folder,
        _jam(api, model, Path(folder)) as jam,
        Probe("bollylive.bench.references", "poll", api) as poller,
    ):
        time.sleep(size.settle_s)
        idle, bare = shares((jam, poller), size.idle_s)
        resident_mb = jam.resident_mb()
    resident = None if resident_mb is None else round(resident_mb, 1)
    return {
        "idle_cpu_percent": idle,
        "bare_idle_cpu_percent": bare,
        "ready_s": round(jam.ready_s, 3),
        "rss_mb": resident,
    }


def _in_play(api: str, model: str, size: BenchSize, say: Say, is_disturbed: bool = False) -> Figures:
    """Round trips, and then planned notes while the bare sleeper runs in the same seconds."""
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say(f"round trips on {api} ...")
        with Probe("bollylive.bench.references", "echo", api), _jam(api, model, folder), _conditions(is_disturbed):
            figures.update(round_trips(api, size.trials))
        say("planned notes of sixteen channels ...")
        (folder / "dense.toml").write_text(dense_set(), encoding="utf-8")
        options = ("--set", str(folder / "dense.toml"), "--seed", "1", "--figures", str(folder / "figures.json"))
        with _jam(api, model, folder, *options) as jam, _conditions(is_disturbed) as conditions:
            sleeper = Probe("bollylive.bench.references", "sleep", str(size.playing_s))
            figures.update(play_dense(api, jam, folder / "figures.json", size.playing_s))
            figures["sleep_ms"] = spread(json.loads(sleeper.wait()))
    if conditions is not None:
        figures["snapshots_per_s"] = conditions.snapshots_per_s
    return figures


def _conditions(is_disturbed: bool) -> AbstractContextManager[Disturbance | None]:
    return disturbed() if is_disturbed else nullcontext()
