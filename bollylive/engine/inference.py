"""Asking the model: rows of several parts in one call, and every answer put where it belongs."""

from __future__ import annotations

import logging
import math

import numpy as np

from bollylive.engine.band_notes import BandNotes
from bollylive.engine.model_query import ModelQuery
from bollylive.engine.pitch_bias import avoid_clashes
from bollylive.model import codec
from bollylive.model.predictor import Predictor, Question
from bollylive.sets.band import Set

_log = logging.getLogger(__name__)
_RETRY_S = 0.25  # a model that failed once may work again
_LOGGED_FAILURES = 100  # of so many, one is described


class Inference:
    """The engine's way to its model, with the noise that makes the choices.

    The same seed and the same asks give the same answers. After a failure it asks again from `retry_s` on;
    `failures` counts them.
    """

    def __init__(self, predictor: Predictor, band: Set, seed: int) -> None:
        self.retry_s = -math.inf
        self.failures = 0
        self._predictor = predictor
        self._random = np.random.default_rng(seed)
        self.use(band)

    def use(self, band: Set) -> None:
        """Ask with the knobs of this set from now on."""
        self._knobs = np.array([band.temperature] * len(codec.CHOICES) + [band.nucleus], dtype=np.float32)
        self._follow = band.follow

    def put(self, asks: list[ModelQuery], band_notes: BandNotes, now_s: float) -> None:
        """Put the asks, all of as many rows, to the model in one call.

        New notes go into the buffers, the plans and the ensemble.
        """
        if not asks or now_s < self.retry_s:
            return
        count = len(asks[0].ticks)
        channels = [ask.part.channel for ask in asks for _ in range(count)]
        ticks = [int(tick) for ask in asks for tick in ask.ticks]
        rows = np.stack([ask.rows for ask in asks])
        context = band_notes.hear(channels, ticks).reshape(len(asks), count, -1)
        clashes = avoid_clashes(context[:, -1], rows[:, -1, codec.INSTRUMENT], self._follow)
        question = Question(
            rows=rows,
            echoes=np.stack([ask.echoes for ask in asks]),
            context=context,
            state=np.stack([ask.state for ask in asks]),
            knobs=np.tile(self._knobs, (len(asks), 1)),
            pitch_bias=np.stack([ask.pitch_bias for ask in asks]) + clashes,
            onset_bias=np.stack([ask.onset_bias for ask in asks]),
            noise=self._random.random((len(asks), len(codec.CHOICES)), dtype=np.float32),
        )
        try:
            answer = self._predictor.predict(question)
        except Exception:  # noqa: BLE001  # on stage nothing is fatal: whatever it raises, the band tries again
            self.failures += 1
            self.retry_s = now_s + _RETRY_S
            if self.failures % _LOGGED_FAILURES == 1:
                _log.exception("the model failed, for the %d. time; a try comes each %g s", self.failures, _RETRY_S)
            return
        for ask, chosen, states in zip(asks, answer.chosen, answer.states, strict=True):
            if entry := ask.take(codec.decode(chosen), states):
                band_notes.add(ask.part.channel, ask.part.instrument, entry)
