"""A run folder: `config.json`, `metrics.csv` and its picture, `checkpoint.pt` (the newest, to resume), `best.pt`."""

from __future__ import annotations

import csv
import json
import math
import pickle
from dataclasses import asdict, dataclass, field, fields
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import torch

from bollylive.files.whole_file import write_file
from bollylive.model import codec
from training.errors import TrainingError
from training.network.model import BandModel
from training.recipe import ModelConfig, TrainConfig
from training.writing import write_json, write_state


class Best(NamedTuple):
    """The lowest bits per note on held-out songs so far, and the step at which that was."""

    bits: float = math.inf
    step: int = 0

    def waited(self, step: int) -> int:
        """For how many steps nothing has been better."""
        return step - self.step


@dataclass
class State:
    """What a training resumes from: the network, the optimiser, and how far it has come."""

    model: BandModel
    optimiser: torch.optim.Optimizer
    step: int = 0
    best: Best = field(default_factory=Best)
    seconds: float = 0.0  # of training so far

    def resume(self, run: Path) -> None:
        """Go on from the newest checkpoint, where there is one."""
        path = run / "checkpoint.pt"
        if not path.exists():
            return
        saved = torch.load(path, weights_only=True, map_location=next(self.model.parameters()).device)
        self.model.load_state_dict(saved["model"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.step, self.best, self.seconds = saved["step"], Best(*saved["best"]), saved["seconds"]

    def save(self, run: Path) -> None:
        """Write `checkpoint.pt`, and `best.pt` where this is the best step."""
        network = {"model": self.model.state_dict(), "config": asdict(self.model.config)}
        if self.step == self.best.step:
            write_state(run / "best.pt", network)
        progress = {"step": self.step, "best": tuple(self.best), "seconds": self.seconds}
        write_state(run / "checkpoint.pt", {**network, "optimiser": self.optimiser.state_dict(), **progress})


def write_config(run: Path, sizes: ModelConfig, config: TrainConfig) -> None:
    """Write what the run depends on beside its data."""
    write_json(run / "config.json", {"model": asdict(sizes), "train": asdict(config)})


def read_config(run: Path) -> tuple[ModelConfig, TrainConfig]:
    """What a run was begun with; the defaults where nothing is there yet."""
    path = run / "config.json"
    if not path.exists():
        return ModelConfig(), TrainConfig()
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        if "deaf" in saved["train"]:  # as earlier versions had it
            saved["train"]["context"] = not saved["train"]["deaf"]
        sizes = {f.name: saved["model"][f.name] for f in fields(ModelConfig) if f.name in saved["model"]}
        config = {f.name: saved["train"][f.name] for f in fields(TrainConfig) if f.name in saved["train"]}
        if not isinstance(sizes.get("layers", ""), str):
            raise ValueError("layers are letters since networks have them of several kinds")
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path}: this is no configuration of a run ({error!r}); use another folder.") from error
    return ModelConfig(**sizes), TrainConfig(**config)


def append_metrics(
    run: Path,
    step: int,
    seconds: float,
    rows: int,
    train_bits: float,
    held_bits: float,
    figures: dict[str, list[float]],
) -> None:
    """Add a line to `metrics.csv`: step, seconds, rows a second, training and held-out bits per note, then each corpus.

    A corpus has its total and its single fields.
    """
    row: dict[str, object] = {"step": step, "seconds": round(seconds), "rows_per_second": round(rows / max(seconds, 1))}
    row |= {"train": round(train_bits, 4), "held_out": round(held_bits, 4)}
    for name, values in figures.items():
        row[name] = round(sum(values), 4)
        row.update({f"{name}.{f[0]}": round(value, 4) for f, value in zip(codec.FIGURES, values, strict=True)})
    path = run / "metrics.csv"
    line = StringIO()
    writer = csv.DictWriter(line, row)
    before = path.read_bytes() if path.exists() else b""
    if not before:
        writer.writeheader()
    writer.writerow(row)
    write_file(path, before + line.getvalue().encode())


def read_metrics(run: Path) -> dict[str, list[float]]:
    """The columns of `metrics.csv` but for those of single fields; empty where there is none yet."""
    path = run / "metrics.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0] if "." not in name} if rows else {}


def read_best(run: Path) -> Best:
    """When `best.pt` was written, as the newest checkpoint knows; raises TrainingError where there is none."""
    path = run / "checkpoint.pt"
    try:
        return Best(*torch.load(path, weights_only=True, map_location="cpu")["best"])
    except (OSError, RuntimeError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise no_checkpoint(path, error) from error


def no_checkpoint(path: Path, error: Exception) -> TrainingError:
    """What to say of a checkpoint that could not be read."""
    reason = "there is no checkpoint here yet" if not path.exists() else f"this is no checkpoint ({error})"
    return TrainingError(f"{path}: {reason}; train first.")
