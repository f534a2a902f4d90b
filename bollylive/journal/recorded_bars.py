"""The bars of a recording: all of one length, but for a shorter one before each new sam."""

from __future__ import annotations

import math
from typing import Final

from bollylive.midi.bars import bar_at
from bollylive.midi.song import Meters

_SAME_BEATS: Final = 0.25  # a bar line nearer than this to another is the same: a sam moves by whole beats
_PARTS_OF_BEAT: Final = 16  # a 64th: shorter ones have no time signature
_LATE_BEATS: Final = 1.0  # a sam may lie this far back when it is told, since it moves to the nearest beat


class RecordedBars:
    """Where bars begin, in the beats of the recording; the first one at beat 0. For one thread."""

    def __init__(self, beats_per_bar: float) -> None:
        """`beats_per_bar` is the length of all bars but those that a new sam cuts short."""
        self.beats_per_bar = float(beats_per_bar)
        self._meters = [(0.0, self.beats_per_bar)]

    def meters(self, end_beat: float) -> Meters:
        """Return (beat, quarter notes per bar) from beat 0 up to `end_beat`; more may follow."""
        first, *later = self._meters
        return (first, *(meter for meter in later if meter[0] <= end_beat))

    def first_line(self, beat: float) -> float:
        """Return the first line of the latest bars, continued in both directions, that is not before a beat."""
        begin = self._meters[-1][0]
        return begin + math.ceil((beat - begin) / self.beats_per_bar) * self.beats_per_bar

    def begin_bar(self, line: float, now_beat: float) -> None:
        """Let bars begin at `line`, and so many bars before or after it, from now on; the bar that is cut is shorter.

        No effect if they begin there already.
        """
        begin = self._meters[-1][0]
        moved = (line - begin) % self.beats_per_bar
        if min(moved, self.beats_per_bar - moved) < _SAME_BEATS:
            return
        earliest = max(0.0, now_beat - _LATE_BEATS)
        new = line + math.ceil((earliest - line) / self.beats_per_bar) * self.beats_per_bar
        while len(self._meters) > 1 and self._meters[-1][0] >= new:
            self._meters.pop()
        cut = bar_at(tuple(self._meters), new)
        shorter = round((new - cut.begin_beats) * _PARTS_OF_BEAT) / _PARTS_OF_BEAT
        if self._meters[-1][0] == cut.begin_beats:
            self._meters.pop()
        if shorter > 0.0:
            self._meters.append((cut.begin_beats, shorter))
        self._meters.append((cut.begin_beats + shorter, self.beats_per_bar))
