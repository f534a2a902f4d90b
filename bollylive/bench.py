"""`bollylive bench`: the figures that a stage depends on, measured on this machine beside bare references.

The ports are real and the programs separate, as on stage: this process is the musician, one program is BollyLive,
one a bare echo on the same kind of ports, one a bare sleeper. What there is no MIDI system for is left out.
"""

from __future__ import annotations

import json
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bollylive import echo
from bollylive.band import Set
from bollylive.errors import PortError
from bollylive.model import Model, blank_question, find_model
from bollylive.part import MOST_ROWS
from bollylive.ports import Ports
from bollylive.probe import Probe

_MODEL_CALLS = 2000
_TRIALS = 150
_ANSWER_LIMIT_S = 0.5
_PAUSE_S = 0.12
_SETTLE_S = 3.0
_IDLE_S = 6.0
_PLAYING_S = 20
_BETWEEN_S = 0.01
_NOTE_ON, _NOTE_OFF, _ALL_NOTES_OFF = bytes((0x90, 64, 90)), bytes((0x80, 64, 0)), bytes((0xB0, 123, 0))

Answers = list[tuple[float, list[int]]]  # ms, and the message

Figures = dict[str, Any]


def bench(band: Set, api: str | None, say: Callable[[str], None]) -> Figures:
    """Measure everything; takes about a minute and a half."""
    figures: Figures = {"machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"}
    say("model ...")
    loaded = Model(find_model(band.model))
    figures["model_call_ms"], figures["priming_ms"] = model_calls(loaded), priming(loaded)
    try:
        system = Ports(api)
        system.close()
    except PortError as error:
        say(f"No ports to measure: {error}")
        return figures
    with tempfile.TemporaryDirectory() as journals:  # written as on stage, but not among the musician's own
        options = ["--model", band.model, "--journal", journals]
        say(f"round trips on {system.api} ...")
        figures.update(round_trips(system.api, options))
        say("planned notes ...")
        figures.update(lateness(system.api, options))
    return figures


def spread(values: list[float]) -> dict[str, float]:
    """The figures of a list of times, in their unit."""
    p50, p99 = np.percentile(values, (50, 99))
    return {"p50": round(float(p50), 4), "p99": round(float(p99), 4), "max": round(max(values), 4), "n": len(values)}


def model_calls(model: Model) -> Figures:
    """One call of the model, in ms, for 1 and for 16 channels."""
    model.warm_up()
    figures = {}
    for voices in (1, 16):
        question, times = blank_question(voices, model.state_shape), []
        for _ in range(_MODEL_CALLS):
            began_s = time.perf_counter()
            model.predict(question)
            times.append(1e3 * (time.perf_counter() - began_s))
        figures[str(voices)] = spread(times)
    return figures


