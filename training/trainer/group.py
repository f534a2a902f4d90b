"""The processes of one training: one by itself, or several that torchrun started and that share every batch."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from training.errors import TrainingError
from training.recipe import DEVICES, TrainConfig


@dataclass(frozen=True)
class Group:
    """This process and its group; see PyTorch's DistributedDataParallel."""

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes the run folder and reports."""
        return self.rank == 0

    @property
    def quiet(self) -> bool | None:
        """What tqdm needs to know: None shows progress on a terminal only."""
        return None if self.first else True

    def share(self, model: nn.Module) -> nn.Module:
        """The model with gradients that are averaged over the group; no copy, so its weights can be read as before."""
        return DistributedDataParallel(model) if self.size > 1 else model

    def sum(self, values: Tensor) -> Tensor:
        """The sums of these values over the group, the same for all its members."""
        if self.size == 1:
            return values
        together = values.to(self.device, copy=True)
        distributed.all_reduce(together)
        return together.to(values.device)

    def mean(self, value: float) -> float:
        """The mean of a value over the group, the same for all its members."""
        return float(self.sum(torch.tensor(value, dtype=torch.float64))) / self.size

    def leave(self) -> None:
        """Leave the group at the end."""
        if self.size > 1:
            distributed.barrier()
            distributed.destroy_process_group()


ALONE = Group(0, 1, torch.device("cpu"))


def device_of(name: str, rank: int = 0) -> torch.device:
    """The device that `auto`, `cpu` or `cuda` means here; raises TrainingError where it is not there."""
    there = torch.cuda.is_available()
    if name not in DEVICES or (name == "cuda" and not there):
        choice = "auto, cpu or cuda" if there else "auto or cpu"
        raise TrainingError(f"the device {name!r} cannot be used here; choose {choice}.")
    return torch.device("cuda", rank) if there and name != "cpu" else torch.device("cpu")


def join_group(config: TrainConfig) -> Group:
    """Join the processes that torchrun started, or be alone; raises TrainingError if the batch cannot be shared."""
    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if config.batch % size:
        raise TrainingError(f"a batch of {config.batch} sequences cannot be shared by {size} processes evenly.")
    device = device_of(config.device, int(os.environ.get("LOCAL_RANK", "0")))
    if size > 1:
        if device.type == "cuda":
            torch.cuda.set_device(device)
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Group(rank, size, device)
