"""A trained model in onnxruntime: find it, verify it, warm it up, and let it predict."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnxruntime

from bollylive import codec
from bollylive.errors import ModelError
from bollylive.hearing import CONTEXT_SIZE
from bollylive.predictor import Answer, Question
from bollylive.recall import ECHOES, NO_ECHO
from bollylive.sidecar import INPUTS, OUTPUTS, read_sidecar, verify

_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "models", _PACKAGE.parent / "models")  # in an installed wheel, and in a checkout


def find_model(name: str) -> Path:
    """The `.onnx` of a path, an exact name (`bollywood-v1`) or the newest version of one (`bollywood`).

    Raises ModelError that lists what there is.
    """
    if name.endswith(".onnx"):
        path = Path(name)
        if path.is_file():
            return path
        raise ModelError(f"{name}: there is no such model file.")
    there = {path.stem: path for folder in reversed(_FOLDERS) for path in sorted(folder.glob("*.onnx"))}
    versions = {int(m[1]): stem for stem in there if (m := re.fullmatch(rf"{re.escape(name)}-v(\d+)", stem))}
    if name in there:
        return there[name]
    if versions:
        return there[versions[max(versions)]]
    raise ModelError(f"there is no model {name!r}; there are: {', '.join(sorted(there)) or 'none'}.")


class Model:
    """A `Predictor` on one thread, which a DAW's own threads leave alone best.

    Loading takes about a tenth of a second and raises ModelError; `predict` blocks for well under a millisecond.
    """

    def __init__(self, onnx: Path) -> None:
        sidecar = read_sidecar(onnx.with_suffix(".json"))
        verify(sidecar, onnx)
        self.name = sidecar.name
        self.buffer_notes = sidecar.buffer_notes
        self.state_shape = (sidecar.state_rows, sidecar.width)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own, without a common base
            raise ModelError(f"{onnx}: onnxruntime cannot load this model: {error}") from error

    def predict(self, question: Question) -> Answer:
        """Answer one batch; see `Question` for the shapes."""
        feed = {name: getattr(question, name) for name in INPUTS}
        return Answer(*self._session.run(OUTPUTS, feed))

    def warm_up(self, most_voices: int = 16) -> None:
        """Run every batch size once, so that the first bar is not the slowest."""
        for voices in range(1, most_voices + 1):
            self.predict(blank_question(voices, self.state_shape))


def blank_question(voices: int, state_shape: tuple[int, int], rows: int = 2) -> Question:
    """A question about nothing, of the right shapes: for warming up and for measuring."""
    row = np.zeros((voices, rows, len(codec.FIELDS)), dtype=np.int64)
    row[..., 7:] = 4 * codec.TICKS_PER_BEAT, codec.REST
    row[:, -1, 1:5] = codec.CHOOSE
    return Question(
        rows=row,
        echoes=np.tile(np.array(NO_ECHO), (voices, ECHOES, 1)),
        context=np.zeros((voices, rows, CONTEXT_SIZE), dtype=np.float32),
        state=np.zeros((voices, *state_shape), dtype=np.float32),
        knobs=np.ones((voices, 5), dtype=np.float32),
        pitch_bias=np.zeros((voices, codec.PITCHES), dtype=np.float32),
        onset_bias=np.zeros((voices, codec.ONSETS), dtype=np.float32),
        noise=np.full((voices, 4), 0.5, dtype=np.float32),
    )
