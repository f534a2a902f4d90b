"""The report of `bollylive bench`: how long to measure, how to sum up many times, the targets, and the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

Figures: TypeAlias = dict[str, Any]

_TABLE_WIDTH: Final = 30

# The targets for own and planned notes are relative to the bare reference that was measured in the same minute.
_OWN_P50_MS, _OWN_P99_MS, _PLANNED_P99_MS = 1.0, 3.0, 1.0
_IDLE_PERCENT, _SIXTEEN_CHANNELS_PERCENT = 3.0, 50.0  # of one core


@dataclass(frozen=True, slots=True)
class BenchSize:
    """How much `bench` measures; the defaults are enough to trust two decimals."""

    model_calls: int = 2000
    trials: int = 200
    settle_s: float = 3.0  # before the idle program is measured: after two seconds at rest it polls less often
    idle_s: float = 15.0
    playing_s: float = 45.0


FULL = BenchSize()
QUICK = BenchSize(model_calls=20, trials=4, settle_s=0.2, idle_s=0.5, playing_s=2.0)


def spread(values: list[float]) -> dict[str, float]:
    """The median, 99th percentile, maximum and number of some values (at least one), in their own unit."""
    p50, p99 = np.percentile(values, (50, 99))
    return {"p50": round(float(p50), 4), "p99": round(float(p99), 4), "max": round(max(values), 4), "n": len(values)}


def judge(figures: Figures) -> list[Figures]:
    """Compare the figures of `bench_live` with the targets for a stage.

    Each result has the `name`, the `value`, the limit `at_most`, and whether it was `met`. The target of the idle
    program is absolute, so its result also gives that of the `bare_poller`. Figures that this system cannot measure are
    left out.
    """
    results = []
    for condition in ("alone", "disturbed"):
        found = figures[condition]
        behind = {
            "own note behind the echo, p50 ms": (_behind(found, "own_note_ms", "echo_ms", "p50"), _OWN_P50_MS),
            "own note behind the echo, p99 ms": (_behind(found, "own_note_ms", "echo_ms", "p99"), _OWN_P99_MS),
            "planned notes behind a bare sleeper, p99 ms": (
                _behind(found, "lateness_ms", "sleep_ms", "p99"),
                _PLANNED_P99_MS,
            ),
            "sixteen channels at 160 bpm, % of a core": (
                found["sixteen_channels_cpu_percent"],
                _SIXTEEN_CHANNELS_PERCENT,
            ),
        }
        results += [
            _target(f"{name}, {condition}", value, limit)
            for name, (value, limit) in behind.items()
            if value is not None
        ]
    if figures["idle_cpu_percent"] is not None:
        idle = _target("idle CPU, % of a core", figures["idle_cpu_percent"], _IDLE_PERCENT)
        results.append({**idle, "bare_poller": figures["bare_idle_cpu_percent"]})
    return results


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
        bare = f" (bare poller {target['bare_poller']:g})" if "bare_poller" in target else ""
        lines.append(f"{target['name']}: {target['value']:g}{bare}, at most {target['at_most']:g}: {verdict}")
    return "\n".join([*lines, figures["machine"]])


def _behind(found: Figures, name: str, bare: str, percentile: str) -> float | None:
    if name not in found or bare not in found:
        return None
    return float(found[name][percentile] - found[bare][percentile])


def _target(name: str, value: float, limit: float) -> Figures:
    return {"name": name, "value": round(value, 3), "at_most": limit, "met": value <= limit}


def _flat(figures: Figures, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield (full name, spread or single figure), without the targets and the machine."""
    for name, figure in figures.items():
        if isinstance(figure, dict) and "p50" not in figure:
            yield from _flat(figure, f"{prefix}{name} ")
        elif name not in ("targets", "machine"):
            yield f"{prefix}{name}", figure
