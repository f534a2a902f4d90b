"""Whether hand drums play the theka: where the bass drum of the tabla speaks.

In keherwa (`Dha Ge Na Ti | Na Ka Dhin Na`, eight matras in a bar of four beats) it speaks on 1, 2 and 7, and from 4
to 6 it is open no more: the khali. In dadra (`Dha Dhin Na | Dha Tin Na`, six in a bar of three) it speaks on 1, 2 and
4. The thekas are those of the OpenRaga tables (CC BY 4.0), the keys those of `bollylive.midi.percussion`.
"""

from __future__ import annotations

from typing import Final

from bollylive.midi.percussion import STROKES
from training.judging.repetition import Strokes, grid_bars
from training.judging.take import Take

_HANDS: Final = {key for strokes in STROKES.values() for key in strokes.values()}
_GE: Final = STROKES["tabla"]["ge"]
_SPEAKS: Final = {4.0: (1, 2, 7), 3.0: (1, 2, 4)}  # by beats in a bar: the matras
_KHALI: Final = {4.0: (4, 5, 6)}
_SIXTEENTHS_OF_A_MATRA: Final = 2
_FEWEST_BARS: Final = 4


def bass_drum(take: Take) -> tuple[dict[int, float], float | None]:
    """Of the bars with hand drums, the share with Ge on each matra of the theka, and that with Ge in its khali.

    A stroke on the second 16th of a matra is none on the matra, but counts in the khali. Nothing for other metres, and
    for fewer than four bars with hand drums.
    """
    bars = [
        bar for bar in grid_bars(take.notes("drums"), take.bar_beats, take.bars) if any(key in _HANDS for _, key in bar)
    ]
    if take.bar_beats not in _SPEAKS or len(bars) < _FEWEST_BARS:
        return {}, None
    on = {matra: sum(_has_ge(bar, matra) for bar in bars) / len(bars) for matra in _SPEAKS[take.bar_beats]}
    if (khali := _KHALI.get(take.bar_beats)) is None:
        return on, None
    return on, sum(any(_has_ge(bar, matra, whole=True) for matra in khali) for bar in bars) / len(bars)


def _has_ge(bar: Strokes, matra: int, whole: bool = False) -> bool:
    begin = (matra - 1) * _SIXTEENTHS_OF_A_MATRA
    places = range(begin, begin + (_SIXTEENTHS_OF_A_MATRA if whole else 1))
    return any(key == _GE and place in places for place, key in bar)
