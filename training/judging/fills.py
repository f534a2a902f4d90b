"""What drums do beside their groove: fills, and accents."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.judging.repetition import Strokes, grid_bars
from training.judging.take import ONSET, PITCH, Notes, Take

_TOMS: Final = {41, 43, 45, 47, 48, 50}
_DENSE: Final = 1.4  # times the median bar
_MOST_TOMS: Final = 2  # places with toms in a bar that is no fill
_FEWEST_STROKES: Final = 10
_PHRASE_BARS: Final = 4  # every eighth bar is a fourth one
_ALIKE: Final = 0.5
_FEWEST_ACCENTS: Final = 3


def dense_fills(take: Take) -> list[bool] | None:
    """Which of the bars with drums are fills by what is in them: None for fewer than 10 strokes.

    A bar with more than 1.4 times the strokes of the median bar is one, and so is one with toms on more than two 16ths.
    """
    drums = take.notes("drums")
    if len(drums) < _FEWEST_STROKES:
        return None
    counts = _counts(drums, take)
    median = float(np.median(counts[counts > 0])) if counts.any() else 0.0
    toms = grid_bars(drums[np.isin(drums[:, PITCH], list(_TOMS))], take.bar_beats, take.bars)
    return [
        bool(count > _DENSE * median or len({place for place, _ in tom}) > _MOST_TOMS)
        for count, tom in zip(counts, toms, strict=True)
        if count > 0
    ]


def fills(take: Take) -> list[bool] | None:
    """Which of the bars with drums are fills, by what is in them (`dense_fills`) or by what they depart from.

    A bar at the end of four is also one if its last half differs from the groove: the strokes that at least two of the
    three bars before have there. It differs if it shares less than half of the strokes of both (Jaccard), while the
    three bars before share at least half with the groove on average; where they do not, there is no groove.
    """
    dense = dense_fills(take)
    if dense is None:
        return None
    drums = take.notes("drums")
    halves = [_last_half(bar, take) for bar in grid_bars(drums, take.bar_beats, take.bars)]
    sounding = np.flatnonzero(_counts(drums, take) > 0).tolist()
    return [one or _departs(halves, bar) for one, bar in zip(dense, sounding, strict=True)]


def accents(take: Take) -> float | None:
    """How much the drums' loudness depends on the place: the sd over 16ths of their mean velocity.

    Of strokes at one 16th of a bar the loudest counts. A 16th with fewer than four such bars is left out.
    """
    drums = take.notes("drums")
    if len(drums) < _FEWEST_STROKES:
        return None
    places = round(take.bar_beats * 4)
    loudest = np.zeros((take.bars, places))
    for onset, _, _, velocity in drums.tolist():
        bar = int(onset // take.bar_beats)
        if 0 <= bar < take.bars:
            place = round((onset - bar * take.bar_beats) * 4) % places
            loudest[bar, place] = max(loudest[bar, place], velocity)
    means = [column[column > 0].mean() for column in loudest.T if (column > 0).sum() > _FEWEST_ACCENTS]
    return float(np.std(means)) if means else 0.0


def _counts(drums: Notes, take: Take) -> NDArray[np.int64]:
    bars = np.floor(drums[:, ONSET] / take.bar_beats).astype(int)
    return np.bincount(bars[(bars >= 0) & (bars < take.bars)], minlength=take.bars)


def _last_half(bar: Strokes, take: Take) -> Strokes:
    return frozenset(stroke for stroke in bar if stroke[0] >= take.bar_beats * 2)


def _departs(halves: list[Strokes], bar: int) -> bool:
    if bar % _PHRASE_BARS != _PHRASE_BARS - 1:
        return False
    before = halves[bar - _PHRASE_BARS + 1 : bar]
    strokes = frozenset().union(*before)
    groove = frozenset(stroke for stroke in strokes if sum(stroke in half for half in before) > len(before) / 2)
    if not groove or float(np.mean([_alike(half, groove) for half in before])) < _ALIKE:
        return False
    return _alike(halves[bar], groove) < _ALIKE


def _alike(one: Strokes, other: Strokes) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0
