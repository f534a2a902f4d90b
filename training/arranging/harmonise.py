"""Chords for a melody: the likeliest path through the key's triads, given what is sung and how film songs move.

A hidden Markov model over chords, as in MySong (Simon, Morris & Basu, "MySong: automatic accompaniment generation for
vocal melodies", CHI 2008): how well the melody's notes fit a chord, by duration and metric weight, against how often
one chord follows another, solved by dynamic programming (Viterbi). How often comes from the chord symbols of 40 Hindi
film songs (github.com/prasangmisra/setlist), counted by degree above the tonic: 21 songs in minor, 19 in major.
"""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray

from training.arranging.chart import Chord
from training.arranging.metre import Metre
from training.data.corpus import DURATION, ONSET, PITCH
from training.data.tonality import Key

# Degree: (semitones above the tonic, minor). Changes counted between degrees, by the row's degree.
_MAJOR = {
    (0, False): {(5, False): 56, (9, True): 32, (2, True): 16, (7, False): 15, (4, True): 3, (10, False): 2},
    (2, True): {(0, False): 11, (5, False): 6, (7, False): 2, (9, True): 1},
    (4, True): {(9, True): 2, (5, False): 2, (0, False): 1},
    (5, True): {(0, False): 1},
    (5, False): {(7, False): 59, (0, False): 38, (9, True): 5},
    (7, False): {(0, False): 66, (5, False): 26, (9, True): 4, (2, True): 2},
    (9, True): {(7, False): 19, (0, False): 15, (5, False): 12, (2, True): 2},
    (10, False): {(0, False): 1, (5, False): 1},
}
_MINOR = {
    (0, True): {(10, False): 91, (8, False): 52, (5, True): 24, (3, False): 12, (7, True): 9, (7, False): 1},
    (1, False): {(8, False): 1},
    (3, False): {(10, False): 38, (0, True): 17, (7, False): 15, (8, False): 2},
    (5, True): {(10, False): 22, (3, False): 21, (7, True): 13, (0, True): 7},
    (7, True): {(0, True): 33, (8, False): 22, (5, True): 4, (10, False): 2},
    (7, False): {(0, True): 14, (8, False): 2, (3, False): 1, (5, True): 1},
    (8, False): {(10, False): 57, (0, True): 33, (3, False): 22, (5, True): 20, (7, True): 17},
    (10, False): {(0, True): 80, (8, False): 71, (7, True): 25, (3, False): 17, (5, True): 14, (7, False): 2},
}
_SMOOTHING = 0.5
_STAY_COST = 1.6
_MOVE_COST = 0.9
_FIT_WEIGHT = 5.0
_OUTSIDE_COST = 0.8  # for a chord tone that the scale lacks
_HOME_BONUS = 1.5  # the melody's last chord is the tonic, its first one mostly
_SPICE = 0.35  # how much chance may bend the costs, so that variants differ where chords are near equal


def split_slots(start: int, end: int, metre: Metre, halves: bool) -> list[tuple[int, int]]:
    """The spans that may have a chord of their own, at vibhag borders: about a bar, or, with `halves`, two beats."""
    vibhags = metre.tala.vibhags
    groups = [sum(vibhags)]
    if metre.cycle > metre.bar:
        groups = list(vibhags)
    elif metre.cycle >= 144 or (halves and metre.cycle >= 96):
        groups = [vibhags[0], sum(vibhags[1:])]
    slots, tick, i = [], start, 0
    while tick < end:
        until = min(tick + groups[i % len(groups)] * metre.matra, end)
        slots.append((tick, until))
        tick, i = until, i + 1
    return slots


def _heard(melody: NDArray[np.int32], slot: tuple[int, int], metre: Metre) -> NDArray[np.float64]:
    """How much each pitch class is sung in a slot [12], summing to 1, or zeros in silence."""
    start, end = slot
    onset, until = melody[:, ONSET], melody[:, ONSET] + melody[:, DURATION]
    overlap = np.clip(np.minimum(until, end) - np.maximum(onset, start), 0, None).astype(float)
    strong = ((onset - start) % (metre.matra * 2) == 0) & (onset >= start)
    first = onset <= start
    weight = overlap * (1 + 0.5 * strong + 0.5 * first)
    histogram = np.bincount(melody[:, PITCH] % 12, weight, minlength=12).astype(np.float64)
    return histogram / histogram.sum() if histogram.sum() > 0 else histogram


def fit_cost(heard: NDArray[np.float64], degree: tuple[int, bool], key: Key) -> float:
    """What it costs to put a degree's triad under what is heard [12], which sums to 1, or to 0 in silence."""
    root = (key.tonic + degree[0]) % 12
    third, fifth = (root + (3 if degree[1] else 4)) % 12, (root + 7) % 12
    inside = heard[root] * 1.05 + heard[third] + heard[fifth] * 0.95
    clash = heard[(root + 1) % 12] * 0.3 + heard[(third + (1 if degree[1] else -1)) % 12] * 0.5
    outside = sum((pitch - key.tonic) % 12 not in key.scale for pitch in (root, third, fifth))
    return _FIT_WEIGHT * float(heard.sum() - inside + clash) + _OUTSIDE_COST * outside


def move_cost(table: dict[tuple[int, bool], dict[tuple[int, bool], int]], here: int, there: int) -> float:
    """What it costs to go from one degree of a key's table to another, by their places in it."""
    if here == there:
        return _STAY_COST
    degrees = list(table)
    counts = table[degrees[here]]
    total = sum(counts.values()) + _SMOOTHING * len(degrees)
    return _MOVE_COST - 0.5 * math.log((counts.get(degrees[there], 0) + _SMOOTHING) / total)


def table_of(key: Key) -> dict[tuple[int, bool], dict[tuple[int, bool], int]]:
    """How often each degree (semitones above the tonic, minor) follows each in a key."""
    return _MINOR if key.minor else _MAJOR


def harmonise(
    melody: NDArray[np.int32], slots: list[tuple[int, int]], metre: Metre, key: Key, rng: random.Random
) -> list[Chord]:
    """A chord for each slot of a melody, notes [N, 5] in the same ticks as the slots."""
    table = table_of(key)
    degrees = list(table)
    cost = np.zeros((len(slots), len(degrees)))
    for i, slot in enumerate(slots):
        heard = _heard(melody, slot, metre)
        cost[i] = [fit_cost(heard, degree, key) + rng.uniform(0, _SPICE) for degree in degrees]
    cost[0, 0] -= _HOME_BONUS / 2
    cost[-1, 0] -= _HOME_BONUS
    moves = np.array([[move_cost(table, i, j) for j in range(len(degrees))] for i in range(len(degrees))])
    best, back = cost[0], np.zeros(cost.shape, dtype=int)
    for i in range(1, len(slots)):
        paths = best[:, None] + moves
        back[i] = paths.argmin(axis=0)
        best = paths.min(axis=0) + cost[i]
    path = [int(best.argmin())]
    for i in range(len(slots) - 1, 0, -1):
        path.append(int(back[i, path[-1]]))
    return [
        Chord(start, end, (key.tonic + degrees[state][0]) % 12, degrees[state][1])
        for (start, end), state in zip(slots, reversed(path), strict=True)
    ]


def joined(chords: list[Chord]) -> list[Chord]:
    """Chords where a repeated one is one long chord."""
    long: list[Chord] = []
    for chord in chords:
        if long and (long[-1].root, long[-1].minor) == (chord.root, chord.minor) and long[-1].end == chord.start:
            long[-1] = Chord(long[-1].start, chord.end, chord.root, chord.minor)
        else:
            long.append(chord)
    return long
