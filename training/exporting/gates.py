"""What a graph must pass before it is shipped: it does what the network does, and fast enough for the stage."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from bollylive.model import codec
from bollylive.model.metadata import INPUTS, OUTPUTS
from bollylive.model.onnx_model import Model, blank_question
from training.errors import ExportError
from training.exporting.graph import random_question
from training.measuring.evaluate import Bits
from training.network.model import BandModel
from training.network.step import Step
from training.sequences.sequence import Sequence
from training.trainer.train import validate

FLOAT_TOLERANCE = 1e-4  # on every logarithm and every number of the state
CHAIN_TOLERANCE = 1e-3  # bits per note, by field
INT8_TOLERANCE = 0.02  # of the bits per note
SLOWEST_MS = 10.0  # median of one answer to a band of BAND_VOICES
BAND_VOICES = 16
_ANSWERS = 100


def check_float(step: Step, path: Path) -> None:
    """Raise ExportError where torch and onnxruntime differ, for any of several numbers of voices and rows."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for voices, rows in ((1, 2), (2, 2), (BAND_VOICES, 2), (1, 17), (3, 5)):
        question = random_question(voices, rows, step.model.state_shape, voices)
        feed = {name: getattr(question, name) for name in INPUTS}
        with torch.no_grad():
            expected = [value.numpy() for value in step(*(torch.from_numpy(value) for value in feed.values()))]
        got = session.run(OUTPUTS, feed)
        if not np.array_equal(expected[0], got[0]):
            raise ExportError(
                f"with {voices} voices of {rows} rows, torch chose {expected[0].tolist()}, ONNX {got[0].tolist()}."
            )
        for name, a, b in zip(OUTPUTS[1:], expected[1:], got[1:], strict=True):
            worst = float(np.abs(a - b).max())
            if not worst <= FLOAT_TOLERANCE:
                raise ExportError(
                    f"with {voices} voices of {rows} rows, {name} differs by {worst:g}, more than {FLOAT_TOLERANCE:g}."
                )


def check_chain(model: BandModel, held: dict[str, list[Sequence]], measured: dict[str, Bits]) -> None:
    """Raise ExportError where row after row through the graph scores music otherwise than torch does all at once."""
    longest = max(len(sequence.rows) for sequences in held.values() for sequence in sequences)
    for name, expected in validate(model, held, 32, longest).items():
        bits = measured[name]
        for field, value in zip(codec.FIGURES, expected, strict=True):
            if not abs(getattr(bits, field) - value) <= CHAIN_TOLERANCE:
                raise ExportError(
                    f"on {name}, {field} costs {getattr(bits, field):.4f} bits row by row, {value:.4f} at once."
                )
    model.eval()


def pooled(measured: dict[str, Bits]) -> float:
    """Bits per note over all notes of all corpora."""
    return sum(bits.total * bits.notes for bits in measured.values()) / sum(bits.notes for bits in measured.values())


def check_int8(float_bits: float, int8_bits: float) -> None:
    """Raise ExportError where the int8 graph predicts much worse than the float one."""
    if not int8_bits <= float_bits * (1 + INT8_TOLERANCE):
        raise ExportError(f"int8 needs {int8_bits:.3f} bits a note, float {float_bits:.3f}: too much is lost.")


def measure_latency(model: Model, voices: int) -> float:
    """The median time of one answer in milliseconds, on this machine as busy as it is."""
    question = blank_question(voices, model.state_shape)
    times = []
    for _ in range(_ANSWERS):
        begin = time.perf_counter()
        model.predict(question)
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)


def check_latency(latency_ms: float) -> None:
    """Raise ExportError where a band of BAND_VOICES would wait too long for its notes."""
    if latency_ms > SLOWEST_MS:
        raise ExportError(
            f"{BAND_VOICES} voices take {latency_ms:.1f} ms, more than {SLOWEST_MS:g}: train a smaller model, or "
            "export where less else is running."
        )
