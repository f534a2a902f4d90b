"""What is wrong with a voice in itself: that it repeats itself, is stuck, is silent, or falls off the grid."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.model.codec import TICKS_PER_BEAT
from training.data.corpus import ONSET, PITCH, VELOCITY, VOICE
from training.listening.excerpt import Excerpt, Notes
from training.listening.overlap import tops

FIGURES = (4, 8)  # notes
_LONG_RUN = 8
_SIXTEENTH_TICKS, _TRIPLET_TICKS = TICKS_PER_BEAT // 4, TICKS_PER_BEAT // 3


class Share:
    """So many of so many."""

    def __init__(self) -> None:
        self._part, self._whole = 0.0, 0.0

    def add(self, part: float, whole: float) -> None:
        """Count some more."""
        self._part += part
        self._whole += whole

    def __float__(self) -> float:
        return float(self._part / self._whole) if self._whole else 0.0


def describe_voices(pieces: Iterable[tuple[Excerpt, Notes, list[int]]]) -> dict[str, float]:
    """Figures on the channels that are listed for each piece of music: shares 0-1, runs in notes.

    `repeated_N`: of the figures of N notes (pitches and steps in time) of a pitched voice, those that it has played
    before. `same_bar`: of the bars in which a pitched voice plays, those that are as its bar before, pitches and
    places; `same_drum_bar`: the same of percussion. `stuck`: of the highest notes of a pitched voice, those in a run
    of 8 or more of one pitch; `machine_gun`: those in such a run in equal steps. `longest_run`: of one pitch, the
    greatest over voices, and the median. `silent_voices`: voices that play nothing at all. `out_of_range`: notes
    beyond what the voice plays in its whole song. `off_grid`: onsets on neither a sixteenth nor a triplet.
    `notes_per_bar` is the mean over voices and bars, `velocity` that over notes, `velocity_spread` the mean over
    voices of their standard deviation.
    """
    names = (*(f"repeated_{n}" for n in FIGURES), "same_bar", "same_drum_bar", "stuck", "machine_gun")
    names += ("silent_voices", "out_of_range", "off_grid", "notes_per_bar", "velocity", "velocity_spread")
    shares = {name: Share() for name in names}
    longest: list[int] = []
    for excerpt, notes, channels in pieces:
        for channel in channels:
            own = notes[notes[:, VOICE] == channel]
            shares["silent_voices"].add(len(own) == 0, 1)
            shares["notes_per_bar"].add(len(own), excerpt.bars)
            if not len(own):
                continue
            shares["velocity"].add(own[:, VELOCITY].sum(), len(own))
            shares["velocity_spread"].add(own[:, VELOCITY].std(), 1)
            shares["off_grid"].add(off_grid(own), len(own))
            bars = same_bars(own, excerpt.cycle)
            if channel == PERCUSSION_CHANNEL:
                shares["same_drum_bar"].add(*bars)
                continue
            shares["same_bar"].add(*bars)
            low, high = excerpt.ranges.get(channel, (0, 127))
            shares["out_of_range"].add(((own[:, PITCH] < low) | (own[:, PITCH] > high)).sum(), len(own))
            line = tops(own, channel)
            for length in FIGURES:
                shares[f"repeated_{length}"].add(*repeated_figures(line, length))
            runs = [(length, even) for length, even in equal_pitch_runs(line) if length >= _LONG_RUN]
            shares["stuck"].add(sum(length for length, _ in runs), len(line))
            shares["machine_gun"].add(sum(length for length, even in runs if even), len(line))
            longest.append(max(length for length, _ in equal_pitch_runs(line)))
    spans = {"longest_run": float(max(longest, default=0)), "longest_run_median": float(np.median(longest or [0]))}
    return {name: float(share) for name, share in shares.items()} | spans


def repeated_figures(line: Notes, length: int) -> tuple[int, int]:
    """Of the figures of `length` notes of one voice, how many came before, and how many there are."""
    steps = np.diff(line[:, ONSET])
    words = [
        (*line[i : i + length, PITCH].tolist(), *steps[i : i + length - 1].tolist())
        for i in range(len(line) - length + 1)
    ]
    return len(words) - len(set(words)), len(words)


def same_bars(notes: Notes, cycle: int) -> tuple[int, int]:
    """Of the bars in which a voice plays, but its first, how many are as the bar before; and how many there are."""
    bars: dict[int, list[tuple[int, int]]] = {}
    for onset, pitch in notes[:, [ONSET, PITCH]].tolist():
        bars.setdefault(onset // cycle, []).append((onset % cycle, pitch))
    later = [bar for bar in bars if bar > min(bars)]
    return sum(bars[bar] == bars.get(bar - 1) for bar in later), len(later)


def equal_pitch_runs(line: Notes) -> list[tuple[int, bool]]:
    """The lengths of the runs of one pitch, and whether all steps within are equal."""
    parts: list[NDArray[np.int32]] = np.split(line[:, ONSET], np.flatnonzero(np.diff(line[:, PITCH])) + 1)
    return [(len(part), len(np.unique(np.diff(part))) == 1) for part in parts]


def off_grid(notes: Notes) -> int:
    """How many notes begin on neither a sixteenth nor a triplet."""
    return int(((notes[:, ONSET] % _SIXTEENTH_TICKS > 0) & (notes[:, ONSET] % _TRIPLET_TICKS > 0)).sum())
