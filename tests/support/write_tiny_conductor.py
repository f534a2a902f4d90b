"""Write the conductor that tests play by: `PYTHONPATH=. python tests/support/write_tiny_conductor.py`.

`tiny-conductor-v1.onnx` is a real network with random weights and small layers. It is committed, so that no test of the
runtime needs torch. Write it anew when the contract changes: its `.json` must fit this version.
"""

from __future__ import annotations

from pathlib import Path

from bollylive.model.chord_metadata import describe, write_metadata

TINY_CONDUCTOR = Path(__file__).with_name("tiny-conductor-v1.onnx")


def write(onnx: Path) -> None:
    """Export the network and write its `.onnx` and `.json`; takes some 10 s."""
    import torch

    from training.conducting.graph import check_graph, export_graph
    from training.conducting.network import ChordNetwork, Sizes
    from training.exporting.graph import OPSET

    torch.manual_seed(0)
    network = ChordNetwork(Sizes(entry=8, hidden=8)).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(2)
    export_graph(network, onnx)
    check_graph(network, onnx)
    write_metadata(describe("tiny-conductor-v1", onnx, OPSET), onnx.with_suffix(".json"))


if __name__ == "__main__":
    write(TINY_CONDUCTOR)
