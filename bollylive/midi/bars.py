"""Where the bars of a song begin, through all its changes of metre."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from bollylive.midi.song import Meters

_ROUNDING_BARS: Final = (
    1e-6  # a beat this near below a bar line is on it: ticks of a file are no round numbers of beats
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the beat at which it begins, and its length by the metre in force, both in quarter notes.

    A bar in 7/8 has 3.5. The next bar begins earlier where another metre comes in the middle of this one.
    """

    begin_beats: float
    length_beats: float


def bar_at(meters: Meters, beat: float) -> Bar:
    """Return the bar in which `beat` falls; `beat` is in it from its line on, up to the next line.

    Each metre begins a bar, as the time signatures of a MIDI file do: a pickup in 1/4 and then 3/4 gives bar lines at
    beats 0, 1, 4, 7. Before the first metre the bars go on backwards.
    """
    begin, length = meters[max(0, bisect_right(meters, beat + _ROUNDING_BARS, key=itemgetter(0)) - 1)]
    bars = math.floor((beat - begin) / length + _ROUNDING_BARS)
    return Bar(begin + bars * length, length)
