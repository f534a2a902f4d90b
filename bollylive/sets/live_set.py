"""The set that plays now, in the one place from which everybody reads it."""

from __future__ import annotations

from bollylive.sets.settings import Set


class LiveSet:
    """Holds the set that plays now, for everything that needs a setting; an engine has one, and a router has one.

    Read `live.band` at each use: its owner replaces the whole set when its file is saved or a knob turns. Whatever is
    costly to derive from it is derived anew by that owner, in `Engine.use` and `Router.use`. The set itself is frozen.
    For one thread only.
    """

    def __init__(self, band: Set) -> None:
        self.band = band
