"""Whose code runs: modules in the current folder, under the names of libraries, are nobody's business."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from music import write_song

from bollylive.processes.spawn import program

ROOT = Path(__file__).parents[2]
LIBRARIES = ("link", "mido", "numpy", "onnxruntime", "packaging", "rtmidi", "supriya_midi", "symusic", "torch", "tqdm")
# Python itself reads these in the current folder for `-m`, before any code of ours; the script `bollylive` does not.
PYTHONS_OWN = "import runpy, sys; print(*sys.modules)"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command in a folder of strangers; fails if one of them was imported by any process."""
    folder, marks = tmp_path / "shared", tmp_path / "marks"
    marks.mkdir()
    write_song(folder / "song.mid")
    write_song(folder / "music" / "song.mid")
    pythons_own = subprocess.run([sys.executable, "-P", "-c", PYTHONS_OWN], capture_output=True, text=True, check=True)
    for name in {*sys.stdlib_module_names, *LIBRARIES} - set(pythons_own.stdout.split()):
        mark = f"open({str(marks / name)!r}, 'w').close()\nraise SystemExit('a stranger')\n"
        (folder / f"{name}.py").write_text(mark, encoding="utf-8")

    def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**{name: text for name, text in os.environ.items() if name != "PYTHONSAFEPATH"}, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert [path.name for path in marks.iterdir()] == []
        return done

    return run


COMMANDS = {
    "script": (str(Path(sys.executable).with_name("bollylive")),),
    "module": (sys.executable, "-m", "bollylive"),
}


@pytest.fixture(params=COMMANDS)
def bollylive(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Each way to start the program."""
    return COMMANDS[request.param]


def test_the_strangers_would_be_found(run: Run, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="numpy"):
        run(sys.executable, "-c", "import numpy")


@pytest.mark.slow
def test_offline_commands_keep_off_the_current_folder(run: Run, bollylive: tuple[str, ...], tiny_model: Path) -> None:
    model = ("--model", str(tiny_model))
    assert "ok " in run(*bollylive, "check").stdout
    assert run(*bollylive, "perform", "song.mid", "--out", "out.mid", *model).returncode == 0
    assert run(*bollylive, "generate", "--from", "song.mid", "--out", "out.mid", *model).returncode == 0


@pytest.mark.slow
@pytest.mark.ports
def test_a_band_and_its_children_keep_off_it(
    run: Run, bollylive: tuple[str, ...], tiny_model: Path, jack_server: dict[str, str]
) -> None:
    jam = ("jam", "--api", "jack", "--model", str(tiny_model), "--demo", "--seconds", "1", "--no-journal")
    done = run(*bollylive, *jam)
    assert done.returncode == 0, done.stderr
    assert "planned notes" in done.stdout


@pytest.mark.slow
def test_a_band_without_a_midi_system_keeps_off_it(run: Run, bollylive: tuple[str, ...], tiny_model: Path) -> None:
    nobody = {"JACK_DEFAULT_SERVER": "nobody-is-here", "JACK_NO_START_SERVER": "1"}
    run(*bollylive, "jam", "--api", "jack", "--model", str(tiny_model), "--demo", "--seconds", "1", **nobody)


def test_what_the_bench_starts_keeps_off_it(run: Run) -> None:
    assert "ready" in run(*program("bollylive.bench.references", "sleep", "0.1")).stdout


@pytest.mark.slow
def test_the_training_and_its_workers_keep_off_it(run: Run) -> None:
    training = (sys.executable, "-m", "training")
    done = run(*training, "prepare", "--data", "music", "--out", "out", "--workers", "2")
    assert done.returncode == 0, done.stderr


def test_a_checkout_that_is_not_installed_runs_itself_and_nothing_beside_it(tmp_path: Path) -> None:
    """Its children are of the same version as itself, even where another one is installed."""
    checkout = tmp_path / "checkout"
    (checkout / "bollylive" / "processes").mkdir(parents=True)
    for name in ("__init__.py", "__main__.py", "processes/__init__.py", "processes/launcher.py", "processes/spawn.py"):
        (checkout / "bollylive" / name).write_bytes((ROOT / "bollylive" / name).read_bytes())
    (checkout / "queue.py").write_text("raise SystemExit('a stranger')\n", encoding="utf-8")
    (checkout / "bollylive" / "room.py").write_text("import queue; print('room', queue.__file__)", encoding="utf-8")
    started = (
        "import subprocess\nfrom bollylive.processes.spawn import program\n"
        "def run(): subprocess.run(program('bollylive.room'))"
    )
    (checkout / "bollylive" / "cli.py").write_text(started, encoding="utf-8")
    for python in ((sys.executable,), (sys.executable, "-S")):  # -S: without anything that is installed
        done = subprocess.run(
            [*python, "-m", "bollylive"], cwd=checkout, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stdout.startswith("room "), done.stderr
        assert str(checkout) not in done.stdout
