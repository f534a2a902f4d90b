"""How lively the musician plays, and how much denser and louder that makes the band.

Both fade to nothing while the musician pauses.
"""

from __future__ import annotations

import math

from bollylive.model.codec import TICKS_PER_BEAT

USUAL_ONSETS_PER_BEAT = 1.5
USUAL_VELOCITY = 80
QUIETEST, LOUDEST = 0.5, 1.35  # of the model's own velocities

_HALF_LIFE_TICKS = 2 * TICKS_PER_BEAT  # of the weight of a note
_PAUSE_HALF_LIFE_TICKS = 4 * TICKS_PER_BEAT  # of the whole effect, since the newest note


class Energy:
    """Measures the musician's notes, in ticks that never decrease. Owned by the engine."""

    def __init__(self) -> None:
        self._tick: int | None = None  # of the newest note
        self._onsets = 0.0  # recent ones, each weighted by its age; a chord is one
        self._notes = 0.0
        self._velocities = 0.0

    def add(self, tick: int, velocity: int) -> None:
        """Add a note."""
        if self._tick is None:
            age = 0.0
            self._onsets = USUAL_ONSETS_PER_BEAT * _HALF_LIFE_TICKS / TICKS_PER_BEAT / math.log(2)
        else:
            age = max(0, tick - self._tick)
        kept = 2.0 ** (-age / _HALF_LIFE_TICKS)
        is_new = self._tick is None or tick > self._tick
        self._onsets = self._onsets * kept + is_new
        self._notes = self._notes * kept + 1.0
        self._velocities = self._velocities * kept + velocity
        self._tick = tick if self._tick is None else max(tick, self._tick)

    def density(self, tick: int) -> float:
        """How much denser the band should be at a tick: from -1 for half the usual onsets to 1 for twice as many."""
        if self._tick is None:
            return 0.0
        age = max(0, tick - self._tick)
        per_beat = self._onsets * math.log(2) * TICKS_PER_BEAT / _HALF_LIFE_TICKS
        return self._weight(age) * min(max(math.log2(per_beat / USUAL_ONSETS_PER_BEAT), -1.0), 1.0)

    def gain(self, tick: int) -> float:
        """The factor for the model's velocities at a tick."""
        if self._tick is None:
            return 1.0
        loudness = self._velocities / self._notes / USUAL_VELOCITY
        return 1.0 + self._weight(max(0, tick - self._tick)) * (min(max(loudness, QUIETEST), LOUDEST) - 1.0)

    @staticmethod
    def _weight(age: int) -> float:
        return math.pow(2.0, -age / _PAUSE_HALF_LIFE_TICKS)
