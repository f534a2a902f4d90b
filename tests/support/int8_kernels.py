"""A model's graph in numpy, with its int8 products as processors compute them: exactly, or in pairs that saturate.

onnxruntime multiplies unsigned by signed bytes. With VNNI (AVX-512 VNNI, AVX-VNNI) or on ARM the sum is exact. On an
x86 processor without it, `vpmaddubsw` adds two products into 16 bits and saturates, so the same file gives other
scores there. This module computes both anywhere; on the processor at hand it agrees with onnxruntime to 1e-6.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from bollylive.model.metadata import INPUTS, OUTPUTS
from bollylive.model.predictor import Answer, Question

_LEAST, _MOST = -(2**15), 2**15 - 1
_Array = NDArray[Any]


class NumpyModel:
    """A `Predictor` that takes some 15 ms for an answer; `saturates` says which kind of processor it is."""

    def __init__(self, path: Path, buffer_notes: int, state_shape: tuple[int, int], *, saturates: bool) -> None:
        kind = _SaturatedProduct if saturates else _ExactProduct
        product = type("MatMulInteger", (kind,), {})  # onnx goes by the name
        self.buffer_notes, self.state_shape = buffer_notes, state_shape
        self._graph = ReferenceEvaluator(onnx.load(path), new_ops=[product, GatherElements])

    def predict(self, question: Question) -> Answer:
        """Answer one batch."""
        feed = {name: getattr(question, name) for name in INPUTS}
        return Answer(*self._graph.run(list(OUTPUTS), feed))


class _ExactProduct(OpRun):
    """MatMulInteger of bytes [..., K] by [K, N], less their zero points."""

    def _run(self, a: _Array, b: _Array, a_zero: _Array, b_zero: _Array) -> tuple[_Array]:
        rows, weights = a.astype(np.int64).reshape(-1, a.shape[-1]), b.astype(np.int64)
        by_row = (rows.sum(axis=1, keepdims=True) - rows.shape[1] * a_zero.astype(np.int64)) * b_zero.astype(np.int64)
        product = self._dot(rows, weights) - a_zero.astype(np.int64) * weights.sum(axis=0) - by_row
        return (product.reshape(*a.shape[:-1], weights.shape[1]).astype(np.int32),)

    def _dot(self, rows: _Array, weights: _Array) -> _Array:
        return np.asarray(rows @ weights)


class _SaturatedProduct(_ExactProduct):
    """The same, with each two neighbouring products added into 16 bits."""

    def _dot(self, rows: _Array, weights: _Array) -> _Array:
        odd = rows.shape[1] % 2
        rows, weights = np.pad(rows, ((0, 0), (0, odd))), np.pad(weights, ((0, odd), (0, 0)))
        products = rows[:, :, None] * weights
        pairs = products.reshape(len(rows), -1, 2, weights.shape[1]).sum(axis=2)
        return np.asarray(np.clip(pairs, _LEAST, _MOST).sum(axis=1))


class GatherElements(OpRun):
    """onnx's own refuses an index that is smaller than the data in another axis, which ONNX allows."""

    def _run(self, data: _Array, indices: _Array, axis: int | None = None) -> tuple[_Array]:
        axis = (axis or 0) % data.ndim
        part = tuple(slice(None) if i == axis else slice(size) for i, size in enumerate(indices.shape))
        return (np.take_along_axis(data[part], indices, axis=axis),)
