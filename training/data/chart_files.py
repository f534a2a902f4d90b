"""The charts of prepared corpora: which sources have any, and what the manifest says of them.

A corpus with lead sheets has its own; a source `NAME-chords` has those of the recordings in the corpus NAME.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data.chart_reading import CHARTS_SUFFIX, read_lead_sheets, read_recordings
from training.data.charts import FOLDER, Chart, save_charts
from training.data.chord_symbols import BEATS_ENDING, CHORDS_ENDING
from training.data.manifest import Manifest
from training.data.sources import opened
from training.errors import TrainingError


@dataclass(frozen=True)
class ReadCharts:
    """The charts of one corpus, and what the manifest says of them."""

    charts: list[Chart]
    entry: dict[str, Any]


def read_charts(name: str, music: Path, named: Mapping[str, Path]) -> ReadCharts:
    """Read the charts of a corpus from its folder, or from the source of tables that is named for it."""
    skipped: dict[str, str] = {}
    tables = named.get(name + CHARTS_SUFFIX)
    if tables is None:
        charts, sha256 = read_lead_sheets(music, skipped), _digest(music)
    else:
        with opened(tables) as folder:
            charts, sha256 = read_recordings(folder, music, skipped), _digest(folder)
    return ReadCharts(charts, _describe(charts, skipped, sha256))


def write_charts(read: Mapping[str, ReadCharts], manifest: Manifest, out: Path) -> None:
    """Write `out/charts/NAME.npz` and a part of the manifest's entry for each corpus that has charts.

    Those of a corpus that has none any more are removed.
    """
    for name, one in read.items():
        charts, entry = one.charts, one.entry
        path = out / FOLDER / f"{name}.npz"
        if not charts:
            path.unlink(missing_ok=True)
            continue
        save_charts(charts, path)
        manifest[name]["charts"] = entry
        print(f"{name}: {len(charts):,} charts, {entry['chords']:,} chords; {len(entry['skipped']):,} left out")


def check_charts(named: Mapping[str, Path]) -> None:
    """Raise TrainingError where tables of chords are named without the music that they are of."""
    for name in named:
        if name.endswith(CHARTS_SUFFIX) and name.removesuffix(CHARTS_SUFFIX) not in named:
            raise TrainingError(f"{named[name]}: name the corpus {name.removesuffix(CHARTS_SUFFIX)!r} beside it.")


def _describe(charts: list[Chart], skipped: dict[str, str], sha256: str) -> dict[str, Any]:
    chords = sum(len(chart.chords) for chart in charts)
    return {"songs": len(charts), "chords": chords, "skipped": skipped, "sha256": sha256}


def _digest(folder: Path) -> str:
    """The SHA-256 of the lines `DIGEST  FILE` that sha256sum writes of all tables, sorted by file."""
    tables = sorted(path for path in folder.rglob("*.tsv") if path.name.endswith((CHORDS_ENDING, BEATS_ENDING)))
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in tables)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
