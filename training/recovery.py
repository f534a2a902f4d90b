"""How many bars an accompaniment needs until it fits again after the melody has suddenly changed key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.corpus import ONSET, PITCH
from training.excerpt import Notes
from training.fit import Sound, together_by_tick

BARS_AROUND = 8

Bars = NDArray[np.float64]  # [2 * BARS_AROUND, 2]: consonant pairs and all in the bars before and after, see `fit`


@dataclass(frozen=True)
class Recovery:
    """Bars until the fit is back, 1 if it is so in the first bar; BARS_AROUND + 1 where it never was."""

    median: float  # over songs
    within_two: float  # the share of songs
    pooled: int  # of all songs' bars together
    curve: list[float]  # the fit in each bar around the change, all songs together
    songs: int


def transpose_from(melody: Notes, tick: int, semitones: int) -> Notes:
    """The melody, from a tick on in another key."""
    melody = melody.copy()
    melody[melody[:, ONSET] >= tick, PITCH] += semitones
    return melody


def bars_around(melody: Sound, others: Sound, cycle: int, change: int) -> Bars:
    """What sounds together in the bars around the bar number `change`; zeros where there is no bar."""
    consonant, every = together_by_tick(melody, others)
    bars = np.zeros((2 * BARS_AROUND, 2))
    for i in range(2 * BARS_AROUND):
        begin = (change - BARS_AROUND + i) * cycle
        if begin >= 0:
            bars[i] = consonant[begin : begin + cycle].sum(), every[begin : begin + cycle].sum()
    return bars


def measure_recovery(songs: list[Bars]) -> Recovery | None:
    """The recovery of songs by one rule; None where none has anything to say.

    The fit is back in the first bar after the change whose fit is not below its mean over the bars before, less the
    standard deviation of those bars. Bars in which nothing sounds together are passed over, and songs with fewer than
    two bars to compare with. For the songs together the rule is the same, on the sums of their bars.
    """
    needed = [bars for song in songs if (bars := _bars_needed(song)) is not None]
    if not needed:
        return None
    pooled = np.sum(songs, axis=0)
    all_needed = _bars_needed(pooled)
    curve = pooled[:, 0] / np.maximum(pooled[:, 1], 1)
    shown = [round(float(fit), 4) for fit in curve]
    within = float(np.mean([bars <= 2 for bars in needed]))
    return Recovery(float(np.median(needed)), within, all_needed or BARS_AROUND + 1, shown, len(needed))


def _bars_needed(bars: Bars) -> int | None:
    sounding = bars[:, 1] > 0
    fit = bars[:, 0] / np.maximum(bars[:, 1], 1)
    before = fit[:BARS_AROUND][sounding[:BARS_AROUND]]
    if len(before) < 2 or not sounding[BARS_AROUND:].any():
        return None
    enough = fit[BARS_AROUND:] >= before.mean() - before.std(ddof=1)
    back = np.flatnonzero(enough & sounding[BARS_AROUND:])
    return int(back[0]) + 1 if len(back) else BARS_AROUND + 1
