"""Chords for tests, in place of a conductor."""

from __future__ import annotations

from bisect import bisect_right

C_MAJOR, F_MAJOR, G_MAJOR, A_MINOR = (frozenset(tones) for tones in ((0, 4, 7), (5, 9, 0), (7, 11, 2), (9, 0, 4)))


class Chords:
    """A `Harmony` that is known from the beginning: each of the chords from its tick on; None is no chord."""

    def __init__(self, *chords: tuple[int, frozenset[int] | None]) -> None:
        self._chords = sorted(chords, key=lambda chord: chord[0])

    def tones_at(self, tick: int) -> frozenset[int] | None:
        begun = [tones for since, tones in self._chords if since <= tick]
        return begun[-1] if begun else None

    def next_change(self, tick: int) -> int | None:
        later = bisect_right(self._chords, tick, key=lambda chord: chord[0])
        return self._chords[later][0] if later < len(self._chords) else None


def cycle(bars: int, bar_ticks: int = 96) -> Chords:
    """C, F, G and A minor in turn, a bar each, from tick 0 on."""
    turn = (C_MAJOR, F_MAJOR, G_MAJOR, A_MINOR)
    return Chords(*((i * bar_ticks, turn[i % len(turn)]) for i in range(bars)))
