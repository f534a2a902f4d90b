"""Nothing is told to anybody: no process calls anybody on a network, or keeps anything but our own files at home."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from music import write_corpus, write_song

import bollylive

PLAY = (sys.executable, "-m", "bollylive")
TRAIN = (sys.executable, "-m", "training")

Run = Callable[..., str]


@pytest.fixture
def traced(tmp_path: Path) -> Run:
    """Run a command at a fresh home, each of its processes traced; gives what it says."""
    probe = ["strace", "-qq", "-o", os.devnull, "true"]
    if shutil.which("strace") is None or subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        if os.environ.get("CI"):
            pytest.fail("CI must have strace (apt-get install strace), and be allowed to trace.")
        pytest.skip("strace is not installed, or may not trace.")
    home, work, log = (tmp_path / name for name in ("home", "work", "sockets"))
    home.mkdir()
    places = {"HOME": home, "XDG_STATE_HOME": home / "state", "XDG_CACHE_HOME": home / "cache"}
    elsewhere = {"MPLCONFIGDIR": tmp_path / "mpl", "TORCHINDUCTOR_CACHE_DIR": tmp_path / "torch"}
    environment = {**os.environ, **{name: str(path) for name, path in (places | elsewhere).items()}}
    environment["ORT_DISABLE_TELEMETRY"] = "0"  # not even who asks for it

    def run(*command: str) -> str:
        done = subprocess.run(
            ["strace", "-f", "-qq", "-e", "trace=network", "-o", log, *command],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        calls = log.read_text(encoding="utf-8", errors="replace").splitlines()
        # A socket by itself tells nobody; one with an address does, be it only that of who knows names.
        assert [line for line in calls if "sa_family=AF_INET" in line] == []
        files = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
        assert [path for path in files if path.parts[:2] != ("state", "bollylive")] == []
        return done.stdout

    write_song(work / "song.mid")
    return run


def test_the_environment_says_no_whatever_it_said_before() -> None:
    code = "import bollylive, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert bollylive.__version__


@pytest.mark.slow
def test_offline_commands_tell_nobody(traced: Run, tiny_model: Path) -> None:
    traced(*PLAY, "perform", "song.mid", "--out", "out.mid", "--model", str(tiny_model))


@pytest.mark.slow
@pytest.mark.ports
def test_a_band_tells_nobody(traced: Run, tiny_model: Path, jack_server: dict[str, str]) -> None:
    jam = ("jam", "--api", "jack", "--model", str(tiny_model), "--demo", "--seconds", "2")
    assert "planned notes" in traced(*PLAY, *jam)
    assert "ok       model" in traced(*PLAY, "check", "--api", "jack")


@pytest.mark.slow
@pytest.mark.ports
def test_the_bench_tells_nobody(traced: Run, tiny_model: Path, jack_server: dict[str, str]) -> None:
    assert traced(*PLAY, "bench", "--quick", "--api", "jack", "--model", str(tiny_model))


@pytest.mark.slow
def test_the_training_tells_nobody(traced: Run, tmp_path: Path) -> None:
    write_corpus(tmp_path / "work" / "tiny")
    traced(*TRAIN, *["prepare", "--data", "tiny", "--out", "prepared", "--workers", "2"])
    settings = "--width 16 --layers r --batch 4 --length 16 --every 2 --workers 0 --threads 1 --device cpu"
    traced(*TRAIN, *f"train --data prepared --run run --notes 128 --no-bfloat16 {settings}".split())
    traced(*TRAIN, *["export", "--run", "run", "--data", "prepared", "--name", "tiny-v1", "--limit", "4"])
    command = "evaluate --model models/tiny-v1.onnx --data tiny --split valid --out report.json"
    traced(*TRAIN, *command.split())
