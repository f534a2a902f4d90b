"""A run folder: `config.json`, `metrics.csv` and its picture, `checkpoint.pt` (the newest, to resume), `best.pt`."""

from __future__ import annotations

import csv
import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import torch

from bollylive.files.locked_file import lock
from bollylive.files.whole_file import write_file
from bollylive.model import codec
from training.errors import TrainingError
from training.network.model import BandModel
from training.recipe import ModelConfig, TrainConfig
from training.writing import NOT_A_STATE, first_line, write_json, write_state

_FORMER_OPPOSITE_OF_CONTEXT = "deaf"  # the setting by which earlier versions trained a voice without the other voices


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
        """Go on from the newest checkpoint, where there is one; raises TrainingError if it is damaged."""
        path = run / "checkpoint.pt"
        if not path.exists():
            return
        try:
            saved = torch.load(path, weights_only=True, map_location=next(self.model.parameters()).device)
            self.model.load_state_dict(saved["model"])
            self.optimiser.load_state_dict(saved["optimiser"])
            self.step, self.best, self.seconds = int(saved["step"]), Best(*saved["best"]), float(saved["seconds"])
        except NOT_A_STATE as error:
            raise TrainingError(
                f"{path}: this checkpoint is damaged ({first_line(error)}); remove it to begin anew, or choose "
                "another folder."
            ) from error

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
        if _FORMER_OPPOSITE_OF_CONTEXT in saved["train"]:
            saved["train"]["context"] = not saved["train"][_FORMER_OPPOSITE_OF_CONTEXT]
        sizes = {f.name: saved["model"][f.name] for f in fields(ModelConfig) if f.name in saved["model"]}
        config = {f.name: saved["train"][f.name] for f in fields(TrainConfig) if f.name in saved["train"]}
        if not isinstance(sizes.get("layers", ""), str):
            raise ValueError("layers are letters since networks have them of several kinds")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
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
    rows = _read_rows(run)
    return {name: [row[name] for row in rows] for name in rows[0] if "." not in name} if rows else {}


def forget_metrics_after(run: Path, step: int) -> None:
    """Take out of `metrics.csv` what a training wrote after its newest checkpoint, since it is measured again.

    Raises TrainingError if the file is damaged.
    """
    rows = _read_rows(run)
    kept = sum(row["step"] <= step for row in rows)
    if kept < len(rows):
        path = run / "metrics.csv"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        write_file(path, "".join(lines[: 1 + kept]).encode())


@contextmanager
def hold_run(run: Path) -> Iterator[None]:
    """Make the folder of a run, and keep other trainings out of it; raises TrainingError if one is there already.

    The lock goes with this process, however it ends. Windows has no such lock here: there, two trainings can meet.
    """
    run.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        yield
        return
    folder = os.open(run, os.O_RDONLY)
    try:
        lock(folder)
    except OSError as error:
        os.close(folder)
        raise TrainingError(f"{run}: another training writes into this folder; choose another one.") from error
    try:
        yield
    finally:
        os.close(folder)


def _read_rows(run: Path) -> list[dict[str, float]]:
    path = run / "metrics.csv"
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file, strict=True)]
        if rows and "step" not in rows[0]:
            raise ValueError("no column is named step")
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        raise TrainingError(f"{path}: these are no metrics of a run ({first_line(error)}); remove the file.") from error
    return rows


def read_best(run: Path) -> Best:
    """When `best.pt` was written, as the newest checkpoint knows; raises TrainingError where there is none."""
    path = run / "checkpoint.pt"
    try:
        return Best(*torch.load(path, weights_only=True, map_location="cpu")["best"])
    except NOT_A_STATE as error:
        raise no_checkpoint(path, error) from error


def no_checkpoint(path: Path, error: Exception) -> TrainingError:
    """What to say of a checkpoint that could not be read."""
    reason = "there is no checkpoint here yet" if not path.exists() else f"this is no checkpoint ({first_line(error)})"
    return TrainingError(f"{path}: {reason}; train first.")
