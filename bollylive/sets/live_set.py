"""The set that plays now, in the one place where everybody reads it."""

from __future__ import annotations

from bollylive.sets.settings import Set


class LiveSet:
    """Holds the set that plays now; there is one of these in a process, and all who need a setting share it.

    Read `live.band` at each use and keep no copy of it or of its fields: the owner replaces the whole set when its
    file is saved or a knob turns, and nobody is called. The set itself is frozen. For one thread only.
    """

    def __init__(self, band: Set) -> None:
        self.band = band
