"""A set that was changed while it plays: what of it can be taken at once, and what waits for the next start."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bollylive.sets.band import Set

# Ports, buffers and bars are built at the start; the noise begins with its seed.
FIXED: Final = ("in_port", "out_port", "model", "buffer_notes", "seed", "beats_per_bar")


def revise(old: Set, new: Set) -> tuple[Set, list[str]]:
    """Give the new set with the old one's fixed fields, and the names of those that differ."""
    waiting = [name for name in FIXED if getattr(new, name) != getattr(old, name)]
    return replace(new, **{name: getattr(old, name) for name in FIXED}), waiting
