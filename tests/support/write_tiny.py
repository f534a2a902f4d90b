"""Write the model that tests play with: `PYTHONPATH=. python tests/support/write_tiny.py`.

`tiny-v1.onnx` is a real model with random weights and small layers. It is committed, so that no test of the runtime
needs torch. Write it anew when the contract changes: its `.json` must fit this version.
"""

from __future__ import annotations

from pathlib import Path

from bollylive.model.metadata import describe, write_metadata

TINY = Path(__file__).with_name("tiny-v1.onnx")
BUFFER_NOTES = 8
WIDTH, LAYERS = 16, "rr"
STATE_SHAPE = (len(LAYERS), WIDTH)


def write(onnx: Path) -> None:
    """Export the network and write its `.onnx` and `.json`; takes some 10 s."""
    from tiny import tiny_network

    from training.exporting.graph import OPSET, export_float, strip_origin
    from training.network.model import Widths
    from training.network.step import Step
    from training.recipe import ModelConfig

    widths = Widths(hearing=8, echo=8, duration=8, velocity=8, next=8)
    network = tiny_network(sizes=ModelConfig(WIDTH, LAYERS), widths=widths)
    export_float(Step(network).eval(), onnx)
    strip_origin(onnx)
    rows, width = STATE_SHAPE
    metadata = describe("tiny-v1", onnx, buffer_notes=BUFFER_NOTES, state_rows=rows, width=width, opset=OPSET)
    write_metadata(metadata, onnx.with_suffix(".json"))


if __name__ == "__main__":
    write(TINY)
