"""Write the conductor that tests play by: `PYTHONPATH=. python tests/support/write_tiny_conductor.py`.

`tiny-conductor-v1.onnx` is a real network with random weights and small layers. It is committed, so that no test of the
runtime needs torch. Write it anew when the contract changes: its `.json` must fit this version.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bollylive.model.chord_metadata import describe, write_metadata

if TYPE_CHECKING:
    from training.conducting.network import ChordNetwork

TINY_CONDUCTOR = Path(__file__).with_name("tiny-conductor-v1.onnx")


def tiny_conductor() -> ChordNetwork:
    """The network itself, large enough in its weights that its scores are far from even."""
    import torch

    from training.conducting.network import ChordNetwork, Sizes

    torch.manual_seed(0)
    network = ChordNetwork(Sizes(entry=8, hidden=8)).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(2)
    return network


def write(onnx: Path) -> None:
    """Export the network and write its `.onnx` and `.json`; takes some 10 s."""
    from training.conducting.graph import export_graph
    from training.exporting.graph import OPSET

    export_graph(tiny_conductor(), onnx)
    write_metadata(describe("tiny-conductor-v1", onnx, OPSET), onnx.with_suffix(".json"))


if __name__ == "__main__":
    write(TINY_CONDUCTOR)
