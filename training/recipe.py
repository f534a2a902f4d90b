"""What a training depends on beside its data: the settings of a run, and how much of each corpus is heard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

# How much of what is heard comes from each corpus; unnamed ones count by `OTHER_WEIGHT`.
WEIGHTS = {
    "gm-ensembles": 45.0,
    "hindi-film-melodies": 5.0,
    "south-asian-melodies": 4.0,
    "south-asian-anthems": 0.5,
    "bandish-bhatkhande": 2.0,
    "carnatic": 2.0,
    "yaman-phrases": 0.5,
    "pop909": 7.0,
    "openscore-lieder": 4.0,
    "openscore-quartets": 3.0,
    "groove": 7.0,
    "arranged-hindi-film-melodies": 9.0,
    "arranged-south-asian-melodies": 6.0,
    "arranged-bandish-bhatkhande": 2.0,
    "arranged-carnatic": 2.0,
    "arranged-yaman-phrases": 1.0,
}
OTHER_WEIGHT = 5.0

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class ModelConfig:
    """The sizes that a checkpoint needs to be rebuilt."""

    width: int = field(default=256, metadata={"help": "width of the recurrent layers"})
    layers: str = field(default="rr", metadata={"help": "a letter for each layer: r recurrence, g GRU, a attention"})


@dataclass(frozen=True)
class TrainConfig:
    """The settings of a run; `help` is what the command line says of each."""

    notes: int = field(default=30_000_000, metadata={"help": "rows (notes and rests) to train on in all"})
    batch: int = field(default=16, metadata={"help": "sequences a step"})
    # Twice the live buffer, which holds between n and 2n notes.
    length: int = field(default=256, metadata={"help": "rows a sequence, at least 8"})
    rate: float = field(default=2e-3, metadata={"help": "highest learning rate"})
    cooldown: float = field(default=0.25, metadata={"help": "the part of the run over which the rate falls to nothing"})
    patience: int = field(default=10_000, metadata={"help": "steps without a better result after which it stops"})
    warmup: int = field(default=200, metadata={"help": "steps until the rate is at its highest"})
    weight_decay: float = field(default=0.01, metadata={"help": "weight decay of AdamW"})
    clip: float = field(default=1.0, metadata={"help": "largest norm of the gradient"})
    seed: int = field(default=1, metadata={"help": "seed of weights and batches"})
    every: int = field(default=500, metadata={"help": "steps between validations, each with a checkpoint"})
    workers: int = field(default=1, metadata={"help": "processes that make batches; 0 makes them between steps"})
    threads: int = field(default=1, metadata={"help": "threads of torch; on a busy machine more are slower"})
    device: str = field(default="auto", metadata={"help": "auto means cuda where there is one", "choices": DEVICES})
    context: bool = field(
        default=True, metadata={"help": "hear the rest of the band; without it, learn what that is worth"}
    )
    bfloat16: bool = field(default=True, metadata={"help": "compute in bfloat16 where precision allows"})


def shares(names: Iterable[str]) -> dict[str, float]:
    """The share, 0-1, of what is heard that comes from each of these corpora."""
    weights = {name: WEIGHTS.get(name, OTHER_WEIGHT) for name in names}
    whole = sum(weights.values())
    return {name: weight / whole for name, weight in weights.items()}
