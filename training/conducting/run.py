"""The run folder of a conductor: `config.json`, `metrics.csv`, `checkpoint.pt` (the newest, to resume), `best.pt`."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass, fields
from io import StringIO
from pathlib import Path

import torch

from bollylive.files.whole_file import write_file
from training.conducting.network import ChordNetwork, Sizes
from training.conducting.recipe import ConductConfig
from training.errors import TrainingError
from training.trainer.runfolder import no_checkpoint
from training.writing import NOT_A_STATE, first_line, write_json, write_state


@dataclass
class State:
    """What a training resumes from."""

    network: ChordNetwork
    optimiser: torch.optim.Optimizer
    epoch: int = 0  # how many are complete
    best: float = math.inf  # the badness of the best checkpoint that knows its own history

    def resume(self, run: Path) -> None:
        """Go on from the newest checkpoint, where there is one; raises TrainingError if it is damaged."""
        path = run / "checkpoint.pt"
        if not path.exists():
            return
        try:
            saved = torch.load(path, weights_only=True)
            self.network.load_state_dict(saved["network"])
            self.optimiser.load_state_dict(saved["optimiser"])
            self.epoch, self.best = int(saved["epoch"]), float(saved["best"])
        except NOT_A_STATE as error:
            raise TrainingError(
                f"{path}: this checkpoint is damaged ({first_line(error)}); remove it to begin anew, or choose "
                "another folder."
            ) from error

    def save(self, run: Path, is_best: bool) -> None:
        """Write `checkpoint.pt`, and `best.pt` if this is the best."""
        network = {"network": self.network.state_dict(), "sizes": asdict(self.network.sizes), "epoch": self.epoch}
        if is_best:
            write_state(run / "best.pt", network)
        write_state(run / "checkpoint.pt", {**network, "optimiser": self.optimiser.state_dict(), "best": self.best})


def load_best(run: Path) -> tuple[ChordNetwork, int]:
    """The network of `best.pt`, ready to play, and its epoch; raises TrainingError where there is none."""
    path = run / "best.pt"
    try:
        saved = torch.load(path, weights_only=True)
        network = ChordNetwork(Sizes(**saved["sizes"]))
        network.load_state_dict(saved["network"])
        epoch = int(saved["epoch"])
    except NOT_A_STATE as error:
        raise no_checkpoint(path, error) from error
    return network.eval(), epoch


def write_config(run: Path, sizes: Sizes, config: ConductConfig) -> None:
    """Write what the run depends on beside its data."""
    write_json(run / "config.json", {"sizes": asdict(sizes), "train": asdict(config)})


def read_config(run: Path) -> tuple[Sizes, ConductConfig]:
    """What a run was begun with; the defaults where nothing is there yet."""
    path = run / "config.json"
    if not path.exists():
        return Sizes(), ConductConfig()
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        sizes = {f.name: saved["sizes"][f.name] for f in fields(Sizes) if f.name in saved["sizes"]}
        config = {f.name: saved["train"][f.name] for f in fields(ConductConfig) if f.name in saved["train"]}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TrainingError(
            f"{path}: this is no configuration of a conductor ({error!r}); use another folder."
        ) from error
    return Sizes(**sizes), ConductConfig(**config)


def append_metrics(run: Path, row: dict[str, float]) -> None:
    """Add a line to `metrics.csv`; the columns are those of the first."""
    path = run / "metrics.csv"
    line = StringIO()
    writer = csv.DictWriter(line, row)
    before = path.read_bytes() if path.exists() else b""
    if not before:
        writer.writeheader()
    writer.writerow({name: round(value, 4) for name, value in row.items()})
    write_file(path, before + line.getvalue().encode())
