"""A MIDI file as a picture: one piano roll for each channel, loud notes dark."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from bollylive.midi.instruments import name_of
from bollylive.midi.song_files import read_song
from training.writing import write_picture

_MOST_LABELS: Final = 32  # more of them overlap
_WIDTH_INCHES, _ROW_INCHES, _DPI = 12.0, 1.4, 80


def draw_song(midi: Path, out: Path) -> None:
    """Draw a MIDI file as a PNG, channels from top to bottom; raises FileError where it cannot be read."""
    song = read_song(midi)
    channels = sorted({note.channel for note in song.notes})
    figure = Figure(figsize=(_WIDTH_INCHES, _ROW_INCHES * max(len(channels), 1)), layout="constrained")
    axes = figure.subplots(max(len(channels), 1), 1, sharex=True, squeeze=False)[:, 0]
    for axis, channel in zip(axes, channels, strict=False):
        for note in (note for note in song.notes if note.channel == channel):
            loudness = 0.3 + 0.7 * note.velocity / 127
            axis.barh(note.pitch, note.duration_beats, left=note.onset_beats, color=f"C{channel % 10}", alpha=loudness)
        axis.set_title(f"{channel + 1} {name_of(song.programs.get(channel, 0), channel)}", fontsize=8, loc="left")
        axis.tick_params(labelsize=7)
        axis.set_xticks(beat_labels(song.length_beats, song.meters[0][1]))
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel("beats", fontsize=8)
    write_picture(out, figure, _DPI)


def beat_labels(length_beats: float, beats_per_bar: float) -> list[int]:
    """Return the beats to label: bar lines from the beginning, as many bars apart as it takes to read them."""
    step = max(1, round(beats_per_bar))
    while length_beats / step >= _MOST_LABELS:
        step *= 2
    return list(range(0, int(length_beats) + 1, step))
