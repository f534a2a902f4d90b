"""A trained model in onnxruntime: verified when it is loaded, warmed up, and asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bollylive.model import codec
from bollylive.model.bar_echoes import ECHOES, NO_ECHO
from bollylive.model.context import CONTEXT_SIZE
from bollylive.model.metadata import INPUTS, KNOBS, OUTPUTS, parse_metadata, verify
from bollylive.model.model_files import ModelFiles, read_model_files
from bollylive.model.onnx_session import open_session
from bollylive.model.predictor import Answer, Question


class Model:
    """A `Predictor` that runs on one thread.

    Loading takes about a tenth of a second and raises ModelError; `predict` blocks for well under a millisecond.
    """

    def __init__(self, model: Path | ModelFiles) -> None:
        """`model` is the path of its `.onnx`, with the `.json` beside it, or the contents of both."""
        files = read_model_files(model) if isinstance(model, Path) else model
        metadata = parse_metadata(files.metadata, files.path.with_suffix(".json"))
        verify(metadata, files.onnx, files.path)
        self.name = metadata.name
        self.buffer_notes = metadata.buffer_notes
        self.state_shape = (metadata.state_rows, metadata.width)
        self._session = open_session(files)

    def predict(self, question: Question) -> Answer:
        """Answer one batch; see `Question` for the shapes."""
        feed = {name: getattr(question, name) for name in INPUTS}
        return Answer(*self._session.run(OUTPUTS, feed))

    def warm_up(self, most_voices: int = 16) -> None:
        """Run every batch size once, so that the first bar is not the slowest."""
        for voices in range(1, most_voices + 1):
            self.predict(blank_question(voices, self.state_shape))


def blank_question(voices: int, state_shape: tuple[int, int], rows: int = 2) -> Question:
    """A question of the right shapes without any music, for warming up and for measuring."""
    row = np.zeros((voices, rows, len(codec.ROW)), dtype=np.int64)
    row[..., codec.CYCLE], row[..., codec.PREVIOUS] = 4 * codec.TICKS_PER_BEAT, codec.REST
    row[:, -1, codec.CHOSEN] = codec.CHOOSE
    return Question(
        rows=row,
        echoes=np.tile(np.array(NO_ECHO), (voices, ECHOES, 1)),
        context=np.zeros((voices, rows, CONTEXT_SIZE), dtype=np.float32),
        state=np.zeros((voices, *state_shape), dtype=np.float32),
        knobs=np.ones((voices, len(KNOBS)), dtype=np.float32),
        pitch_bias=np.zeros((voices, codec.PITCHES), dtype=np.float32),
        onset_bias=np.zeros((voices, codec.ONSETS), dtype=np.float32),
        noise=np.full((voices, len(codec.CHOICES)), 0.5, dtype=np.float32),
    )
