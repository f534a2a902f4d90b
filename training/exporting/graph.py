"""The network as ONNX graphs: the float one that torch writes, and the small int8 one that is shipped."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from bollylive.model import codec
from bollylive.model.bar_echoes import ECHO, ECHOES
from bollylive.model.context import CONTEXT_SIZE
from bollylive.model.metadata import INPUTS, KNOBS, OUTPUTS
from bollylive.model.predictor import Question
from training.network.step import Step

OPSET = 20


def random_question(voices: int, rows: int, state_shape: tuple[int, int], seed: int) -> Question:
    """A question with random values in every field; in every other voice the last row's words are to be chosen."""
    rng = np.random.default_rng(seed)
    cycle = 4 * codec.TICKS_PER_BEAT
    sizes = [field.choices or field.words for field in codec.ROW]
    sizes[codec.ONSET], sizes[codec.PLACE], sizes[codec.PREVIOUS] = codec.WAIT, cycle, codec.PITCHES
    row = np.stack([rng.integers(0, size, (voices, rows)) for size in sizes], axis=-1)
    row[..., codec.CYCLE] = cycle
    row[row[..., codec.ONSET] == 0, codec.PREVIOUS] = codec.REST
    row[::2, -1, codec.CHOSEN] = codec.CHOOSE

    def uniform(*shape: int) -> NDArray[np.float32]:
        return rng.random(shape, dtype=np.float32)

    return Question(
        rows=row,
        echoes=np.stack([rng.integers(0, field.words, (voices, ECHOES)) for field in ECHO], axis=-1),
        context=uniform(voices, rows, CONTEXT_SIZE),
        state=2 * uniform(voices, *state_shape) - 1,
        knobs=(0.5 + uniform(voices, len(KNOBS)) / 2).astype(np.float32),
        pitch_bias=uniform(voices, codec.PITCHES),
        onset_bias=uniform(voices, codec.ONSETS),
        noise=(0.01 + 0.98 * uniform(voices, len(codec.CHOICES))).astype(np.float32),
    )


def export_float(step: Step, path: Path, any_rows: bool = True) -> None:
    """Write the step as a float ONNX graph for any number of voices, and of rows from 2 on, or for just 2 rows."""
    question = random_question(3, 4 if any_rows else 2, step.model.state_shape, 0)
    inputs = tuple(torch.from_numpy(getattr(question, name)) for name in INPUTS)
    voices, rows = torch.export.Dim("voices"), torch.export.Dim("rows", min=2)
    in_rows = ("rows", "context") if any_rows else ()
    free = {name: {0: voices, 1: rows} if name in in_rows else {0: voices} for name in INPUTS}
    write_graph(step, inputs, path, INPUTS, OUTPUTS, free)


def write_graph(
    module: nn.Module,
    inputs: tuple[torch.Tensor, ...],
    path: Path,
    input_names: tuple[str, ...],
    output_names: tuple[str, ...],
    free: dict[str, dict[int, Any]],
) -> None:
    """Write a network as torch sees it on these inputs; `free` has the dimensions of each that may vary, by name."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the exporter says of its own workings; checks look at the result
        torch.onnx.export(
            module,
            inputs,
            path,
            input_names=input_names,
            output_names=output_names,
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            dynamic_shapes=free,
        )


def quantise(float_path: Path, path: Path) -> None:
    """Turn the matrix products to int8 (weights by channel, activations as they come)."""
    ready = float_path.with_suffix(".ready.onnx")
    quant_pre_process(float_path, ready, skip_symbolic_shape=True)
    kinds = ["MatMul", "Gemm"]
    quantize_dynamic(ready, path, weight_type=QuantType.QInt8, op_types_to_quantize=kinds, per_channel=True)
    strip_origin(path)


def strip_origin(path: Path) -> None:
    """Remove what playing does not need: the exporter's stack traces, which name paths of this machine."""
    graph = onnx.load(path)
    for part in (graph, graph.graph, *graph.graph.node, *graph.graph.input, *graph.graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    graph.graph.ClearField("value_info")
    onnx.checker.check_model(graph)
    onnx.save(graph, path)
