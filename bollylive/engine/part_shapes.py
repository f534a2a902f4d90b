"""What each part of a band is like: how often it plays, how many notes together, how long, and how high."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bollylive.sets.parts import PartName

DENSITY_STEP: Final = 1.4  # a density one higher has so many times as many onsets


@dataclass(frozen=True, slots=True)
class PartShape:
    """The shape of one part, at density 0."""

    onsets_per_beat: float
    fewest: int = 1  # notes that begin together
    most: int = 1
    register: tuple[int, int] = (0, 127)  # pitches outside are unlikely, but for a channel that has no other
    shortest_share: float = 0.0  # of the mean time between onsets: its notes are this long at least
    longest_share: float | None = None
    longest_beats: float | None = None
    prefers_half_bars: bool = False


SHAPES: Final[Mapping[PartName, PartShape]] = {
    "bass": PartShape(0.85, register=(28, 48)),
    "pad": PartShape(
        0.4, fewest=3, most=4, register=(50, 76), shortest_share=0.85, longest_share=1.3, prefers_half_bars=True
    ),
    "comp": PartShape(1.0, fewest=3, most=4, register=(52, 79), longest_beats=0.75),
    "line": PartShape(1.0, register=(60, 84)),
    "answer": PartShape(1.75, register=(60, 86)),
    "groove": PartShape(2.0, most=4),
}
WAITING: Final = PartShape(0.1, register=SHAPES["answer"].register)  # what an answer is while the lead moves
ALONE: Final = PartShape(0.7, register=SHAPES["answer"].register)  # and once the musician has been silent for long
