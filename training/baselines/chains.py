"""Which contexts the Markov model looks at, for each word; the letters are those of `flat.pasts`.

Each chain goes from general to special. The Continuator (Pachet, "The Continuator: musical interaction with style",
2003) looks for the longest context of pitches, with durations and velocities where they are known; here each word
has several such orders of its own, as the viewpoints of Conklin & Witten ("Multiple viewpoint systems for music
prediction", 1995), by intervals in place of pitches, by the place in the bar, and by the instrument.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chain:
    """Contexts from general to special, and the view of the word that is counted after them; see `views`.

    A chain is counted over the corpora, or if `live` within the sequence so far, as the Continuator learns from
    the musician it listens to. With a `blur` its distribution is smeared over so many neighbouring words: what was
    played by hand comes again about as loud, and about when it came.
    """

    view: str
    contexts: tuple[str, ...]
    live: bool = False
    blur: float = 0.0


def mixed(field: str, live: bool) -> list[int]:
    """Which of a field's `CHAINS` are mixed: those counted over the corpora, and the live ones where asked."""
    return [i for i, chain in enumerate(CHAINS[field]) if live or not chain.live]


def _grow(*steps: str) -> tuple[str, ...]:
    """Contexts of which each has all names of the one before, and more."""
    return tuple(" ".join(steps[: i + 1]) for i in range(len(steps)))


CHAINS: dict[str, tuple[Chain, ...]] = {
    "pitch": (
        Chain("relative", _grow("x", "i1", "i2", "i3", "i4", "i5", "i6")),
        Chain("relative", _grow("x f", "i1 g0", "d1 b", "i2 g1", "i3")),
        Chain("word", _grow("x z", "p1", "p2", "g0 b", "p3")),
        Chain("word", _grow("x m", "p1", "l", "p2 g0", "p3 g1", "p4 g2")),
        Chain("word", _grow("x", "p1", "p2", "p3", "p4", "p5"), live=True),
        Chain("word", _grow("x", "l", "p1", "p2"), live=True),
        Chain("relative", _grow("x", "i1 g0", "i2 g1", "i3"), live=True),
        Chain("class", _grow("m"), live=True),
    ),
    "duration": (
        Chain("word", _grow("x", "d1", "d2", "d3", "d4", "d5")),
        Chain("word", _grow("x f", "g0 b", "d1 g1", "d2 g2", "d3 g3")),
        Chain("word", _grow("x z", "p0", "d1", "b")),
        Chain("word", _grow("x m", "l", "y d1", "i0", "d2")),
        Chain("word", _grow("x", "d1", "d2", "d3", "d4"), live=True),
        Chain("word", _grow("x", "g0", "l", "p0"), live=True),
        Chain("word", _grow("m", "p0", "d1 g0"), live=True),
        Chain("word", _grow("x", "d1"), live=True, blur=1.0),
    ),
    "velocity": (
        Chain("word", _grow("x", "v1", "v2", "v3", "v4", "v5")),
        Chain("word", _grow("x z", "p0", "v1", "b", "v2")),
        Chain("word", _grow("x m", "l", "v1", "p0 v2")),
        Chain("word", _grow("x", "v1", "v2", "v3", "v4"), live=True),
        Chain("word", _grow("x", "p0", "l"), live=True),
        Chain("word", _grow("x", "l", "v1"), live=True),
        Chain("word", _grow("m", "d0"), live=True),
        Chain("word", _grow("x", "p0"), live=True, blur=1.0),
        Chain("word", _grow("x", "p0", "l"), live=True, blur=1.5),
    ),
    "onset": (
        Chain("word", _grow("m r", "g0", "g1", "g2", "g3", "g4", "g5", "g6")),
        Chain("word", _grow("f k r", "d0", "b g0", "d1 g1", "d2 g2", "d3 g3")),
        Chain("word", _grow("m y r", "l", "g0 k", "d0", "g1", "g2")),
        Chain("word", _grow("z r", "l p0", "g0", "p1 g1", "p2 g2")),
        Chain("word", _grow("m", "g0", "g1", "g2", "g3", "g4"), live=True),
        Chain("word", _grow("m", "l", "p0", "p1 g0"), live=True),
        Chain("word", _grow("m k", "d0", "b", "g0"), live=True),
        Chain("relative", _grow("m", "k", "e"), live=True),
        Chain("word", _grow("m", "l", "p0"), live=True, blur=1.0),
    ),
}
