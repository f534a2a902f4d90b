"""How many bars an accompaniment needs until it fits again after the melody has suddenly changed key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.corpus import ONSET, PITCH
from training.listening.excerpt import Notes
from training.listening.fit import Sound, together_by_tick

BARS_AROUND = 8
_FEWEST_AFTER = 2  # bars in which the fit must last

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
    """The recovery of songs by one rule; None if no song can be measured.

    The fit is back in the first bar from which on it is, to the end of the bars looked at, on the mean not below that
    of the bars before by more than the standard error of the difference of two such means (the spread of single bars
    is that before the change). One bar that fits by chance is so no recovery. Bars in which nothing sounds together
    are passed over, and songs with fewer than two bars before. For the songs together the rule is the same, on the
    sums of their bars.
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


def regained(moved: list[Bars], melody_stays: list[Bars], band_stays: list[Bars]) -> dict[str, float | None]:
    """The share of fit that this band keeps, of what a change of key costs a band without context.

    0 where it fits no better than what it would have played without the change, 1 where it fits as well as if there
    had been none, in the first two bars after the change, in the next two, and in the rest; all songs together. None
    where the change costs nothing.
    """
    spans = {"bars_1_2": (0, 2), "bars_3_4": (2, 4), "later": (4, BARS_AROUND)}
    shares: dict[str, float | None] = {}
    for name, (begin, end) in spans.items():
        sums = [
            np.sum(songs, axis=0)[BARS_AROUND + begin : BARS_AROUND + end].sum(axis=0)
            for songs in (moved, melody_stays, band_stays)
        ]
        heard, best, unaware = (consonant / max(every, 1) for consonant, every in sums)
        shares[name] = round(float((heard - unaware) / (best - unaware)), 4) if best > unaware else None
    return shares


def _bars_needed(bars: Bars) -> int | None:
    sounding = bars[:, 1] > 0
    fit = bars[:, 0] / np.maximum(bars[:, 1], 1)
    before = fit[:BARS_AROUND][sounding[:BARS_AROUND]]
    if len(before) < 2 or not sounding[BARS_AROUND:].any():
        return None
    for bar in range(BARS_AROUND - _FEWEST_AFTER + 1):
        after = fit[BARS_AROUND + bar :][sounding[BARS_AROUND + bar :]]
        if not len(after):
            break
        error = before.std(ddof=1) * np.sqrt(1 / len(before) + 1 / len(after))
        if after.mean() >= before.mean() - error:
            return bar + 1
    return BARS_AROUND + 1
