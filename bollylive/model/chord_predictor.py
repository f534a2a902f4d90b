"""A question to the conductor's network, and its answer: what the lead has played, step by step, and the next chord.

A *step* is half a bar where the bar has an even number of beats, such as two beats of 4/4, and else the whole bar, such
as the three beats of 3/4; see `lead_steps.step_ticks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from bollylive.model.predictor import Floats

REPLAYED_STEPS: Final = 64  # the network hears at most so many steps back
QUARTERS: Final = 4  # of a step, at each of which the lead is foretold
SILENCE: Final = 12  # stands for a pitch class where the lead is silent


@dataclass(frozen=True, slots=True)
class LeadSteps:
    """What the lead has sounded in S steps, the oldest first; each array is [S, 12], by pitch class."""

    chroma: Floats  # the share of the step, 0-1, for which a class sounds
    early: Floats  # the same, up to a quarter of a beat before the step's end
    held: Floats  # 1 for what sounds there
    first: Floats  # 1 for what sounds at the step's beginning

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self.chroma)

    def __getitem__(self, rows: slice) -> LeadSteps:
        """Some of the steps."""
        return LeadSteps(self.chroma[rows], self.early[rows], self.held[rows], self.first[rows])


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is likely in the step after those that were given."""

    log_p: Floats  # [61] natural logarithms of the chords' probabilities; see `chord_words`
    unguided: Floats  # [61] the same for a band that has played no chord yet
    lead: Floats  # [4, 13] probability of what the lead sounds at each quarter of the step: a pitch class, or SILENCE


class ChordPredictor(Protocol):
    """A loaded conductor. Called by the engine's thread alone; blocks for about a millisecond; keeps no state."""

    def forecast(
        self, lead: LeadSteps, chords: Sequence[int], first_step: int, steps_per_bar: int, known: bool = False
    ) -> Forecast:
        """Foretell the step after the last of `chords`; raises ValueError if the lengths do not fit.

        `lead` has a row for each of `chords` or, if `known`, one more: what was heard of the step itself so far.
        Only the newest rows count: 64 are replayed, and as many before them serve to compare with. `first_step` is the
        number of the first row, counted from the first bar line on, and `steps_per_bar` is 1 or 2.
        """
        ...


def no_lead(steps: int) -> LeadSteps:
    """So many steps of a silent lead."""
    return LeadSteps(*(np.zeros((steps, 12), dtype=np.float32) for _ in range(4)))
