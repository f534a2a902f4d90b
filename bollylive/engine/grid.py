"""The engine's time: codec ticks that never go back, and their beats, bars and seconds, whoever leads the beat.

When the song jumps, or the bar begins elsewhere, the ticks go on: only their beats and bars are others. The ticks
themselves stay even. Planned notes get their beats from `Grid.beat_of`: begin there to swing them, say.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

from bollylive.clock.anchor import Anchor
from bollylive.model.codec import PLACES, TICKS_PER_BEAT
from bollylive.sets.live_set import LiveSet

_LATE_TICKS = 0.5  # a note this much late still sounds as if it were on its tick


def ticks_of(beats: float) -> int:
    """A length in ticks."""
    return round(beats * TICKS_PER_BEAT)


@cache
def model_bar_ticks(beats_per_bar: float) -> int:
    """The bar as the model knows it, in ticks: the longest equal part of it that fits into the eight beats of `PLACES`.

    So the model knows the cycle of a tala by its halves or thirds: the 16 beats of tintal as 8 + 8, the 14 of
    deepchandi as 7 + 7, the 12 of ektal as 6 + 6, the 10 of jhaptal as 5 + 5. A bar of 11 or 13 beats has no equal
    parts, so the model knows only its beat. A bar of 7/8, which has 3.5 beats, it knows as a whole.
    """
    bar_ticks = ticks_of(beats_per_bar)
    step = TICKS_PER_BEAT if bar_ticks % TICKS_PER_BEAT == 0 else 1
    parts = (ticks for ticks in range(TICKS_PER_BEAT, PLACES + 1, step) if bar_ticks % ticks == 0)
    return max(parts, default=TICKS_PER_BEAT)


class Bars(NamedTuple):
    """Where the bars are that the model knows: one begins at `zero_tick`, and each lasts `ticks`."""

    zero_tick: int
    ticks: int

    def place(self, tick: int) -> int:
        """How many ticks a tick is after a bar line."""
        return (tick - self.zero_tick) % self.ticks


class Grid:
    """Ticks of which one, `zero_tick`, is a bar line at `zero_beats`; beats and seconds come from the newest anchor."""

    def __init__(self, live: LiveSet, anchor: Anchor, zero_beats: float = 0.0) -> None:
        self.anchor = anchor
        self.zero_beats = zero_beats
        self.zero_tick = 0
        self._live = live

    @property
    def bar_ticks(self) -> int:
        """The length of a bar."""
        return ticks_of(self._live.band.beats_per_bar)

    @property
    def model_bars(self) -> Bars:
        """The bars as the model knows them; see `model_bar_ticks`."""
        return Bars(self.zero_tick, model_bar_ticks(self._live.band.beats_per_bar))

    def bar_line(self, tick: int) -> int:
        """The first bar line that is not before a tick."""
        return tick + (-self.ticks_past(tick, self.bar_ticks)) % self.bar_ticks

    def ticks_past(self, tick: int, apart_ticks: int) -> int:
        """How far a tick is past the last of the lines that stand every so many ticks, one of them on the bar line."""
        return (tick - self.zero_tick) % apart_ticks

    def tick_of(self, beat: float) -> int:
        """The tick nearest to a beat; never later than `earliest` at that beat."""
        return self.zero_tick + math.ceil(self._ticks(beat) - _LATE_TICKS)

    def position_of(self, beat: float) -> tuple[int, int]:
        """The tick nearest to a beat, and how many ticks that is into the bar as the model knows it."""
        tick = self.tick_of(beat)
        return tick, self.model_bars.place(tick)

    def beat_of(self, tick: int) -> float:
        """The beat of a tick."""
        return self.zero_beats + (tick - self.zero_tick) / TICKS_PER_BEAT

    def earliest(self, now_s: float) -> int:
        """The first tick at which something can still begin."""
        return self.tick_of(self.anchor.beat_at(now_s))

    def next_tick(self, beat: float) -> int:
        """The first tick that is not before a beat."""
        return self.zero_tick + math.ceil(self._ticks(beat) - 1e-6)

    def seconds_at(self, tick: float) -> float:
        """When a tick falls, while musical time runs."""
        return self.anchor.seconds_at(self.zero_beats + (tick - self.zero_tick) / TICKS_PER_BEAT)

    def move_zero(self, beat: float) -> None:
        """Make a beat the bar line."""
        self.zero_tick += round(self._ticks(beat))
        self.zero_beats = beat

    def follow(self, anchor: Anchor) -> None:
        """Follow a new anchor.

        Its beat is the next tick when the song position has jumped, when a stopped song goes on from another place,
        and when a Link session says where the bar begins.
        """
        old = self.anchor
        before = self._ticks(old.beat_at(anchor.at_s))
        self.anchor = anchor
        if jumped := anchor.epoch != old.epoch:
            self.zero_beats = 0.0
        if rebarred := anchor.bar_beat not in (None, old.bar_beat):
            self.zero_beats = anchor.bar_beat or 0.0
        if not old.running or jumped or rebarred:
            self.zero_tick -= round(self._ticks(anchor.beat) - before)

    def _ticks(self, beat: float) -> float:
        """The ticks from `zero_tick` to a beat."""
        return (beat - self.zero_beats) * TICKS_PER_BEAT
