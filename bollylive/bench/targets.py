"""What `bollylive bench --live` must find for a stage, and whether it did."""

from __future__ import annotations

from typing import Any, TypeAlias

Figures: TypeAlias = dict[str, Any]

_OWN_P50_MS, _OWN_P99_MS, _PLANNED_P99_MS = 1.0, 3.0, 1.0  # behind the bare reference of the same minute
_IDLE_PERCENT, _SIXTEEN_PERCENT = 3.0, 50.0  # of one core


def judge(figures: Figures) -> list[Figures]:
    """Hold the figures of `bench_live` against the targets: the name of each, its value and limit, and if it is met.

    The one for which there is a bare reference, but no limit behind that, has that as `bare_poller`. What could not be
    measured on this system is left out.
    """
    judged = []
    for condition in ("alone", "disturbed"):
        found = figures[condition]
        behind = {
            "own note behind the echo, p50 ms": (_behind(found, "own_note_ms", "echo_ms", "p50"), _OWN_P50_MS),
            "own note behind the echo, p99 ms": (_behind(found, "own_note_ms", "echo_ms", "p99"), _OWN_P99_MS),
            "planned notes behind a bare sleeper, p99 ms": (
                _behind(found, "lateness_ms", "sleep_ms", "p99"),
                _PLANNED_P99_MS,
            ),
            "sixteen channels at 160 bpm, % of a core": (found["sixteen_channels_cpu_percent"], _SIXTEEN_PERCENT),
        }
        judged += [_target(f"{name}, {condition}", *pair) for name, pair in behind.items() if pair[0] is not None]
    if figures["idle_cpu_percent"] is not None:
        idle = _target("idle CPU, % of a core", figures["idle_cpu_percent"], _IDLE_PERCENT)
        judged.append({**idle, "bare_poller": figures["bare_idle_cpu_percent"]})
    return judged


def _behind(found: Figures, name: str, bare: str, percentile: str) -> float | None:
    if name not in found or bare not in found:
        return None
    return float(found[name][percentile] - found[bare][percentile])


def _target(name: str, value: float, limit: float) -> Figures:
    return {"name": name, "value": round(value, 3), "at_most": limit, "met": value <= limit}
