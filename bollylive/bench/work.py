"""Counts for `bench` what the engine does for each note that is played, on virtual time and so without noise."""

from __future__ import annotations

import time

import numpy as np

from bollylive.bench.dense import demo_forever, dense_set
from bollylive.midi.messages import NoteOn
from bollylive.model import codec
from bollylive.model.chord_predictor import ChordPredictor
from bollylive.model.predictor import Answer, Predictor, Question
from bollylive.offline import OfflineBand
from bollylive.sets.setfile import parse_set


class CountingPredictor:
    """Passes questions on to a predictor, and counts the `calls` and the `notes` that were chosen in them."""

    def __init__(self, predictor: Predictor) -> None:
        self.calls = self.notes = 0
        self.buffer_notes, self.state_shape = predictor.buffer_notes, predictor.state_shape
        self.chord_predictor: ChordPredictor | None = predictor.chord_predictor
        self._predictor = predictor

    def predict(self, question: Question) -> Answer:
        """Answer one batch."""
        self.calls += 1
        self.notes += int(np.count_nonzero(question.rows[:, -1, codec.PITCH] == codec.CHOOSE))
        return self._predictor.predict(question)


def work_per_note(predictor: Predictor, seconds: float) -> dict[str, float]:
    """Return, for each note that sixteen channels play at 160 bpm, the notes planned, the model calls, and the ms.

    The ms are the processor time of engine and router in this process, with the harness. Blocks for about a quarter
    of the seconds, which are those of the music.
    """
    counting = CountingPredictor(predictor)
    band = OfflineBand(parse_set(dense_set(), "dense.toml"), counting, seed=1)
    began_s = time.process_time()
    for at_s, event in demo_forever(0.0):
        if at_s > seconds:
            break
        band.play(event, at_s)
    spent_s = time.process_time() - began_s
    played = sum(isinstance(sent.event, NoteOn) and sent.by == "model" for sent in band.sent)
    each = max(1, played)
    return {
        "planned": round(counting.notes / each, 3),
        "model_calls": round(counting.calls / each, 3),
        "cpu_ms": round(1e3 * spent_s / each, 3),
    }
