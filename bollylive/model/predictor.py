"""A question to a model, and its answer: what some voices have played since the last one, and what each plays next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bollylive.model.chord_predictor import ChordPredictor

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Question:
    """The newest T rows of each of B voices; the question is about the last row. The fields are those of the graph."""

    rows: Ints  # [B, T, F], T at least 2, all complete except the last; see `codec.ROW`
    echoes: Ints  # [B, E, 5] of the last row, see `bar_echoes.find_echoes`
    context: Floats  # [B, T, C], see `context.hear`
    state: Floats  # [B, S, H], before the first row
    knobs: Floats  # [B, 5]: temperatures of pitch, duration, velocity and onset, and the nucleus
    pitch_bias: Floats  # [B, 128], added to the scores
    onset_bias: Floats  # [B, ONSETS], added to the scores
    noise: Floats  # [B, 4], uniform in (0, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """The words of each voice's last row, given or chosen, and the states after the rows before it."""

    chosen: Ints  # [B, 4]: the columns `codec.CHOSEN`
    logp: Floats  # [B, 4], natural logarithms
    states: Floats  # [B, T - 1, S, H], after each row but the last


class Predictor(Protocol):
    """A loaded model. Called by the engine's thread alone; blocks for well under a millisecond."""

    buffer_notes: int  # n: how many notes it was trained to remember
    state_shape: tuple[int, int]  # (S, H)
    chord_predictor: ChordPredictor | None  # None: nobody conducts, each voice finds its own harmony

    def predict(self, question: Question) -> Answer:
        """Answer one batch; raises only if the runtime fails."""
        ...
