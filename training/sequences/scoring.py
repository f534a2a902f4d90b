"""How probable music is, through one protocol: by a shipped model, with context or without, or by a baseline."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec
from bollylive.model.onnx_model import Model, blank_question
from bollylive.model.predictor import Floats
from training.sequences.sequence import Sequence

Bits = NDArray[np.float64]


class Scorer(Protocol):
    """A way of measuring, or several that share their work."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the report calls them."""
        ...

    def score(self, sequences: list[Sequence]) -> dict[str, list[Bits]]:
        """By name the bits [T, 4] of each sequence's rows: pitch, duration, velocity, onset, from a fresh state.

        A rest costs onset bits only, a row whose `next` is not known none.
        """
        ...


class Biases(NamedTuple):
    """What is added to the scores of a sequence's rows."""

    pitch: Floats  # [T, 128]
    onset: Floats  # [T, ONSETS]


def score_rows(model: Model, sequences: list[Sequence], biases: list[Biases] | None = None) -> list[Bits]:
    """The bits [T, 4] of each sequence's rows through a shipped model's ONNX file itself.

    Every voice is fed row by row, as on stage, with all words given; the graph says how probable they were. The
    voices run side by side in one batch. Nothing is asked of a first row, the rest that every sequence opens with:
    it is heard with the second one.
    """
    scored = [np.zeros((len(sequence.rows), len(codec.CHOICES))) for sequence in sequences]
    state = np.zeros((len(sequences), *model.state_shape), dtype=np.float32)
    for t in range(1, max((len(sequence.rows) for sequence in sequences), default=0)):
        there = [i for i, sequence in enumerate(sequences) if t < len(sequence.rows)]
        rows = np.stack([sequences[i].rows[t - 1 : t + 1] for i in there])
        question = replace(
            blank_question(len(there), model.state_shape),
            rows=rows,
            echoes=np.stack([sequences[i].echoes[t] for i in there]),
            context=np.stack([sequences[i].context[t - 1 : t + 1] for i in there]),
            state=state[there],
        )
        if biases is not None:
            pitch, onset = (np.stack([getattr(biases[i], kind)[t] for i in there]) for kind in Biases._fields)
            question = replace(question, pitch_bias=pitch, onset_bias=onset)
        answer = model.predict(question)
        state[there] = answer.states[:, -1]
        logp = answer.logp.astype(np.float64)
        logp[rows[:, -1, codec.NEXT] == codec.CHOOSE, codec.NEXT - codec.CHOSEN.start] = 0
        for i, bits in zip(there, -logp / math.log(2), strict=True):
            scored[i][t] = bits
    return scored


class ModelScorer:
    """A shipped model."""

    names = ("model",)

    def __init__(self, model: Model) -> None:
        self.model = model

    def score(self, sequences: list[Sequence]) -> dict[str, list[Bits]]:
        """See `Scorer`."""
        return {"model": score_rows(self.model, sequences)}


class WithoutContextScorer:
    """A shipped model that receives no context: it does not hear the band."""

    names = ("without_context",)

    def __init__(self, model: Model) -> None:
        self.model = model

    def score(self, sequences: list[Sequence]) -> dict[str, list[Bits]]:
        """See `Scorer`."""
        silenced = [replace(sequence, context=np.zeros_like(sequence.context)) for sequence in sequences]
        return {"without_context": score_rows(self.model, silenced)}
