"""A graph in onnxruntime, on one thread: a second one loses time on a machine that a DAW keeps busy."""

from __future__ import annotations

from typing import Any, TypeAlias

import onnxruntime

from bollylive.errors import ModelError
from bollylive.model.model_files import ModelFiles

Session: TypeAlias = Any  # an onnxruntime.InferenceSession, which has no types


def open_session(files: ModelFiles) -> Session:
    """Load a graph; raises ModelError if onnxruntime cannot. Takes about a tenth of a second."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Without it, int8 products saturate on processors without VNNI, and the same seed gives other notes there.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(files.onnx, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        raise ModelError(f"{files.path}: onnxruntime cannot load this model: {error}") from error
