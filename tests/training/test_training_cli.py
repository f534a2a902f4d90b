from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from music import write_corpus

from bollylive.model.onnx_model import Model
from training.__main__ import main
from training.recipe import ModelConfig, TrainConfig
from training.trainer.runfolder import read_config


def _failure(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """What a stage that must fail says on its one line."""
    assert main([str(argument) for argument in arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.mark.slow
def test_from_midi_to_a_measured_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All four stages, the training in two goes; the second goes on as the first began."""
    write_corpus(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", "--data", "tiny", "--out", "prepared", "--workers", "1"]) == 0
    assert "tiny: 4 songs, 800 notes, 1 songs held out" in capsys.readouterr().out

    settings = "--width 16 --layers r --batch 4 --length 16 --every 2 --workers 0 --threads 1 --device cpu"
    assert main(f"train --data prepared --run run --notes 128 --no-bfloat16 {settings}".split()) == 0
    assert main(["train", "--data", "prepared", "--run", "run", "--notes", "256"]) == 0
    assert read_config(tmp_path / "run")[0] == ModelConfig(width=16, layers="r")
    assert read_config(tmp_path / "run")[1].notes == 256
    assert "step 4 of 4" in capsys.readouterr().out

    assert main(["export", "--run", "run", "--data", "prepared", "--name", "tiny-v1", "--limit", "4"]) == 0
    assert "bits per note on held-out music" in capsys.readouterr().out
    assert Model(Path("models/tiny-v1.onnx")).name == "tiny-v1"
    card = Path("models/tiny-v1.md").read_text(encoding="utf-8")
    assert "256 rows (notes and rests) of 256 planned" in " ".join(card.split())
    assert str(tmp_path) not in card

    command = "evaluate --model models/tiny-v1.onnx --data tiny --split valid --out report.json"
    assert main(command.split()) == 0
    assert "bits per note" in capsys.readouterr().out
    report = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert report["corpora"]["tiny"]["model"]["notes"] == 200

    assert "a version is never written over" in _failure(
        capsys, *["export", "--run", "run", "--data", "prepared", "--name", "tiny-v1"]
    )
    assert "began with width 16" in _failure(capsys, *["train", "--data", "prepared", "--run", "run", "--width", "32"])


def test_a_source_that_is_missing_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _failure(capsys, "prepare", "--data", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert said.endswith("nowhere: there is no such folder or archive.")
    assert not (tmp_path / "out").exists()


def test_a_stage_whose_stage_before_is_missing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _failure(capsys, "train", "--data", tmp_path, "--run", tmp_path / "run")
    assert "there is no prepared corpus here" in said
    said = _failure(capsys, "export", "--data", tmp_path, "--run", tmp_path, "--name", "a-v1")
    assert "this is no manifest that prepare wrote" in said


def test_a_batch_that_several_processes_cannot_share_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As torchrun starts each of three processes."""
    monkeypatch.setenv("WORLD_SIZE", "3")
    said = _failure(capsys, "train", "--data", tmp_path, "--run", tmp_path / "run", "--batch", "16")
    assert said == "error: a batch of 16 sequences cannot be shared by 3 processes evenly."
    assert not (tmp_path / "run").exists()


def test_layers_that_cannot_be_made_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _failure(capsys, "train", "--data", tmp_path, "--run", tmp_path / "run", "--layers", "rx")
    assert "layers 'rx': use the letters r, g, a" in said
    said = _failure(capsys, "train", "--data", tmp_path, "--run", tmp_path / "run", "--layers", "ra", "--width", "30")
    assert "width 30: a layer of the kind a needs a multiple of 4, such as 32." in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("--length 4", "at least 8"),
        ("--batch 0", "at least 1"),
        ("--rate 0", "more than 0, not 0"),
        ("--rate inf", "more than 0, not inf"),
        ("--cooldown 1.5", "more than 0 and at most 1, not 1.5"),
        ("--cooldown nan", "more than 0 and at most 1, not nan"),
        ("--device tpu", "choose"),
    ],
)
def test_a_setting_out_of_range_is_refused(capsys: pytest.CaptureFixture[str], setting: str, why: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(f"train --data d --run r {setting}".split())
    assert stopped.value.code == 2
    assert why in capsys.readouterr().err


def test_help_names_every_setting_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--help"])
    assert stopped.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"(default: {TrainConfig().notes})" in said
    assert "--weight-decay" in said
    for name in ("--width", "--layers", "--cooldown", "--patience"):
        assert name in said


def test_the_command_line_and_prepare_do_without_torch(tmp_path: Path) -> None:
    """Preparing spawns processes, each of which reads the command line's module again."""
    write_corpus(tmp_path / "tiny", songs=2)
    code = (
        "import sys; from training.__main__ import main; "
        "status = main(['prepare', '--data', 'tiny', '--out', 'out', '--workers', '1']); "
        "sys.exit(status or ('torch' in sys.modules and 'torch was imported'))"
    )
    project = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": project},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_library_that_is_not_installed_is_named_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "training.listening.draw", raising=False)
    monkeypatch.delitem(sys.modules, "training.listening.portrait", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)  # an import then raises, as for a library that is missing
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said = _failure(capsys, "draw", tmp_path / "song.mid", "--out", tmp_path / "song.png")
    assert (
        said == "error: the library matplotlib is missing; install what the training needs: pip install -e '.[train]'"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_sigterm_takes_what_was_unpacked_along(tmp_path: Path) -> None:
    """A stage that is terminated in the middle of an archive removes its scratch folder."""
    program = f"""
import os, signal, tempfile, training.data.prepare as prepare
from training.__main__ import main
tempfile.tempdir = {str(tmp_path / "scratch")!r}
prepare.read_corpus = lambda *_: os.kill(os.getpid(), signal.SIGTERM)
raise SystemExit(main(["prepare", "--data", {str(tmp_path / "tiny.tar.gz")!r}, "--out", {str(tmp_path / "out")!r}]))
"""
    write_corpus(tmp_path / "tiny", songs=1)
    shutil.make_archive(str(tmp_path / "tiny"), "gztar", tmp_path, "tiny")
    (tmp_path / "scratch").mkdir()
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 143
    assert not any((tmp_path / "scratch").iterdir())
