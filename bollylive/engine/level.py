"""How loud a channel is: its mean velocity stays where the set wants it, and louder and softer notes stay so.

It works on what leaves the planner. The model goes on hearing its own velocities, so that it is not led away from what
it has learned; what it chose is moved as a whole.
"""

from __future__ import annotations

from typing import Final

_NOTES: Final = 48  # the mean follows the model's as slowly as the mean of so many notes


class Level:
    """Follows the mean velocity of one channel's notes. Owned by its part; no call blocks."""

    def __init__(self) -> None:
        self._mean, self._count = 0.0, 0

    def level(self, velocity: int, wanted: int | None) -> float:
        """The velocity at which a note of the model's leaves, not bounded yet.

        `wanted` is the mean 1-127; None: the model's own. Call it for each note, in order.
        """
        self._count = min(self._count + 1, _NOTES)
        self._mean += (velocity - self._mean) / self._count
        return velocity if wanted is None else wanted + velocity - self._mean
