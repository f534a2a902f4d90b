"""The figures of `bench`: how they are made, that all are there, and what is asked of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from stage import until

from bollylive.bench import dense, poller
from bollylive.bench.probe import Probe, shares
from bollylive.bench.sleeper import sleep_ms
from bollylive.bench.spread import spread
from bollylive.bench.table import describe_figures
from bollylive.bench.targets import judge
from bollylive.bench.trips import first
from bollylive.cli import main
from bollylive.io import poll_interval
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.sets.setfile import parse_set

ON, OTHER = [0x90, 64, 90], [0x91, 40, 80]
ROW = {"p50": 1.0, "p99": 2.0, "max": 3.25, "n": 7}
CONDITIONS = ("alone", "disturbed")


def found(**changes: Any) -> dict[str, Any]:
    """The figures of one condition that meet every target."""
    names = ("echo_ms", "own_note_ms", "reply_ms", "lateness_ms", "sleep_ms")
    return {**{name: dict(ROW) for name in names}, "sixteen_channels_cpu_percent": 20.0, **changes}


def missed(alone: dict[str, Any], idle: float | None = 2.0) -> list[str]:
    return [target["name"] for target in judged(alone, found(), idle) if not target["met"]]


def judged(alone: dict[str, Any], disturbed: dict[str, Any], idle: float | None) -> list[dict[str, Any]]:
    rest = {"idle_cpu_percent": idle, "bare_idle_cpu_percent": None if idle is None else 1.6}
    return judge({"alone": alone, "disturbed": disturbed, **rest})


def test_a_spread_is_the_median_the_slowest_hundredth_and_the_worst() -> None:
    assert spread([float(value) for value in range(101)]) == {"p50": 50.0, "p99": 99.0, "max": 100.0, "n": 101}


def test_a_spread_of_one_time_is_that_time() -> None:
    assert spread([1.23456]) == {"p50": 1.2346, "p99": 1.2346, "max": 1.2346, "n": 1}


def test_only_the_first_answer_that_is_wanted_counts() -> None:
    answers = [(0.5, ON), (1.0, OTHER), (2.0, OTHER)]
    assert first(answers, lambda data: data == OTHER) == [1.0]
    assert first(answers, lambda data: data[0] == 0x80) == []
    assert first([], lambda data: data == ON) == []


def test_a_sleeper_wakes_at_every_deadline_and_not_before_it() -> None:
    times = sleep_ms(0.05)
    assert len(times) == 5
    assert all(ms >= 0 for ms in times)


def test_the_dense_set_has_sixteen_channels_that_accompany_from_the_start_without_a_rest() -> None:
    band = parse_set(dense.dense_set(), "dense.toml")
    assert [setting.channel for setting in band.channels] == list(range(16))
    assert {(setting.role, setting.entry_bars) for setting in band.channels} == {("accompany", 0)}
    assert (band.tempo_bpm, band.rest_after_beats) == (160, 0)


def test_the_musician_of_the_bench_plays_the_demo_in_time_and_again() -> None:
    timeline = list(takewhile(lambda timed: timed[0] < 100 + 13 * 4 * 60 / 160, dense._without_end(100.0)))
    seconds = [at_s for at_s, _ in timeline]
    assert seconds == sorted(seconds)
    assert seconds[0] == 100.0
    ons = [event for _, event in timeline if isinstance(event, NoteOn)]
    phrase = len({at_s for at_s, event in timeline if isinstance(event, NoteOn) and at_s < 112.0})
    assert ons[phrase : 2 * phrase] == ons[: len(ons) - phrase]
    assert sum(isinstance(event, NoteOff) for _, event in timeline) in (len(ons), len(ons) - 1)


def test_the_spinner_ends_with_the_program_that_started_it() -> None:
    code = "from bollylive.bench.probe import Probe; print(Probe('bollylive.bench.spinner').processes[0])"
    number = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout)

    def is_gone() -> bool:
        try:
            return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    if not Path("/proc/self").exists():
        pytest.skip("This system does not show its processes.")
    assert until(is_gone, 5.0)


def test_a_probe_gives_what_its_program_wrote_and_ends_one_that_goes_on() -> None:
    with Probe("bollylive.bench.sleeper", "0.02") as sleeper:
        assert len(json.loads(sleeper.wait())) == 2
    with Probe("bollylive.bench.spinner") as spinner:
        number = spinner.processes[0]
        os.kill(number, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_what_meets_the_targets_is_said_to() -> None:
    assert missed(found()) == []
    assert len(judged(found(), found(), 2.0)) == 9


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"own_note_ms": {**ROW, "p50": 2.01}}, "own note behind the echo, p50 ms, alone"),
        ({"own_note_ms": {**ROW, "p99": 5.01}}, "own note behind the echo, p99 ms, alone"),
        ({"lateness_ms": {**ROW, "p99": 3.01}}, "planned notes behind a bare sleeper, p99 ms, alone"),
        ({"sixteen_channels_cpu_percent": 50.1}, "sixteen channels at 160 bpm, % of a core, alone"),
    ],
)
def test_each_target_can_be_missed(change: dict[str, Any], name: str) -> None:
    assert missed(found(**change)) == [name]


def test_a_program_that_does_nothing_must_cost_little() -> None:
    assert missed(found(), idle=3.1) == ["idle CPU, % of a core"]


def test_what_a_program_that_does_nothing_costs_is_told_beside_a_bare_one() -> None:
    figures = {"machine": "a machine", "targets": judged(found(), found(), 2.1)}
    assert "idle CPU, % of a core: 2.1 (bare poller 1.6), at most 3: ok" in describe_figures(figures).splitlines()


def test_the_bare_poller_looks_at_its_ports_as_often_as_a_band_at_rest() -> None:
    assert poller.POLL_S == poll_interval.IDLE_POLL_S


def test_programs_are_measured_in_the_same_seconds() -> None:
    with Probe("bollylive.bench.spinner") as spinner, Probe("bollylive.bench.sleeper", "1") as sleeper:
        busy, calm = shares((spinner, sleeper), 0.05)
    if busy is None or calm is None:
        pytest.skip("This system does not show its processes.")
    assert busy > calm >= 0


def test_what_a_system_does_not_tell_is_no_target_there() -> None:
    silent = found(sixteen_channels_cpu_percent=None)
    del silent["reply_ms"], silent["own_note_ms"]
    names = [target["name"] for target in judged(silent, silent, None)]
    assert names == [f"planned notes behind a bare sleeper, p99 ms, {condition}" for condition in CONDITIONS]


def test_the_table_has_a_line_for_each_figure_that_was_measured() -> None:
    figures: dict[str, Any] = {
        "machine": "a machine",
        "model_call_ms": {"1": ROW, "16": ROW},
        "idle_cpu_percent": None,  # where the system does not tell
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


def assert_spreads(figures: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        assert set(figures[name]) == {"p50", "p99", "max", "n"}, name
        assert figures[name]["n"] > 0, name
        assert 0 <= figures[name]["p50"] <= figures[name]["p99"] <= figures[name]["max"], name


def assert_at_rest(figures: dict[str, Any]) -> None:
    for share in (figures["idle_cpu_percent"], figures["bare_idle_cpu_percent"]):
        assert share is None or share >= 0
    assert figures["rss_mb"] is None or figures["rss_mb"] > 10
    assert 0 < figures["ready_s"] < 20


IN_PLAY = ("echo_ms", "own_note_ms", "reply_ms", "lateness_ms", "sleep_ms")


@pytest.mark.ports
@pytest.mark.slow
def test_all_figures_are_measured_on_real_ports_and_written(
    jack_server: dict[str, str], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "figures.json"
    assert main(["bench", "--api", "jack", "--model", str(tiny_model), "--quick", "--json", str(report)]) == 0
    figures = json.loads(report.read_text(encoding="utf-8"))
    assert_spreads(figures, (*IN_PLAY, "priming_ms"))
    assert_spreads(figures["model_call_ms"], ("1", "16"))
    assert_at_rest(figures)
    table = capsys.readouterr().out
    assert all(name in table for name in figures if name != "machine")


@pytest.mark.ports
@pytest.mark.slow
def test_the_live_bench_measures_all_of_it_alone_and_disturbed_and_holds_it_against_the_targets(
    jack_server: dict[str, str], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "figures.json"
    command = ["bench", "--live", "--quick", "--api", "jack", "--model", str(tiny_model), "--json", str(report)]
    assert main(command) == 0
    figures = json.loads(report.read_text(encoding="utf-8"))
    assert_at_rest(figures)
    for condition in CONDITIONS:
        assert_spreads(figures[condition], IN_PLAY)
        assert figures[condition]["dropped_late"] >= 0
        share = figures[condition]["sixteen_channels_cpu_percent"]
        assert share is None or share > 0
    assert figures["disturbed"]["snapshots_per_s"] > 1  # the reader really read
    assert "snapshots_per_s" not in figures["alone"]
    assert len(figures["targets"]) == (9 if figures["idle_cpu_percent"] is not None else 6)
    table = capsys.readouterr().out
    assert all(target["name"] in table for target in figures["targets"])
