"""The picture of a run: bits per note on held-out songs, corpus by corpus, and on what it trains on."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from training.trainer.runfolder import read_metrics
from training.writing import write_picture


def draw_metrics(run: Path) -> None:
    """Draw `metrics.png` from `metrics.csv`; does nothing where there is no line in it yet."""
    metrics = read_metrics(run)
    if not metrics:
        return
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for name, bits in metrics.items():
        if name not in ("step", "seconds"):
            axes.plot(metrics["step"], bits, ".--" if name == "train" else ".-", label=name)
    axes.set_xlabel("step")
    axes.set_ylabel("bits per note")
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    write_picture(run / "metrics.png", figure, 120)
