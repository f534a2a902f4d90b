"""How long the parts of `bollylive bench` take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BenchSize:
    """Enough for a hundredth to mean something; QUICK only tries whether all can be measured."""

    model_calls: int = 2000
    trials: int = 200
    settle_s: float = 3.0  # before the idle program is watched: it polls less often after two
    idle_s: float = 15.0
    playing_s: float = 45.0


FULL = BenchSize()
QUICK = BenchSize(model_calls=20, trials=4, settle_s=0.2, idle_s=0.5, playing_s=2.0)
