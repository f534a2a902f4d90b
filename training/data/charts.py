"""A prepared chart: the melody and the chords of one song, in its bars; and the file that a corpus' charts travel in.

The split is the corpus' own: a chart is held out where its song is (`training.data.corpus`).
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bollylive.files.whole_file import write_file
from training.errors import TrainingError

FOLDER: Final = "charts"  # below that of the prepared corpora


@dataclass(frozen=True)
class Chart:
    """`lead` int32 [N, 3] of onset, end, pitch; `chords` int32 [M, 3] of begin, end, word; ticks from a bar line on."""

    name: str  # of the song in its corpus
    lead: NDArray[np.int32]
    chords: NDArray[np.int32]
    bar_ticks: int
    rights: str = ""  # what the column `rights_check` of SOURCES.tsv says of the song, such as `clear`


def save_charts(charts: list[Chart], path: Path) -> None:
    """Write charts, at least one, as one compressed archive: whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(
        path,
        lambda file: np.savez_compressed(
            file,
            name=np.array([chart.name for chart in charts]),
            bar_ticks=np.array([chart.bar_ticks for chart in charts]),
            rights=np.array([chart.rights for chart in charts]),
            lead=np.concatenate([chart.lead for chart in charts]),
            lead_count=np.array([len(chart.lead) for chart in charts]),
            chords=np.concatenate([chart.chords for chart in charts]),
            chord_count=np.array([len(chart.chords) for chart in charts]),
        ),
    )


def load_charts(path: Path) -> list[Chart]:
    """Read what `save_charts` wrote; raises TrainingError for anything else."""
    try:
        with np.load(path) as arrays:
            leads = np.split(arrays["lead"], np.cumsum(arrays["lead_count"])[:-1])
            chords = np.split(arrays["chords"], np.cumsum(arrays["chord_count"])[:-1])
            columns = (arrays["name"], leads, chords, arrays["bar_ticks"], arrays["rights"])
    except (OSError, KeyError, ValueError, EOFError, MemoryError, zlib.error, zipfile.BadZipFile) as error:
        raise TrainingError(f"{path}: these are no prepared charts ({error}); run prepare again.") from error
    return [
        Chart(str(name), lead, spans, int(bar), str(rights))
        for name, lead, spans, bar, rights in zip(*columns, strict=True)
    ]
