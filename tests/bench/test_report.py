"""The report of `bench`: spreads, targets, and the table."""

from __future__ import annotations

from typing import Any

import pytest

from bollylive.bench.report import describe_figures, judge, spread

ROW = {"p50": 1.0, "p99": 2.0, "max": 3.25, "n": 7}
CONDITIONS = ("alone", "disturbed")


def found(**changes: Any) -> dict[str, Any]:
    """The figures of one condition that meet every target."""
    names = ("echo_ms", "own_note_ms", "reply_ms", "lateness_ms", "sleep_ms")
    return {**{name: dict(ROW) for name in names}, "sixteen_channels_cpu_percent": 11.0, **changes}


def missed(alone: dict[str, Any], idle: float | None = 2.0) -> list[str]:
    return [target["name"] for target in judged(alone, found(), idle) if not target["met"]]


def judged(alone: dict[str, Any], disturbed: dict[str, Any], idle: float | None, **more: Any) -> list[dict[str, Any]]:
    rest = {"idle_cpu_percent": idle, "bare_idle_cpu_percent": None if idle is None else 1.6, **more}
    return judge({"alone": alone, "disturbed": disturbed, **rest})


def test_a_spread_is_the_median_the_99th_percentile_and_the_maximum() -> None:
    assert spread([float(value) for value in range(101)]) == {"p50": 50.0, "p99": 99.0, "max": 100.0, "n": 101}


def test_a_spread_of_one_value_is_that_value() -> None:
    assert spread([1.23456]) == {"p50": 1.2346, "p99": 1.2346, "max": 1.2346, "n": 1}


def test_figures_within_the_limits_meet_all_targets() -> None:
    assert missed(found()) == []
    assert len(judged(found(), found(), 2.0)) == 11


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"own_note_ms": {**ROW, "p50": 2.01}}, "own note behind the echo, p50 ms, alone"),
        ({"own_note_ms": {**ROW, "p99": 5.01}}, "own note behind the echo, p99 ms, alone"),
        ({"lateness_ms": {**ROW, "p99": 3.01}}, "planned notes behind a bare sleeper, p99 ms, alone"),
        ({"reply_ms": {**ROW, "p99": 5.01}}, "reply behind the echo, p99 ms, alone"),
        ({"sixteen_channels_cpu_percent": 12.1}, "sixteen channels at 160 bpm, % of a core, alone"),
    ],
)
def test_each_target_can_be_missed(change: dict[str, Any], name: str) -> None:
    assert missed(found(**change)) == [name]


def test_the_idle_program_must_cost_little_more_than_a_bare_one() -> None:
    assert missed(found(), idle=2.2) == ["idle CPU above the bare poller, % of a core"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"memory_mb": 150.1}, "memory of all processes, MB"),
        ({"each_note": {"planned": 1.31, "model_calls": 0.4}}, "notes planned for each note played"),
        ({"each_note": {"planned": 1.0, "model_calls": 0.46}}, "model calls for each note played"),
    ],
)
def test_memory_and_work_have_their_limits(change: dict[str, Any], name: str) -> None:
    assert [target["name"] for target in judged(found(), found(), 2.0, **change) if not target["met"]] == [name]


def test_another_version_stands_beside_each_target() -> None:
    other = {"alone": found(sixteen_channels_cpu_percent=58.0), "disturbed": found(), "memory_mb": 169.0}
    figures = {"machine": "a machine", "targets": judged(found(), found(), 2.0, memory_mb=90.0, beside=other)}
    lines = describe_figures(figures).splitlines()
    assert "sixteen channels at 160 bpm, % of a core, alone: 11 (beside it 58), at most 12: ok" in lines
    assert "memory of all processes, MB: 90 (beside it 169), at most 150: ok" in lines
    assert "idle CPU above the bare poller, % of a core: 0.4, at most 0.5: ok" in lines


def test_what_a_system_cannot_measure_is_no_target_there() -> None:
    silent = found(sixteen_channels_cpu_percent=None)
    del silent["reply_ms"], silent["own_note_ms"]
    names = [target["name"] for target in judged(silent, silent, None)]
    assert names == [f"planned notes behind a bare sleeper, p99 ms, {condition}" for condition in CONDITIONS]


def test_the_table_has_a_line_for_each_figure() -> None:
    figures: dict[str, Any] = {
        "machine": "a machine",
        "model_call_ms": {"1": ROW, "16": ROW},
        "idle_cpu_percent": None,  # a system that does not tell
        "alone": {"reply_ms": ROW, "dropped_late": 0},
        "targets": [{"name": "idle", "value": 3.5, "at_most": 3.0, "met": False}],
    }
    lines = [line.split() for line in describe_figures(figures).splitlines()]
    numbers = ["1.000", "2.000", "3.250", "7"]
    assert lines == [
        ["p50", "p99", "max", "n"],
        ["model_call_ms", "1", *numbers],
        ["model_call_ms", "16", *numbers],
        ["alone", "reply_ms", *numbers],
        ["idle_cpu_percent", "None"],
        ["alone", "dropped_late", "0"],
        ["idle:", "3.5,", "at", "most", "3:", "MISSED"],
        ["a", "machine"],
    ]
