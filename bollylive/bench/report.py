"""The report of `bollylive bench`: how long to measure, how to sum up many times, the targets, and the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

Figures: TypeAlias = dict[str, Any]

_TABLE_WIDTH: Final = 30

# The targets for time and for the idle program are relative to the bare reference that was measured in the same minute.
_OWN_P50_MS, _OWN_P99_MS, _REPLY_P99_MS, _PLANNED_P99_MS = 1.0, 3.0, 3.0, 1.0
_IDLE_PERCENT, _SIXTEEN_CHANNELS_PERCENT = 0.5, 12.0  # of one core
_MEMORY_MB = 150.0
_PLANNED_NOTES, _MODEL_CALLS = 1.3, 0.45  # for each note that is played


@dataclass(frozen=True, slots=True)
class BenchSize:
    """How much `bench` measures; the defaults are enough to trust two decimals."""

    model_calls: int = 2000
    trials: int = 200
    settle_s: float = 3.0  # before the idle program is measured: after two seconds at rest it polls less often
    idle_s: float = 15.0
    playing_s: float = 45.0
    cost_s: float = 12.0  # for each band of `--costs`
    bands_s: float = 300.0


FULL = BenchSize()
QUICK = BenchSize(model_calls=20, trials=4, settle_s=0.2, idle_s=0.5, playing_s=2.0, cost_s=0.6, bands_s=3.0)


def spread(values: list[float]) -> dict[str, float]:
    """The median, 99th percentile, maximum and number of some values (at least one), in their own unit."""
    p50, p99 = np.percentile(values, (50, 99))
    return {"p50": round(float(p50), 4), "p99": round(float(p99), 4), "max": round(max(values), 4), "n": len(values)}


def judge(figures: Figures) -> list[Figures]:
    """Compare the figures of `bench_live` with the targets for a stage.

    Each result has the `name`, the `value`, the limit `at_most`, and whether it was `met`; with another version's
    figures `beside`, its value too. Figures that this system cannot measure are left out.
    """
    values, other = _judged(figures), _judged(figures.get("beside", {}))
    return [
        _target(name, value, limit, other[name][0] if name in other else None)
        for name, (value, limit) in values.items()
    ]


def _judged(figures: Figures) -> dict[str, tuple[float, float]]:
    """The value and the limit of each target."""
    found: dict[str, tuple[float | None, float]] = {}
    for condition in ("alone", "disturbed"):
        played = figures.get(condition, {})
        for name, key, bare, percentile, limit in (
            ("own note behind the echo, p50 ms", "own_note_ms", "echo_ms", "p50", _OWN_P50_MS),
            ("own note behind the echo, p99 ms", "own_note_ms", "echo_ms", "p99", _OWN_P99_MS),
            ("reply behind the echo, p99 ms", "reply_ms", "echo_ms", "p99", _REPLY_P99_MS),
            ("planned notes behind a bare sleeper, p99 ms", "lateness_ms", "sleep_ms", "p99", _PLANNED_P99_MS),
        ):
            found[f"{name}, {condition}"] = _behind(played, key, bare, percentile), limit
        share = played.get("sixteen_channels_cpu_percent")
        found[f"sixteen channels at 160 bpm, % of a core, {condition}"] = share, _SIXTEEN_CHANNELS_PERCENT
    idle, bare_idle = figures.get("idle_cpu_percent"), figures.get("bare_idle_cpu_percent")
    above = None if idle is None or bare_idle is None else idle - bare_idle
    work = figures.get("each_note", {})
    found["idle CPU above the bare poller, % of a core"] = above, _IDLE_PERCENT
    found["memory of all processes, MB"] = figures.get("memory_mb"), _MEMORY_MB
    found["notes planned for each note played"] = work.get("planned"), _PLANNED_NOTES
    found["model calls for each note played"] = work.get("model_calls"), _MODEL_CALLS
    return {name: (value, limit) for name, (value, limit) in found.items() if value is not None}


def describe_figures(figures: Figures) -> str:
    """The figures as a table: a line for each spread, then for each single figure and each target."""
    lines = [f"{'':{_TABLE_WIDTH}}{'p50':>9}{'p99':>9}{'max':>9}{'n':>7}"]
    lines += [
        f"{name:{_TABLE_WIDTH}}{row['p50']:9.3f}{row['p99']:9.3f}{row['max']:9.3f}{row['n']:7}"
        for name, row in _flat(figures)
        if isinstance(row, dict)
    ]
    lines += [f"{name:{_TABLE_WIDTH}}{figure!s:>9}" for name, figure in _flat(figures) if not isinstance(figure, dict)]
    for target in figures.get("targets", []):
        verdict = "ok" if target["met"] else "MISSED"
        beside = f" (beside it {target['beside']:g})" if "beside" in target else ""
        lines.append(f"{target['name']}: {target['value']:g}{beside}, at most {target['at_most']:g}: {verdict}")
    return "\n".join([*lines, figures["machine"]])


def _behind(found: Figures, name: str, bare: str, percentile: str) -> float | None:
    if name not in found or bare not in found:
        return None
    return float(found[name][percentile] - found[bare][percentile])


def _target(name: str, value: float, limit: float, beside: float | None) -> Figures:
    target: Figures = {"name": name, "value": round(value, 3), "at_most": limit, "met": value <= limit}
    return target if beside is None else {**target, "beside": round(beside, 3)}


def _flat(figures: Figures, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield (full name, spread or single figure), without the targets and the machine."""
    for name, figure in figures.items():
        if isinstance(figure, dict) and "p50" not in figure:
            yield from _flat(figure, f"{prefix}{name} ")
        elif name not in ("targets", "machine"):
            yield f"{prefix}{name}", figure
