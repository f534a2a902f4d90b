"""What the engine asks of a model: what some voices have played since, and what comes next; and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Question:
    """The newest T rows of each of B voices, the last of which is asked for; the fields are those of the graph."""

    rows: Ints  # [B, T, 9], T at least 2, complete but for the last; see `codec.FIELDS`
    echoes: Ints  # [B, E, 5] of the last row, see `recall.recall`
    context: Floats  # [B, T, C], see `hearing.hear`
    state: Floats  # [B, S, H], before the first row
    knobs: Floats  # [B, 5]: temperatures of pitch, duration, velocity and onset, and the nucleus
    pitch_bias: Floats  # [B, 128], added to the scores
    onset_bias: Floats  # [B, ONSETS], added to the scores
    noise: Floats  # [B, 4], uniform in (0, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was given or chosen in the last row of each voice, and what the rows before it did to its state."""

    chosen: Ints  # [B, 4]: pitch, duration, velocity, next
    logp: Floats  # [B, 4], natural logarithms
    states: Floats  # [B, T - 1, S, H], after each row but the last


class Predictor(Protocol):
    """A loaded model. Called by the engine's thread alone; blocks for well under a millisecond."""

    buffer_notes: int  # n: how many notes it was trained to remember
    state_shape: tuple[int, int]  # (S, H)

    def predict(self, question: Question) -> Answer:
        """Answer one batch; raises only if the runtime fails."""
        ...
