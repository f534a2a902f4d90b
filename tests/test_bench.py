"""The figures of `bench`: how they are made, and that all are there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bollylive import bench
from bollylive.cli import main

ON, OTHER = [0x90, 64, 90], [0x91, 40, 80]


def test_a_spread_is_the_median_the_slowest_hundredth_and_the_worst() -> None:
    assert bench.spread([float(value) for value in range(101)]) == {"p50": 50.0, "p99": 99.0, "max": 100.0, "n": 101}


def test_a_spread_of_one_time_is_that_time() -> None:
    assert bench.spread([1.23456]) == {"p50": 1.2346, "p99": 1.2346, "max": 1.2346, "n": 1}


def test_only_the_first_answer_that_is_wanted_counts() -> None:
    answers = [(0.5, ON), (1.0, OTHER), (2.0, OTHER)]
    assert bench.first(answers, lambda data: data == OTHER) == [1.0]
    assert bench.first(answers, lambda data: data[0] == 0x80) == []
    assert bench.first([], lambda data: data == ON) == []


def test_a_sleeper_wakes_at_every_deadline_and_not_before_it() -> None:
    times = bench.sleep_ms(0.05)
    assert len(times) == 5
    assert all(ms >= 0 for ms in times)


def test_the_table_has_a_line_for_each_figure_that_was_measured() -> None:
    row = {"p50": 1.0, "p99": 2.0, "max": 3.25, "n": 7}
    figures: dict[str, Any] = {
        "machine": "a machine",
        "model_call_ms": {"1": row, "16": row},
        "reply_ms": row,
        "idle_cpu_percent": None,  # where the system does not tell
        "ready_s": 0.5,
    }
    lines = [line.split() for line in bench.describe_figures(figures).splitlines()]
    numbers = ["1.000", "2.000", "3.250", "7"]
    assert lines == [
        ["p50", "p99", "max", "n"],
        ["model_call_ms", "1", *numbers],
        ["model_call_ms", "16", *numbers],
        ["reply_ms", *numbers],
        ["idle_cpu_percent", "None"],
        ["ready_s", "0.5"],
        ["a", "machine"],
    ]


@pytest.mark.ports
@pytest.mark.slow
def test_all_figures_are_measured_on_real_ports_and_written(
    jack_server: dict[str, str],
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    short = {"_MODEL_CALLS": 20, "_TRIALS": 4, "_SETTLE_S": 0.2, "_IDLE_S": 0.5, "_PLAYING_S": 4}
    for name, value in short.items():
        monkeypatch.setattr(bench, name, value)
    report = tmp_path / "figures.json"
    assert main(["bench", "--api", "jack", "--model", str(tiny_model), "--json", str(report)]) == 0

    table = capsys.readouterr().out
    figures = json.loads(report.read_text(encoding="utf-8"))
    spreads = {f"model_call_ms {voices}": figures["model_call_ms"][voices] for voices in ("1", "16")}
    spreads |= {
        name: figures[name] for name in ("priming_ms", "own_note_ms", "reply_ms", "echo_ms", "lateness_ms", "sleep_ms")
    }
    for name, spread in spreads.items():
        assert set(spread) == {"p50", "p99", "max", "n"}, name
        assert spread["n"] > 0 or name == "lateness_ms", name  # a busy machine may have planned nothing ahead
        assert 0 <= spread["p50"] <= spread["p99"] <= spread["max"], name
        assert name in table
    assert figures["idle_cpu_percent"] is None or figures["idle_cpu_percent"] >= 0
    assert figures["rss_mb"] is None or figures["rss_mb"] > 10
    assert 0 < figures["ready_s"] < 20
