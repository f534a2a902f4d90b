"""A program for tests: how well the band goes with a player who follows nobody (`follow_tempo`).

`python tests/support/tempo.py` plays each way of keeping time with each rhythm and prints the share of the onsets, from
the ninth beat on, at which the band's beat is within 50 ms of the player's. Nothing in it depends on the machine, and
it takes some twenty seconds.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence

from players import DEMO, KEHERWA, LONG_NOTES, MIXED, RUPAK, SIXTEENTHS, SYNCOPATED, TRIPLETS, melody, play

SET_BPM = 100.0
STEP_BEAT = 33.0
SEEDS = (1, 2, 3)

RHYTHMS: dict[str, Sequence[float]] = {
    "the demo's melody": DEMO,
    "mixed": melody(MIXED),
    "syncopated": melody(SYNCOPATED),
    "triplets": melody(TRIPLETS),
    "sixteenths": melody(SIXTEENTHS),
    "long notes": melody(LONG_NOTES),
    "keherwa": KEHERWA,
    "rupak": RUPAK,
}


def steady(share: float) -> Callable[[float], float]:
    """A tempo that differs from the set's by a share of it."""
    return lambda _beat: SET_BPM * (1 + share)


def step(share: float) -> Callable[[float], float]:
    """A tempo that is taken at once."""
    return lambda beat: SET_BPM * (1 + share if beat >= STEP_BEAT else 1)


def ramp(share: float) -> Callable[[float], float]:
    """A tempo that is reached in sixteen bars."""
    return lambda beat: SET_BPM * (1 + share * min(beat / 64, 1.0))


def rubato(share: float, bars: int) -> Callable[[float], float]:
    """A tempo that goes up and down once in so many bars."""
    return lambda beat: SET_BPM * (1 + share * math.sin(2 * math.pi * beat / (4 * bars)))


# Slow tunes: half and whole notes at about 70 in a set of 96.
SLOW_RHYTHMS: dict[str, Sequence[float]] = {
    "half notes": [2.0 * i for i in range(32)],
    "whole notes": [4.0 * i for i in range(24)],
    "half and whole notes": [8.0 * bar + place for bar in range(12) for place in (0, 2, 4)],
}
SLOW = 70 / 96 - 1

WAYS: dict[str, Callable[[float], float]] = {
    "steady": steady(0.0),
    "8 % faster than the set": steady(0.08),
    "a ramp of +20 %": ramp(0.2),
    **{f"a step of {percent:+} %": step(percent / 100) for percent in (10, -10, 20, -20, 30, -30)},
    **{f"rubato of {p} % in {bars} bars": rubato(p / 100, bars) for p in (5, 10) for bars in (8, 4)},
}


def report(way: str, bpm_at: Callable[[float], float], rhythms: dict[str, Sequence[float]]) -> str:
    """A line of the table."""
    near = {
        name: sum(play(score, bpm_at, SET_BPM, seed).near() for seed in SEEDS) / len(SEEDS)
        for name, score in rhythms.items()
    }
    worst = min(near, key=lambda name: near[name])
    return f"{way:28} {sum(near.values()) / len(near):.2f}  {near[worst]:.2f} ({worst})\n"


def main() -> None:
    """Print a line for each way of keeping time: the mean of all rhythms, and the rhythm that goes worst."""
    sys.stdout.write(f"{'':28} mean  worst\n")
    for way, bpm_at in WAYS.items():
        sys.stdout.write(report(way, bpm_at, RHYTHMS))
    for way, share in (
        ("slow tunes, steady", 0.0),
        ("slow tunes, 10 % slower", -0.1),
        ("slow tunes, 27 % slower", SLOW),
    ):
        sys.stdout.write(report(way, steady(share), SLOW_RHYTHMS))


if __name__ == "__main__":
    main()
