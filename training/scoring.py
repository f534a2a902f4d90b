"""Whatever says how probable music is, through one protocol: a shipped model, a deaf one, a baseline."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bollylive import codec
from bollylive.model import Model, blank_question
from bollylive.predictor import Question
from training.sequence import Sequence

Bits = NDArray[np.float64]


class Scorer(Protocol):
    """A way of measuring."""

    @property
    def name(self) -> str:
        """What the report calls it."""
        ...

    def score(self, sequences: list[Sequence]) -> list[Bits]:
        """The bits [T, 4] of each sequence's rows: pitch, duration, velocity, onset, each from a fresh state.

        A rest costs onset bits only, a row whose `next` is not known none.
        """
        ...


class ModelScorer:
    """A shipped model through its ONNX file itself.

    Every voice is fed row by row, as on stage, with all words given; the graph says how probable they were. The
    voices run side by side in one batch.
    """

    name = "model"

    def __init__(self, model: Model) -> None:
        self.model = model

    def score(self, sequences: list[Sequence]) -> list[Bits]:
        """See `Scorer`."""
        shape = self.model.state_shape
        scored = [np.zeros((len(sequence.rows), 4)) for sequence in sequences]
        state = np.zeros((len(sequences), *shape), dtype=np.float32)
        for t in range(max((len(sequence.rows) for sequence in sequences), default=0)):
            there = [i for i, sequence in enumerate(sequences) if t < len(sequence.rows)]
            row = np.stack([sequences[i].rows[t] for i in there])
            blank = blank_question(len(there), shape)
            answer = self.model.predict(
                Question(
                    row=row,
                    context=np.stack([sequences[i].context[t] for i in there]),
                    state=state[there],
                    knobs=blank.knobs,
                    pitch_bias=blank.pitch_bias,
                    onset_bias=blank.onset_bias,
                    noise=blank.noise,
                )
            )
            state[there] = answer.state
            logp = answer.logp.astype(np.float64)
            logp[row[:, 4] == codec.CHOOSE, 3] = 0
            for i, bits in zip(there, -logp / math.log(2), strict=True):
                scored[i][t] = bits
        return scored


class DeafScorer:
    """Another scorer that does not hear the band."""

    name = "deaf"

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer

    def score(self, sequences: list[Sequence]) -> list[Bits]:
        """See `Scorer`."""
        return self.scorer.score([replace(sequence, context=np.zeros_like(sequence.context)) for sequence in sequences])
