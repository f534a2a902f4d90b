"""What the engine does for each note, counted."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakePredictor

from bollylive.bench.work import CountingPredictor, work_per_note
from bollylive.model import codec
from bollylive.model.onnx_model import blank_question


def test_a_call_chooses_as_many_notes_as_there_are_rows_without_a_pitch() -> None:
    counting = CountingPredictor(FakePredictor())
    question = blank_question(3, counting.state_shape)
    question.rows[1, -1, codec.PITCH] = 60  # only the onset after this one is asked
    counting.predict(question)
    assert (counting.calls, counting.notes) == (1, 2)
    assert np.all(question.rows[[0, 2], -1, codec.PITCH] == codec.CHOOSE)


def test_every_note_that_is_planned_is_played_and_a_call_serves_several() -> None:
    work = work_per_note(FakePredictor(), 8.0)
    assert work["planned"] == pytest.approx(1.0, abs=0.1)
    assert 0.05 < work["model_calls"] < 1
    assert work["cpu_ms"] > 0
