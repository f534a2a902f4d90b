"""A checkpoint to the three files that are shipped: NAME-vN.onnx (int8), .json and .md, written together or not at all.

Nothing is written unless the graph passes the gates: the same choices as the network it came from, the same scores
row by row as all at once, int8 nearly as good as float, and quick answers.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from bollylive.files.whole_file import write_new
from bollylive.model.metadata import describe, write_metadata
from bollylive.model.onnx_model import Model
from training.data.corpus import load_corpora
from training.errors import TrainingError
from training.exporting.card import Card, Figures
from training.exporting.gates import (
    BAND_VOICES,
    check_chain,
    check_float,
    check_int8,
    check_latency,
    measure_latency,
    pooled,
)
from training.exporting.graph import OPSET, export_float, quantise
from training.measuring.evaluate import measure_corpora
from training.network.model import BandModel
from training.network.step import Step
from training.recipe import ModelConfig
from training.sequences.sequence import Sequence, some_sequences
from training.trainer.runfolder import no_checkpoint, read_best, read_config
from training.writing import NOT_A_STATE, write_text

BUFFER_NOTES = 128
_ENDINGS = (".md", ".json", ".onnx")  # in this order: a model is there when its .onnx is


@dataclass(frozen=True)
class Exported:
    """Where the model is, and what the gates measured."""

    onnx: Path
    figures: Figures


def load_checkpoint(path: Path) -> BandModel:
    """The network of a checkpoint, ready to evaluate; raises TrainingError where there is none."""
    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
        model = BandModel(ModelConfig(**saved["config"]))
        model.load_state_dict(saved["model"])
    except NOT_A_STATE as error:
        raise no_checkpoint(path, error) from error
    return model.eval()


def write_files(
    checkpoint: Path, name: str, held: dict[str, list[Sequence]], card: Callable[[Figures], str], folder: Path
) -> Exported:
    """Export, check and write the three files; raises ExportError or FileExistsError, and then writes nothing.

    `name` is NAME-vN; `held` is held-out music by corpus, to measure on; `card` makes the text of the .md from what
    was measured through the exported graph.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*-v[0-9]+", name):
        raise TrainingError(f"{name!r}: a model is named like bollywood-v1, in small letters with its version.")
    for ending in _ENDINGS:
        if (folder / f"{name}{ending}").exists():
            raise FileExistsError(f"{folder / name}{ending} is there; a version is never written over: count it up.")
    held = {corpus: sequences for corpus, sequences in held.items() if sequences}
    if not held:
        raise TrainingError("no song is held out, so nothing can be checked; prepare more music.")
    model = load_checkpoint(checkpoint)
    if not all(layer.many_rows for layer in model.layers):
        raise TrainingError(
            f"layers {model.config.layers!r} cannot be played: only recurrences (r) hear many rows at once."
        )
    with tempfile.TemporaryDirectory() as scratch:
        onnx, figures = _make(model, name, held, Path(scratch))
        write_text(onnx.with_suffix(".md"), card(figures))
        publish(Path(scratch), folder, name)
    return Exported(folder / f"{name}.onnx", figures)


def _make(model: BandModel, name: str, held: dict[str, list[Sequence]], scratch: Path) -> tuple[Path, Figures]:
    whole, small = scratch / "float.onnx", scratch / f"{name}.onnx"
    step = Step(model).eval()
    export_float(step, whole)
    check_float(step, whole)
    by_float = measure_corpora(load_exported(model, name, whole), held)
    check_chain(model, held, by_float)
    quantise(whole, small)
    shipped = load_exported(model, name, small)
    by_int8 = measure_corpora(shipped, held)
    check_int8(pooled(by_float), pooled(by_int8))
    latency_ms = {voices: measure_latency(shipped, voices) for voices in (1, BAND_VOICES)}
    check_latency(latency_ms[BAND_VOICES])
    return small, Figures(by_int8, pooled(by_float), pooled(by_int8), small.stat().st_size, latency_ms)


def load_exported(model: BandModel, name: str, onnx: Path) -> Model:
    """Write the metadata of a graph that was just exported from a network, and load both as the stage does."""
    state_rows, width = model.state_shape
    metadata = describe(name, onnx, buffer_notes=BUFFER_NOTES, state_rows=state_rows, width=width, opset=OPSET)
    write_metadata(metadata, onnx.with_suffix(".json"))
    return Model(onnx)


def publish(made: Path, folder: Path, name: str) -> None:
    """Bring the three files of a model to a folder, all or none: a failure half-way leaves nothing there.

    Raises FileError, also where one of the files is there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    brought: list[Path] = []
    try:
        for ending in _ENDINGS:
            path = folder / f"{name}{ending}"
            write_new(path, (made / path.name).read_bytes())
            brought.append(path)
    except BaseException:
        for path in brought:
            path.unlink(missing_ok=True)
        raise


def export(
    run: Path,
    name: str,
    data: Path,
    models: Path,
    manifest: Path | None = None,
    limit: int = 200,
    remark: str = "",
) -> Exported:
    """Export the best checkpoint of a run, measured on at most `limit` held-out sequences of each prepared corpus.

    The files go to the folder `models`. Raises what `write_files` raises, or TrainingError where a stage before is
    missing.
    """
    manifest = manifest or data / "manifest.json"
    try:
        corpora = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{manifest}: this is no manifest that prepare wrote ({error}).") from error
    sizes, config = read_config(run)
    held = {
        corpus: some_sequences([song for song in songs if song.valid], config.length, limit, config.seed)
        for corpus, songs in load_corpora(data).items()
    }
    card = Card(name, corpora, sizes, config, read_best(run).step, remark)
    return write_files(run / "best.pt", name, held, card, models)
