"""How the cost of a band grows with its channels and its tempo: a table, measured on real ports."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from bollylive.bench.bench import Say, machine
from bollylive.bench.dense import dense_jam, play_dense
from bollylive.bench.report import Figures
from bollylive.bench.version import Version, system_of

CHANNELS: Final = (1, 2, 4, 8, 16)
TEMPOS_BPM: Final = (60, 120, 240)


def bench_costs(model: str, api: str | None, seconds: float, say: Say) -> Figures:
    """Measure the share of one core, and the notes a second, of bands of several sizes at several tempos.

    Blocks for so many seconds for each of fifteen bands, and some seconds more. Raises PortError if there is no MIDI
    system.
    """
    version = Version(system_of(api), model)
    costs: Figures = {}
    for tempo_bpm in TEMPOS_BPM:
        for channels in CHANNELS:
            say(f"{channels} channels at {tempo_bpm} bpm ...")
            with (
                tempfile.TemporaryDirectory() as name,
                dense_jam(version, folder := Path(name), channels, tempo_bpm) as jam,
            ):
                dense = play_dense(version.api, jam, folder, seconds, tempo_bpm)
            notes_per_s = round(dense["lateness_ms"]["n"] / seconds, 1)
            costs[f"{channels} at {tempo_bpm}"] = {"cpu_percent": dense["cpu_percent"], "notes_per_s": notes_per_s}
    return {**machine(), "costs": costs}


def describe_costs(figures: Figures) -> str:
    """The costs as a table in Markdown: percent of one core, and in brackets the notes a second."""
    lines = [
        f"| | {' | '.join(f'{tempo_bpm} bpm' for tempo_bpm in TEMPOS_BPM)} |",
        f"|---|{'---:|' * len(TEMPOS_BPM)}",
    ]
    for channels in CHANNELS:
        cells = [figures["costs"][f"{channels} at {tempo_bpm}"] for tempo_bpm in TEMPOS_BPM]
        shown = [f"{cell['cpu_percent']} ({cell['notes_per_s']})" for cell in cells]
        lines.append(f"| {channels} channel{'' if channels == 1 else 's'} | {' | '.join(shown)} |")
    return "\n".join([*lines, figures["machine"]])
