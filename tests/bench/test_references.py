"""The reference programs of `bench`, and the probe that runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stage import until

from bollylive.bench import references
from bollylive.bench.probe import Probe, shares
from bollylive.io import poll_interval

REFERENCES = "bollylive.bench.references"


def test_the_sleeper_wakes_after_every_deadline() -> None:
    delays_ms = references.wake_delays_ms(0.05)
    assert len(delays_ms) == 5
    assert all(ms >= 0 for ms in delays_ms)


@pytest.mark.parametrize("arguments", [(), ("sing",), ("echo",), ("spin", "1")])
def test_a_program_that_is_not_there_is_an_error(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no reference program"):
        references.run(*arguments)


def test_the_spinner_ends_with_its_parent() -> None:
    code = f"from bollylive.bench.probe import Probe; print(Probe({REFERENCES!r}, 'spin').processes[0])"
    process = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout)

    def is_gone() -> bool:
        try:
            return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    if not Path("/proc/self").exists():
        pytest.skip("This system does not show its processes.")
    assert until(is_gone, 5.0)


def test_a_probe_returns_the_output_of_its_program_and_ends_one_that_goes_on() -> None:
    with Probe(REFERENCES, "sleep", "0.02") as sleeper:
        assert len(json.loads(sleeper.wait())) == 2
    with Probe(REFERENCES, "spin") as spinner:
        process = spinner.processes[0]
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_the_poller_polls_as_often_as_a_band_at_rest() -> None:
    assert references.IDLE_POLL_S == poll_interval.IDLE_POLL_S


def test_programs_are_measured_over_the_same_seconds() -> None:
    with Probe(REFERENCES, "spin") as spinner, Probe(REFERENCES, "sleep", "1") as sleeper:
        busy, calm = shares((spinner, sleeper), 0.05)
    if busy is None or calm is None:
        pytest.skip("This system does not show its processes.")
    assert busy > calm >= 0
