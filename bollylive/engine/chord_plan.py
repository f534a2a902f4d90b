"""The plan of the harmony: which chord stands from which tick on."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from bollylive.model.chord_words import NO_CHORD, TONES

_MOST_CHORDS: Final = 1024
_CLASSES: Final = [frozenset(tones.nonzero()[0].tolist()) for tones in TONES]


class ChordPlan:
    """Chord words by the tick from which they stand; the last of them stands until another follows.

    Times are ticks of the engine's grid. Owned by the engine.
    """

    def __init__(self) -> None:
        self._ticks: list[int] = []
        self._chords: list[int] = []

    @property
    def newest(self) -> tuple[int, int] | None:
        """The last change: the tick from which its chord stands, and the chord; None if nothing is planned."""
        return (self._ticks[-1], self._chords[-1]) if self._ticks else None

    def put(self, tick: int, chord: int) -> None:
        """From a tick on a chord stands, or NO_CHORD; what stood in the plan from there on is forgotten."""
        self.cut(tick)
        if self.at(tick) != chord:
            self._ticks.append(tick)
            self._chords.append(chord)
        if len(self._ticks) > 2 * _MOST_CHORDS:
            del self._ticks[:-_MOST_CHORDS], self._chords[:-_MOST_CHORDS]

    def cut(self, tick: int) -> None:
        """Forget all changes from a tick on."""
        index = bisect_right(self._ticks, tick - 1)
        del self._ticks[index:], self._chords[index:]

    def at(self, tick: int) -> int:
        """The chord that stands at a tick; NO_CHORD before the first."""
        index = bisect_right(self._ticks, tick)
        return self._chords[index - 1] if index else NO_CHORD

    def tones_at(self, tick: int) -> frozenset[int] | None:
        """The pitch classes of the chord that stands at a tick; None if there is none."""
        chord = self.at(tick)
        return None if chord == NO_CHORD else _CLASSES[chord]

    def next_change(self, tick: int) -> int | None:
        """The first tick after this one at which another chord stands, if that is planned."""
        index = bisect_right(self._ticks, tick)
        return self._ticks[index] if index < len(self._ticks) else None

    def stood_ticks(self, tick: int) -> int:
        """For how long the chord that stands at a tick has stood by then; 0 if there is none."""
        index = bisect_right(self._ticks, tick)
        return tick + 1 - self._ticks[index - 1] if index else 0

    def since(self, tick: int) -> list[tuple[int, int]]:
        """The (tick, chord) of each change from a tick on."""
        index = bisect_right(self._ticks, tick - 1)
        return list(zip(self._ticks[index:], self._chords[index:], strict=True))
