"""What the engine asks of a model: one row of some voices in, what was chosen and the new states out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Question:
    """One row for each of B voices; the fields are those of the exported graph."""

    row: Ints  # [B, 9], see `codec.FIELDS`
    context: Floats  # [B, C], see `hearing.hear`
    state: Floats  # [B, L, H], before the row
    knobs: Floats  # [B, 5]: temperatures of pitch, duration, velocity and onset, and the nucleus
    pitch_bias: Floats  # [B, 128], added to the scores
    onset_bias: Floats  # [B, ONSETS], added to the scores
    noise: Floats  # [B, 4], uniform in (0, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was given or chosen in each row."""

    chosen: Ints  # [B, 4]: pitch, duration, velocity, next
    logp: Floats  # [B, 4], natural logarithms
    state: Floats  # [B, L, H], after the row


class Predictor(Protocol):
    """A loaded model. Called by the engine's thread alone; blocks for well under a millisecond."""

    buffer_notes: int  # n: how many notes it was trained to remember
    state_shape: tuple[int, int]  # (L, H)

    def predict(self, question: Question) -> Answer:
        """Answer one batch; raises only if the runtime fails."""
        ...
