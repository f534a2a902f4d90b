"""What a training of the conductor depends on: the music that it learns from, and its settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_CLEAR: Final = ("", "clear")  # what a chart may say of its rights, in a corpus whose rights are clear


@dataclass(frozen=True)
class Sources:
    """What a network learns from: corpora with charts, ensembles, lone melodies; `rights` of charts, None for any."""

    charts: tuple[str, ...]
    ensembles: tuple[str, ...] = ()
    melodies: tuple[str, ...] = ()
    rights: tuple[str, ...] | None = None


SOURCES: Final = {
    "all": Sources(("pop909", "openewld"), ("gm-ensembles",), ("hindi-film-melodies", "south-asian-melodies")),
    "clear": Sources(("pop909", "openewld"), ("openscore-lieder",), rights=_CLEAR),
}


@dataclass(frozen=True)
class ConductConfig:
    """The settings of a run; `help` is what the command line says of each."""

    sources: str = field(
        default="all", metadata={"help": "learn from all music, or only from what is clear", "choices": tuple(SOURCES)}
    )
    true_epochs: int = field(default=22, metadata={"help": "epochs with the true chords as history"})
    own_epochs: int = field(default=24, metadata={"help": "epochs with its own chords as history in half of them"})
    renew: int = field(default=4, metadata={"help": "epochs after which it plays its own chords anew"})
    batch: int = field(default=24, metadata={"help": "stretches of pieces a step"})
    length: int = field(default=96, metadata={"help": "half bars a stretch"})
    rate: float = field(default=2e-3, metadata={"help": "highest learning rate", "most": 1.0})
    weight_decay: float = field(default=0.01, metadata={"help": "weight decay of AdamW", "most": 1.0})
    clip: float = field(default=1.0, metadata={"help": "largest norm of the gradient", "most": 100.0})
    lead_share: float = field(
        default=0.2, metadata={"help": "how much the expected lead counts beside the chord", "most": 10.0}
    )
    label_share: float = field(
        default=0.6, metadata={"help": "the part of unwritten chords that an epoch hears", "most": 1.0}
    )
    seed: int = field(default=1, metadata={"help": "seed of weights and examples"})
    threads: int = field(default=1, metadata={"help": "threads of torch"})
