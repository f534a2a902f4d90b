"""A checkpoint to the three files of a conductor: NAME-vN.onnx, .json and .md, written together or not at all."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from bollylive.model.chord_metadata import describe, write_metadata
from bollylive.model.chord_model import ChordModel
from training.conducting.card import card
from training.conducting.graph import check_graph, export_graph
from training.conducting.run import load_best, read_config
from training.data.manifest import read_manifest
from training.errors import TrainingError
from training.exporting.export import publish
from training.exporting.graph import OPSET
from training.writing import write_text

_ENDINGS = (".md", ".json", ".onnx")


def export(run: Path, name: str, data: Path, models: Path) -> Path:
    """Export the best checkpoint of a run, and return its `.onnx` in the folder `models`.

    Raises ExportError if the graph does not do what the network does, FileExistsError if a file of that name is there,
    and TrainingError if a stage before is missing; and then writes nothing.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*-conductor-v[0-9]+", name):
        raise TrainingError(f"{name!r}: a conductor is named like bollywood-conductor-v1, in small letters.")
    for ending in _ENDINGS:
        if (models / f"{name}{ending}").exists():
            raise FileExistsError(f"{models / name}{ending} is there; a version is never written over: count it up.")
    network, epoch = load_best(run)
    sizes, config = read_config(run)
    manifest = read_manifest(data)
    with tempfile.TemporaryDirectory() as scratch:
        onnx = Path(scratch) / f"{name}.onnx"
        export_graph(network, onnx)
        check_graph(network, onnx)
        write_metadata(describe(name, onnx, OPSET), onnx.with_suffix(".json"))
        ChordModel(onnx)
        parameters = sum(weight.numel() for weight in network.parameters())
        write_text(onnx.with_suffix(".md"), card(name, manifest, sizes, config, epoch, parameters, onnx.stat().st_size))
        publish(Path(scratch), models, name)
    return models / f"{name}.onnx"
