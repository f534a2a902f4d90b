"""Running the model: it answers the queries of several parts in one call, and puts every answer where it belongs."""

from __future__ import annotations

import logging
import math

import numpy as np

from bollylive.engine.band_notes import BandNotes
from bollylive.engine.harmony_scores import HarmonyScores
from bollylive.engine.model_query import ModelQuery
from bollylive.engine.pitch_bias import avoid_clashes
from bollylive.model import codec
from bollylive.model.predictor import Floats, Predictor, Question
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

_log = logging.getLogger(__name__)
_RETRY_S = 0.25  # a model that failed once may work again
_LOGGED_FAILURES = 100  # of this many failures, only one is described


class Inference:
    """The engine's access to its model, with the random numbers that decide its choices.

    The same seed and the same queries give the same answers. After a failure the model runs again from `retry_s` on;
    `failures` counts them.
    """

    def __init__(self, predictor: Predictor, live: LiveSet, harmony: HarmonyScores, seed: int) -> None:
        self.retry_s = -math.inf
        self.failures = 0
        self._predictor, self._live, self._harmony = predictor, live, harmony
        self._random = np.random.default_rng(seed)

    def run(self, queries: list[ModelQuery], band_notes: BandNotes, now_s: float) -> None:
        """Answer queries that all have the same number of rows, in one call of the model; blocks for that call.

        New notes go into the buffers, into the plans, and into `band_notes`, through which the parts hear each other.
        """
        if not queries or now_s < self.retry_s:
            return
        question = self._question(queries, band_notes)
        try:
            answer = self._predictor.predict(question)
        except Exception:  # noqa: BLE001  # on stage nothing is fatal: the band tries again
            self.failures += 1
            self.retry_s = now_s + _RETRY_S
            if self.failures % _LOGGED_FAILURES == 1:
                _log.exception("the model failed, for the %d. time; a try comes each %g s", self.failures, _RETRY_S)
            return
        for query, chosen, states in zip(queries, answer.chosen, answer.states, strict=True):
            if entry := query.apply(codec.decode(chosen), states):
                band_notes.add(query.part.channel, query.part.instrument, entry)

    def _question(self, queries: list[ModelQuery], band_notes: BandNotes) -> Question:
        rows = np.stack([query.rows for query in queries])
        context = self._context(queries, band_notes)
        instruments = rows[:, -1, codec.INSTRUMENT]
        band = self._live.band
        return Question(
            rows=rows,
            echoes=np.stack([query.echoes for query in queries]),
            context=context,
            state=np.stack([query.state for query in queries]),
            knobs=np.tile(_knobs(band), (len(queries), 1)),
            pitch_bias=np.stack([query.pitch_bias for query in queries])
            + avoid_clashes(context[:, -1], instruments, band.follow)
            + self._harmony.of(queries, band.harmony_strength),
            onset_bias=np.stack([query.onset_bias for query in queries]),
            noise=self._random.random((len(queries), len(codec.CHOICES)), dtype=np.float32),
        )

    @staticmethod
    def _context(queries: list[ModelQuery], band_notes: BandNotes) -> Floats:
        """Return what every row of every query hears of the band: [B, T, C]."""
        count = len(queries[0].ticks)
        channels = [query.part.channel for query in queries for _ in range(count)]
        ticks = [int(tick) for query in queries for tick in query.ticks]
        return band_notes.context(channels, ticks).reshape(len(queries), count, -1)


def _knobs(band: Set) -> Floats:
    """The knobs of a question [K]: a temperature for each word that the model chooses, and the nucleus."""
    return np.array([band.temperature] * len(codec.CHOICES) + [band.nucleus], dtype=np.float32)
