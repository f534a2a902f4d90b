from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from music import write_corpus
from tiny import little_song, tiny_network

from training.data.prepare import prepare
from training.errors import TrainingError
from training.network.model import BandModel
from training.recipe import ModelConfig, TrainConfig
from training.sequences.sequence import cut_songs
from training.trainer.group import Group, device_of, join_group
from training.trainer.runfolder import read_metrics
from training.trainer.train import load_music, train, validate

SIZES = ModelConfig(width=16, layers="r")
CONFIG = TrainConfig(
    notes=20 * 8 * 16, batch=8, length=16, every=10, workers=0, threads=1, warmup=2, device="cpu", bfloat16=False
)
_PROJECT = str(Path(__file__).parents[2])
_LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"


def _torchrun(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Train in two processes on this machine."""
    settings = (
        f"--width {SIZES.width} --layers {SIZES.layers} --notes {CONFIG.notes} --length {CONFIG.length} "
        f"--every {CONFIG.every} --workers 0 --threads 1 --warmup {CONFIG.warmup} --device cpu --no-bfloat16"
    )
    return subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--nnodes", "1", "--nproc_per_node", "2"),
            *("--rdzv_backend", "c10d", "--rdzv_endpoint", "127.0.0.1:0", "--local_addr", "127.0.0.1"),
            # Without the dashes torchrun takes --run for an option of its own.
            *("-m", "--", "training", "train", "--data", "prepared", "--run", "run", *settings.split(), *more),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": _PROJECT, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": _LOOPBACK},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_two_processes_train_like_one(tmp_path: Path) -> None:
    """They draw other batches than one alone would, so the losses are near each other, not the same."""
    prepare([write_corpus(tmp_path / "tiny")], tmp_path / "prepared", 1)
    done = _torchrun(tmp_path, "--batch", str(CONFIG.batch))
    assert done.returncode == 0, done.stderr
    train(tmp_path / "prepared", tmp_path / "alone", SIZES, CONFIG)
    together, alone = read_metrics(tmp_path / "run"), read_metrics(tmp_path / "alone")
    assert together["step"] == alone["step"] == [10, 20]  # each line is written by one of them only
    assert done.stdout.count("step 20 of 20") == 1
    for column in ("train", "held_out"):
        assert together[column] == pytest.approx(alone[column], rel=0.05)
        assert together[column][1] < together[column][0]
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        path.name for path in (tmp_path / "alone").iterdir()
    }
    model = BandModel(SIZES)
    model.load_state_dict(torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["model"])
    _, held = load_music(tmp_path / "prepared", CONFIG)
    by_one = validate(model, held, CONFIG.batch, CONFIG.length)["tiny"]
    assert together["tiny"][-1] == pytest.approx(sum(by_one), abs=1e-4)


def test_what_several_hear_of_the_held_out_music_adds_up(tmp_path: Path) -> None:
    """Three members, one after the other; what the first two heard is there when the last one asks for the sum."""
    summed: list[torch.Tensor] = []

    class Member(Group):
        def sum(self, values: torch.Tensor) -> torch.Tensor:
            summed.append(values)
            return torch.stack(summed).sum(0)

    held = {"little": list(cut_songs([little_song(tmp_path, bars=2)], 16)), "none": []}
    model = tiny_network()
    together = [validate(model, held, 2, 16, Member(rank, 3, torch.device("cpu"))) for rank in range(3)][-1]
    alone = validate(model, held, 2, 16)
    assert all(0 < values[0, 4] < sum(sequence.notes for sequence in held["little"]) for values in summed)
    for name in held:
        assert together[name] == pytest.approx(alone[name], rel=1e-6)


def test_a_batch_that_cannot_be_shared_evenly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(TrainingError, match="a batch of 7 sequences cannot be shared by 2 processes evenly"):
        join_group(TrainConfig(batch=7))


def test_alone_a_process_is_the_first_and_shares_nothing() -> None:
    group, model = join_group(TrainConfig(batch=7, device="cpu")), torch.nn.Linear(1, 1)
    assert group.first
    assert group.share(model) is model
    assert group.mean(1.5) == 1.5
    group.leave()


def test_the_second_of_two_does_not_write(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[str] = []
    monkeypatch.setattr(torch.distributed, "init_process_group", joined.append)
    for name, value in (("WORLD_SIZE", "2"), ("RANK", "1"), ("LOCAL_RANK", "1")):
        monkeypatch.setenv(name, value)
    group = join_group(TrainConfig(batch=8, device="cpu"))
    assert joined == ["gloo"]
    assert not group.first
    assert group.quiet


def test_a_device_that_is_not_there_is_refused_in_a_sentence() -> None:
    assert device_of("cpu") == torch.device("cpu")
    assert device_of("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(TrainingError, match="the device 'abacus' cannot be used here"):
        device_of("abacus")
