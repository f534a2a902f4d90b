"""Measures for `bench` how long the model takes."""

from __future__ import annotations

import time

from bollylive.bench.report import spread
from bollylive.engine.model_query import MOST_ROWS
from bollylive.model.onnx_model import Model, blank_question


def model_calls(model: Model, calls: int) -> dict[str, dict[str, float]]:
    """The time of one model call in ms, for 1 and for 16 channels."""
    model.warm_up()
    figures = {}
    for voices in (1, 16):
        question, times = blank_question(voices, model.state_shape), []
        for _ in range(calls):
            began_s = time.perf_counter()
            model.predict(question)
            times.append(1e3 * (time.perf_counter() - began_s))
        figures[str(voices)] = spread(times)
    return figures


def priming(model: Model, calls: int) -> dict[str, float]:
    """The time to feed a whole buffer of one channel, in pieces as the engine does, in ms."""
    pieces, times = -(-model.buffer_notes // MOST_ROWS), []
    question = blank_question(1, model.state_shape, MOST_ROWS + 1)
    for _ in range(max(1, calls // pieces)):
        began_s = time.perf_counter()
        for _ in range(pieces):
            model.predict(question)
        times.append(1e3 * (time.perf_counter() - began_s))
    return spread(times)
