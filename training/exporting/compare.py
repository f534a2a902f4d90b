"""Networks of other kinds and sizes side by side: bits per note after the same training, and the time of an answer."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from training.exporting import markdown
from training.exporting.export import load_checkpoint, load_exported
from training.exporting.gates import BAND_VOICES, measure_latency
from training.exporting.graph import export_float, quantise
from training.network.step import Step
from training.recipe import ModelConfig, TrainConfig
from training.trainer.runfolder import read_best, read_metrics
from training.trainer.train import train
from training.writing import write_json, write_text

RIVALS = (
    ("recurrence, 2 layers", ModelConfig(256, "rr"), 256),
    ("recurrence, 3 layers", ModelConfig(256, "rrr"), 256),
    ("recurrence, narrow", ModelConfig(192, "rr"), 256),
    ("recurrence, wide", ModelConfig(384, "rr"), 256),
    ("recurrence, half the buffer", ModelConfig(256, "rr"), 128),
    ("GRU, 2 layers", ModelConfig(256, "gg"), 256),
    ("recurrence and attention over the buffer", ModelConfig(256, "ra"), 256),
    ("transformer, 2 layers", ModelConfig(256, "aa"), 256),
)


@dataclass(frozen=True)
class Rival:
    """How one network did."""

    name: str
    layers: str
    width: int
    rows_heard: int  # at once in training: twice the buffer
    parameters: int
    held_out_bits: float
    training_s: float
    float_ms: dict[int, float]  # of an answer, by voices
    int8_ms: dict[int, float]
    int8_mb: float


def compare(
    data: Path, out: Path, config: TrainConfig, rivals: tuple[tuple[str, ModelConfig, int], ...] = RIVALS
) -> list[Rival]:
    """Train every rival alike on prepared corpora, in folders of `out`, and write `rivals.json` and `rivals.md` there.

    A run that is complete is not repeated. Latencies are medians on one thread of this machine, as busy as it is.
    """
    measured: list[Rival] = []
    for name, sizes, length in rivals:
        alike = replace(config, length=length, batch=config.batch * config.length // length)
        run = out / f"{sizes.layers}-{sizes.width}-{length}"
        train(data, run, sizes, alike)
        measured.append(_measure(name, run, sizes, length))
        write_json(out / "rivals.json", [asdict(rival) for rival in measured])
        write_text(out / "rivals.md", table(measured))
    return measured


def _measure(name: str, run: Path, sizes: ModelConfig, length: int) -> Rival:
    model = load_checkpoint(run / "best.pt")
    with tempfile.TemporaryDirectory() as scratch:
        whole, small = Path(scratch) / "float.onnx", Path(scratch) / "small.onnx"
        export_float(Step(model).eval(), whole, any_rows=False)
        quantise(whole, small)
        slow, quick = (load_exported(model, "rival-v0", path) for path in (whole, small))
        return Rival(
            name=name,
            layers=sizes.layers,
            width=sizes.width,
            rows_heard=length,
            parameters=sum(weight.numel() for weight in model.parameters()),
            held_out_bits=read_best(run).bits,
            training_s=read_metrics(run)["seconds"][-1],
            float_ms={voices: measure_latency(slow, voices) for voices in (1, BAND_VOICES)},
            int8_ms={voices: measure_latency(quick, voices) for voices in (1, BAND_VOICES)},
            int8_mb=small.stat().st_size / 1e6,
        )


def table(rivals: list[Rival]) -> str:
    """The rivals as a table in Markdown."""
    titles = [
        "network",
        "layers",
        "width",
        "rows",
        "parameters",
        "bits per note",
        "training s",
        "16 voices float",
        "int8",
        "MB",
    ]
    rows = [
        (
            rival.name,
            rival.layers,
            str(rival.width),
            str(rival.rows_heard),
            f"{rival.parameters:,}",
            f"{rival.held_out_bits:.3f}",
            f"{rival.training_s:.0f}",
            f"{rival.float_ms[BAND_VOICES]:.2f} ms",
            f"{rival.int8_ms[BAND_VOICES]:.2f} ms",
            f"{rival.int8_mb:.1f}",
        )
        for rival in rivals
    ]
    return markdown.table(titles, rows, numbers=slice(2, None)) + "\n"