def priming(model: Model) -> dict[str, float]:
    """The model hears a whole buffer of one channel, piece by piece as the engine does, in ms."""
    pieces, times = -(-model.buffer_notes // MOST_ROWS), []
    question = blank_question(1, model.state_shape, MOST_ROWS + 1)
    for _ in range(_MODEL_CALLS // pieces):
        began_s = time.perf_counter()
        for _ in range(pieces):
            model.predict(question)
        times.append(1e3 * (time.perf_counter() - began_s))
    return spread(times)


def round_trips(api: str, given: list[str]) -> Figures:
    """Own notes and replies beside the echo, trial by trial in turn; and what the program costs while nobody plays."""
    bare = Probe("bollylive.echo", api)
    jam = Probe("bollylive", "jam", "--api", api, *given)
    try:
        idle_cpu, resident_mb = idle(jam)
        to_echo = Ports(api, f"{echo.NAME} Out", f"{echo.NAME} In", "Bench")
        to_jam = Ports(api, "BollyLive Out", "BollyLive In", "Bench")
        time.sleep(_ANSWER_LIMIT_S)
        times: dict[str, list[float]] = {"echo_ms": [], "own_note_ms": [], "reply_ms": []}
        for pause_s in np.random.default_rng(1).uniform(_PAUSE_S, 1.2 * _PAUSE_S, _TRIALS):
            echoed = ask(to_echo, _is_own)
            times["echo_ms"] += first(echoed, _is_own)
            time.sleep(pause_s)
            answers = ask(to_jam, _is_reply)
            times["own_note_ms"] += first(answers, _is_own)
            times["reply_ms"] += first(answers, _is_reply)
            to_jam.send(_NOTE_OFF)
            to_jam.send(_ALL_NOTES_OFF)  # the band goes to sleep, so that the next note is answered at once again
            time.sleep(pause_s)
        to_echo.close()
        to_jam.close()
    finally:
        jam.end()
        bare.end()
    figures: Figures = {name: spread(values) for name, values in times.items() if values}
    return {**figures, "idle_cpu_percent": idle_cpu, "ready_s": round(jam.ready_s, 3), "rss_mb": resident_mb}


def idle(jam: Probe) -> tuple[float | None, float | None]:
    """The share of one core that a waiting program uses, in percent, and its memory in MB."""
    time.sleep(_SETTLE_S)
    before = jam.cpu_s()
    time.sleep(_IDLE_S)
    after, resident = jam.cpu_s(), jam.resident_mb()
    if before is None or after is None or resident is None:
        return None, None
    return round(100 * (after - before) / _IDLE_S, 2), round(resident, 1)


def ask(ports: Ports, done: Callable[[list[int]], bool]) -> Answers:
    """Send a note and collect what comes, until it is what is waited for or the limit."""
    ports.poll()
    answers: Answers = []
    began_s = time.perf_counter()
    ports.send(_NOTE_ON)
    while (now_s := time.perf_counter()) - began_s < _ANSWER_LIMIT_S:
        answers += [(1e3 * (now_s - began_s), data) for data in ports.poll()]
        if answers and done(answers[-1][1]):
            break
        time.sleep(0.0001)
    return answers


def first(answers: Answers, wanted: Callable[[list[int]], bool]) -> list[float]:
    """When the first wanted answer came, in ms; empty if it did not."""
    return [ms for ms, data in answers if wanted(data)][:1]


def _is_own(data: list[int]) -> bool:
    return tuple(data[:2]) == tuple(_NOTE_ON[:2])


def _is_reply(data: list[int]) -> bool:
    return data[0] & 0xF0 == 0x90 and data[0] != _NOTE_ON[0] and data[2] > 0


def lateness(api: str, given: list[str]) -> Figures:
    """How late planned notes leave while the demo plays, beside a bare sleeper in the same seconds."""
    with tempfile.TemporaryDirectory() as folder:
        report, take = Path(folder) / "figures.json", Path(folder) / "take.mid"
        options = [
            "--demo",
            "--seed",
            "1",
            "--seconds",
            str(_PLAYING_S),
            "--figures",
            str(report),
            "--record",
            str(take),
        ]
        jam = Probe("bollylive", "jam", "--api", api, *given, *options)
        times = sleep_ms(_PLAYING_S)
        jam.wait()
        summary = json.loads(report.read_text())
    late = {key: round(summary[f"late_ms_{key}"], 4) for key in ("p50", "p99", "max")}
    return {"lateness_ms": {**late, "n": summary["planned_notes"]}, "sleep_ms": spread(times)}


def sleep_ms(seconds: float) -> list[float]:
    """How late a thread wakes that only sleeps from deadline to deadline, in ms."""
    times, due_s = [], time.perf_counter()
    for _ in range(int(seconds / _BETWEEN_S)):
        due_s += _BETWEEN_S
        time.sleep(max(0.0, due_s - time.perf_counter()))
        times.append(1e3 * (time.perf_counter() - due_s))
    return times


def describe_figures(figures: Figures) -> str:
    """The figures as a table for people."""
    rows = {f"model_call_ms {voices}": row for voices, row in figures["model_call_ms"].items()}
    rows.update({name: row for name, row in figures.items() if isinstance(row, dict) and "p50" in row})
    lines = [f"{'':20}{'p50':>9}{'p99':>9}{'max':>9}{'n':>7}"]
    lines += [f"{k:20}{r['p50']:9.3f}{r['p99']:9.3f}{r['max']:9.3f}{r['n']:7}" for k, r in rows.items()]
    lines += [f"{k:20}{figures[k]!s:>9}" for k in ("idle_cpu_percent", "ready_s", "rss_mb") if k in figures]
    return "\n".join([*lines, figures["machine"]])
