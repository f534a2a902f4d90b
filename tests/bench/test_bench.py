"""`bollylive bench` from end to end: all figures are measured, written, and compared with the targets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bollylive
from bollylive.bench import costs
from bollylive.cli import main

CONDITIONS = ("alone", "disturbed")


def assert_spreads(figures: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        assert set(figures[name]) == {"p50", "p99", "max", "n"}, name
        assert figures[name]["n"] > 0, name
        assert 0 <= figures[name]["p50"] <= figures[name]["p99"] <= figures[name]["max"], name


def assert_at_rest(figures: dict[str, Any]) -> None:
    for share in (figures["idle_cpu_percent"], figures["bare_idle_cpu_percent"]):
        assert share is None or share >= 0
    assert figures["memory_mb"] is None or figures["memory_mb"] > 10
    assert 0 < figures["ready_s"] < 20


IN_PLAY = ("echo_ms", "own_note_ms", "reply_ms", "lateness_ms", "sleep_ms")


Bench = Callable[..., tuple[dict[str, Any], str]]


@pytest.fixture
def bench(jack_server: dict[str, str], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    """The command with some options, quickly: its figures, and what it printed."""

    def run(*options: str) -> tuple[dict[str, Any], str]:
        report = tmp_path / "figures.json"
        common = ["--quick", "--api", "jack", "--model", str(tiny_model), "--json", str(report)]
        assert main(["bench", *options, *common]) == 0
        return json.loads(report.read_text(encoding="utf-8")), capsys.readouterr().out

    return run


@pytest.mark.ports
@pytest.mark.slow
def test_all_figures_are_measured_on_real_ports_and_written(bench: Bench) -> None:
    figures, table = bench()
    assert_spreads(figures, (*IN_PLAY, "priming_ms"))
    assert_spreads(figures["model_call_ms"], ("1", "16"))
    assert_at_rest(figures)
    assert all(name in table for name in figures if name != "machine")


@pytest.mark.ports
@pytest.mark.slow
def test_another_version_is_measured_beside_this_one(bench: Bench) -> None:
    figures, table = bench("--beside", str(Path(bollylive.__file__).parents[1]))
    for found in (figures, figures["beside"]):
        assert_at_rest(found)
        for condition in CONDITIONS:
            assert_spreads(found[condition], IN_PLAY)
    assert any("(beside it " in line for line in table.splitlines())


@pytest.mark.ports
@pytest.mark.slow
def test_bands_that_play_at_once_are_measured_beside_a_sleeper(bench: Bench) -> None:
    figures, table = bench("--bands", "2")
    assert figures["planned_notes"] > 0
    assert figures["sleep_ms"]["n"] > 100
    (target,) = figures["targets"]
    assert target["name"] in table


@pytest.mark.ports
@pytest.mark.slow
def test_the_cost_is_a_table_of_channels_and_tempi(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "CHANNELS", (1, 4))
    monkeypatch.setattr(costs, "TEMPOS_BPM", (240,))
    table = bench("--costs")[1].splitlines()
    assert "| | 240 bpm |" in table
    assert [line.split("|")[1].strip() for line in table if " channel" in line and line[0] == "|"] == [
        "1 channel",
        "4 channels",
    ]


@pytest.mark.ports
@pytest.mark.slow
def test_the_live_bench_measures_alone_and_disturbed_and_compares_with_the_targets(bench: Bench) -> None:
    figures, table = bench("--live")
    assert_at_rest(figures)
    for condition in CONDITIONS:
        assert_spreads(figures[condition], IN_PLAY)
        assert figures[condition]["dropped_late"] >= 0
        share = figures[condition]["sixteen_channels_cpu_percent"]
        assert share is None or share > 0
    assert figures["disturbed"]["snapshots_per_s"] > 1  # the watcher really watched
    assert "snapshots_per_s" not in figures["alone"]
    assert len(figures["targets"]) == (14 if figures["idle_cpu_percent"] is not None else 10)
    assert all(target["name"] in table for target in figures["targets"])
