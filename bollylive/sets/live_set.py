"""The set that plays now, in the one place from which everybody reads it."""

from __future__ import annotations

from bollylive.sets.settings import Set


class LiveSet:
    """Holds the set that plays now; a process has one of these, which everything that needs a setting shares.

    Read `live.band` at each use and keep no copy of it or of its fields: the owner replaces the whole set when its file
    is saved or a knob turns, and tells nobody. The set itself is frozen. For one thread only.
    """

    def __init__(self, band: Set) -> None:
        self.band = band
