"""Chords for tests, in place of a conductor, and a stand-in for its network."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from bollylive.model.chord_predictor import Forecast, LeadSteps
from bollylive.model.chord_words import CHORDS, TONES
from bollylive.model.predictor import Floats

C_MAJOR, F_MAJOR, G_MAJOR, A_MINOR = (frozenset(tones) for tones in ((0, 4, 7), (5, 9, 0), (7, 11, 2), (9, 0, 4)))


class FakeConductor:
    """A `ChordPredictor` that offers the chords which hold most of the lead's newest steps.

    With `certain` it offers that chord alone. `asked` has what it was asked: how many rows of lead, the chords, the
    number of the first step, the steps of a bar, and whether the lead was known. `failures` calls to come raise.
    """

    def __init__(self, certain: int | None = None) -> None:
        self.certain = certain
        self.failures = 0
        self.asked: list[tuple[int, list[int], int, int, bool]] = []
        self.leads: list[LeadSteps] = []

    def forecast(
        self, lead: LeadSteps, chords: Sequence[int], first_step: int, steps_per_bar: int, known: bool = False
    ) -> Forecast:
        """Offer chords by how much of the newest steps they hold; the lead is expected to go on as it is."""
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the fake was set to fail")
        self.asked.append((len(lead), list(chords), first_step, steps_per_bar, known))
        self.leads.append(lead)
        newest = lead.chroma[-1] + 0.35 * (lead.chroma[-2] if len(lead) > 1 else 0)
        fit: Floats = (TONES @ newest).astype(np.float32) * 24
        if self.certain is not None:
            fit = np.full(CHORDS, -50, dtype=np.float32)
            fit[self.certain] = 0
        log_p = fit - np.log(np.exp(fit).sum())
        expected = np.zeros((4, 13), dtype=np.float32)
        expected[:, :12] = newest / max(1.0, float(newest.sum()))
        expected[:, 12] = 1 - expected[:, :12].sum(axis=1)
        return Forecast(log_p, log_p, expected)


class Chords:
    """A `Harmony` that is known from the beginning: each of the chords from its tick on; None is no chord."""

    def __init__(self, *chords: tuple[int, frozenset[int] | None]) -> None:
        self._chords = sorted(chords, key=lambda chord: chord[0])

    def tones_at(self, tick: int) -> frozenset[int] | None:
        begun = [tones for since, tones in self._chords if since <= tick]
        return begun[-1] if begun else None

    def next_change(self, tick: int) -> int | None:
        later = bisect_right(self._chords, tick, key=lambda chord: chord[0])
        return self._chords[later][0] if later < len(self._chords) else None


def cycle(bars: int, bar_ticks: int = 96) -> Chords:
    """C, F, G and A minor in turn, a bar each, from tick 0 on."""
    turn = (C_MAJOR, F_MAJOR, G_MAJOR, A_MINOR)
    return Chords(*((i * bar_ticks, turn[i % len(turn)]) for i in range(bars)))
