"""Pictures of how a model plays: distributions beside the real ones, the course of time, and piano rolls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bollylive.midi.instruments import name_of
from bollylive.model.codec import DURATION_TICKS, PERCUSSION
from training.data.corpus import DURATION, ONSET, PITCH, VOICE
from training.listening.excerpt import Excerpt, Notes
from training.listening.overlap import FEATURES, Histograms, overlap
from training.writing import write_picture

_DPI = 90
_GREY = "0.55"
_AXES = {
    "place": "tick in the beat",
    "grid_place": "tick in the beat",
    "duration": "steps of the codec",
    "velocity": "steps of the codec",
}


def draw_histograms(generated: Histograms, real: Histograms, title: str, out: Path) -> None:
    """Draw each feature of generated music over that of the real one, with the area in which they overlap."""
    areas = overlap(generated, real)
    figure = Figure(figsize=(14, 6), layout="constrained")
    figure.suptitle(f"{title}: real (grey) and generated (line)")
    places_for = figure.subplots(2, 4).ravel()
    for unused in places_for[len(FEATURES) :]:
        unused.set_axis_off()
    for axis, feature in zip(places_for, FEATURES, strict=False):
        places = np.arange(len(real[feature])) - (24 if feature == "interval" else 0)
        axis.bar(places, real[feature] / max(real[feature].sum(), 1), color=_GREY, width=1)
        axis.step(places, generated[feature] / max(generated[feature].sum(), 1), where="mid", color="C3")
        area = areas[feature]
        axis.set_title(f"{feature} {'–' if area is None else format(area, '.2f')}", fontsize=10)
        axis.set_xlabel(_AXES.get(feature, ""), fontsize=8)
        if feature == "duration":
            ticks = np.arange(0, len(DURATION_TICKS), 6)
            axis.set_xticks(ticks, [str(DURATION_TICKS[i]) for i in ticks], fontsize=7)
            axis.set_xlabel("ticks, 24 a beat", fontsize=8)
    write_picture(out, figure, _DPI)


def draw_through_time(ways: dict[str, Any], out: Path) -> None:
    """Draw notes, velocity and fit bar by bar, for every way of playing."""
    figure = Figure(figsize=(14, 3 * len(ways)), layout="constrained")
    rows = figure.subplots(len(ways), 3, squeeze=False)
    for row, (way, figures) in zip(rows, ways.items(), strict=True):
        for axis, what in zip(row, ("notes", "velocity", "fit"), strict=True):
            for side, colour in (("real", _GREY), ("generated", "C3")):
                if side in figures["by_bar"]:
                    values = figures["by_bar"][side][what]
                    shown = [
                        value if value or what == "notes" else np.nan for value in values
                    ]  # nothing played: no mean
                    axis.plot(range(1, len(values) + 1), shown, ".-", color=colour, label=side)
            axis.set_title(f"{way}: {what}", fontsize=9)
            axis.set_ylim(bottom=0 if what == "notes" else None)
            axis.grid(alpha=0.3)
        row[0].legend(fontsize=7)
    write_picture(out, figure, _DPI)


def draw_rolls(excerpt: Excerpt, real: Notes, generated: Notes, programs: dict[int, int], out: Path) -> None:
    """Draw piano rolls from the primer on, the real music above the generated, a colour for each voice.

    `generated` holds whatever was played with it too; `programs` has the instrument of every channel.
    """
    figure = Figure(figsize=(16, 8), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, sharey=True)
    primer = excerpt.primer
    for axis, notes, title in ((above, real, "real"), (below, generated, "generated")):
        _draw_roll(axis, np.concatenate([primer, notes]), programs)
        axis.set_title(f"{title}: {excerpt.corpus}, {excerpt.song}", fontsize=9, loc="left")
        axis.axvline(0, color="k", linewidth=1)
        axis.grid(alpha=0.25)
    first = int(primer[:, ONSET].min()) // excerpt.cycle if len(primer) else 0
    bars = np.arange(first, excerpt.bars + 1)
    below.set_xticks(bars * excerpt.cycle, [str(bar) for bar in bars], fontsize=7)
    below.set_xlabel("bars since the model took over", fontsize=8)
    handles, labels = below.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", fontsize=7)
    write_picture(out, figure, _DPI)


def _draw_roll(axis: Axes, notes: Notes, programs: dict[int, int]) -> None:
    """Percussion is grey, every other voice has a colour of its own."""
    for channel, program in programs.items():
        own = notes[notes[:, VOICE] == channel]
        drums = program == PERCUSSION
        axis.barh(
            own[:, PITCH],
            np.minimum(own[:, DURATION], 3) if drums else own[:, DURATION],
            left=own[:, ONSET],
            color=_GREY if drums else f"C{channel % 10}",
            alpha=0.5 if drums else 0.9,
            label=f"{channel + 1} {'percussion' if drums else name_of(program)}",
        )
