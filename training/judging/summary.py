"""Figures of many takes as means over leads, each with an interval.

Takes around the same lead are averaged first, so that a lead with more seeds weighs no more. The interval is where
95 % of the means lie when so many leads are drawn anew with replacement (the percentile bootstrap; B. Efron, "Bootstrap
methods: another look at the jackknife", Annals of Statistics 7, 1979).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, TypeAlias

import numpy as np

from training.judging.measures import order_of
from training.judging.verdict import Verdict

_DRAWS: Final = 1000
_MIDDLE: Final = (2.5, 97.5)

Figures: TypeAlias = list[list[float]]  # of each lead, one for each of its takes


@dataclass(frozen=True)
class Estimate:
    """A mean over leads, and where it lies in 95 % of the draws; with one lead there is nothing to draw from."""

    mean: float
    low: float | None
    high: float | None
    leads: int
    takes: int


def summarise(verdicts: list[Verdict], seed: int = 1) -> dict[str, Estimate]:
    """The estimates of all measures that some take has, in the order of the table; one seed gives the same."""
    by_lead: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_lead[verdict.lead].append(verdict)
    found: dict[str, Estimate] = {}
    for key in {key for verdict in verdicts for key in verdict.figures}:
        figures = [[take.figures[key] for take in takes if key in take.figures] for takes in by_lead.values()]
        found[key] = mean_over_leads([own for own in figures if own], seed)
    spread = spread_between_takes(list(by_lead.values()), seed)
    if spread is not None:
        found["spread"] = spread
    return {key: found[key] for key in sorted(found, key=order_of)}


def mean_over_leads(figures: Figures, seed: int) -> Estimate:
    """The mean of the leads' means, with its interval."""
    means = np.array([np.mean(own) for own in figures])
    drawn = means[np.random.default_rng(seed).integers(len(means), size=(_DRAWS, len(means)))].mean(axis=1)
    low, high = np.percentile(drawn, _MIDDLE).tolist() if len(means) > 1 else (None, None)
    return Estimate(float(means.mean()), low, high, len(means), sum(map(len, figures)))


def spread_between_takes(leads: list[list[Verdict]], seed: int) -> Estimate | None:
    """How much a player's mean velocity differs from take to take, as a standard deviation.

    Of each take it is the mean square, over its players, of how far each is from its own mean over all takes; the root
    of the mean over leads is given. Players are told apart by their names. None where no player is in two takes.
    """
    by_player: dict[str, list[float]] = defaultdict(list)
    for verdict in chain.from_iterable(leads):
        for player, velocity in verdict.velocities.items():
            by_player[player].append(velocity)
    usual = {player: float(np.mean(heard)) for player, heard in by_player.items() if len(heard) > 1}
    squares = [[square for take in takes if (square := _square(take, usual)) is not None] for takes in leads]
    squares = [own for own in squares if own]
    if not squares:
        return None
    whole = mean_over_leads(squares, seed)
    low, high = (None if bound is None else bound**0.5 for bound in (whole.low, whole.high))
    return replace(whole, mean=whole.mean**0.5, low=low, high=high)


def _square(take: Verdict, usual: dict[str, float]) -> float | None:
    away = [(velocity - usual[player]) ** 2 for player, velocity in take.velocities.items() if player in usual]
    return float(np.mean(away)) if away else None
