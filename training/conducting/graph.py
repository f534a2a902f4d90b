"""The conductor's network as the ONNX graph that is shipped, and the check that it does what the network does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from bollylive.model.chord_metadata import INPUTS, OUTPUTS
from bollylive.model.chord_predictor import REPLAYED_STEPS
from bollylive.model.chord_words import CHORDS
from bollylive.model.plan_rows import COLUMNS, REFERENCES
from training.conducting.network import ChordNetwork
from training.errors import ExportError
from training.exporting.graph import strip_origin, write_graph

TOLERANCE = 1e-4  # on every logarithm and probability


class LastStep(nn.Module):
    """What the network foretells after the last of T steps."""

    def __init__(self, network: ChordNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, lead: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        """Log probabilities of the chords [N, 61], and probabilities of the lead's classes [N, 4, 13]."""
        heard, _ = self.network.hear(lead, words)
        chords, quarters = self.network.foretell(heard[:, -1], words[:, -1])
        return torch.log_softmax(chords, dim=-1), torch.softmax(quarters, dim=-1)


def export_graph(network: ChordNetwork, path: Path) -> None:
    """Write the network as a float graph for any number of pieces and of steps up to 64."""
    last = LastStep(network).eval()
    lead, words = (torch.from_numpy(array) for array in random_rows(2, 5, 0))
    pieces, steps = torch.export.Dim("pieces"), torch.export.Dim("steps", min=1, max=REPLAYED_STEPS)
    write_graph(last, (lead, words), path, INPUTS, OUTPUTS, {name: {0: pieces, 1: steps} for name in INPUTS})
    strip_origin(path)


def check_graph(network: ChordNetwork, path: Path) -> None:
    """Raise ExportError where torch and onnxruntime differ, for any of several numbers of pieces and steps."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    last = LastStep(network).eval()
    for pieces, steps in ((1, 1), (2, 1), (2, 7), (3, 33), (2, REPLAYED_STEPS)):
        rows = random_rows(pieces, steps, steps)
        with torch.no_grad():
            expected = last(*(torch.from_numpy(array) for array in rows))
        got = session.run(OUTPUTS, dict(zip(INPUTS, rows, strict=True)))
        for name, a, b in zip(OUTPUTS, expected, got, strict=True):
            worst = float(np.abs(a.numpy() - b).max())
            if not worst <= TOLERANCE:
                raise ExportError(
                    f"with {pieces} pieces of {steps} steps, {name} differs by {worst:g}, more than {TOLERANCE:g}."
                )


def random_rows(pieces: int, steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random rows and words of references."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, CHORDS, (pieces, steps, len(REFERENCES)))
    return rng.random((pieces, steps, COLUMNS), dtype=np.float32), words
