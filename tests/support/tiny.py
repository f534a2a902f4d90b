"""A tiny network and its songs for the tests of the training; `write_tiny` has the one of the runtime."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from music import write_song
from write_tiny import LAYERS, STATE_SHAPE, WIDTH

from bollylive.model.metadata import describe, write_metadata
from training.data.corpus import Song
from training.data.prepare import read_song
from training.network.model import BandModel, Widths
from training.recipe import ModelConfig

SIZES = ModelConfig(WIDTH, LAYERS)

torch.set_num_threads(1)  # more only wait for each other at these sizes


def read(path: Path, valid: bool = False) -> Song:
    """A MIDI file as a song."""
    return Song(path.name, path.name, valid, *read_song(path))


def little_song(folder: Path, seed: int = 0, bars: int = 8) -> Song:
    """Three voices and drums; see `music.write_song`."""
    return read(write_song(folder / f"song{seed}.mid", seed, bars))


def tiny_network(seed: int = 0, sizes: ModelConfig = SIZES, widths: Widths | None = None) -> BandModel:
    """A network with random weights, large enough that its scores are far from even."""
    torch.manual_seed(seed)
    model = BandModel(sizes, widths or Widths()).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2)
    return model


def checkpoint(folder: Path, model: BandModel) -> Path:
    """The network as `train` saves its best one."""
    path = folder / "best.pt"
    config = {"width": model.config.width, "layers": model.config.layers}
    torch.save({"model": model.state_dict(), "config": config}, path)
    return path


def float_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network as a float ONNX graph: exporting takes seconds, so it is done once a session."""
    from training.exporting.graph import export_float
    from training.network.step import Step

    path = tmp_path_factory.getbasetemp() / "tiny-float.onnx"
    if not path.exists():
        export_float(Step(tiny_network()).eval(), path)
    return path


def tiny_onnx(tmp_path_factory: pytest.TempPathFactory, buffer_notes: int) -> Path:
    """The `.onnx` of the tiny network with its `.json` beside it, in a folder of its own."""
    from training.exporting.graph import OPSET

    onnx = tmp_path_factory.mktemp("models") / "tiny-v1.onnx"
    shutil.copyfile(float_graph(tmp_path_factory), onnx)
    rows, width = STATE_SHAPE
    metadata = describe("tiny-v1", onnx, buffer_notes=buffer_notes, state_rows=rows, width=width, opset=OPSET)
    write_metadata(metadata, onnx.with_suffix(".json"))
    return onnx
