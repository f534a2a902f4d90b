"""A bass line under a chart: roots and fifths where the tala leans, and a step into the next chord.

The patterns follow the tala's bayan, as a bass in a film band does: root on sam, an answer in the middle of the
cycle, and in keherwa one with the Dhin before the next sam. They were written for this project.
"""

from __future__ import annotations

import random

from training.arranging.chart import Chart, Chord, Part, Section, Tone, swing

LOWEST, HIGHEST = 28, 47  # E1, the open string, to B2

_ROOT, _FIFTH, _OCTAVE = 0, 7, 12

# By tala: (matra, length in matras, interval above the root).
PATTERNS: dict[str, tuple[tuple[tuple[int, int, int], ...], ...]] = {
    "keherwa": (
        ((0, 3, _ROOT), (3, 1, _ROOT), (4, 2, _FIFTH), (6, 2, _ROOT)),
        ((0, 4, _ROOT), (4, 4, _FIFTH)),
        ((0, 3, _ROOT), (3, 3, _ROOT), (6, 2, _FIFTH)),
        ((0, 2, _ROOT), (2, 2, _ROOT), (4, 2, _ROOT), (6, 2, _FIFTH)),
        ((0, 3, _ROOT), (3, 1, _OCTAVE), (4, 2, _FIFTH), (6, 2, _ROOT)),
        ((0, 6, _ROOT), (6, 2, _ROOT)),
    ),
    "dadra": (
        ((0, 3, _ROOT), (3, 3, _FIFTH)),
        ((0, 2, _ROOT), (2, 1, _FIFTH), (3, 2, _ROOT), (5, 1, _FIFTH)),
        ((0, 4, _ROOT), (4, 2, _FIFTH)),
    ),
    "rupak": (
        ((0, 3, _ROOT), (3, 2, _FIFTH), (5, 2, _ROOT)),
        ((0, 3, _ROOT), (3, 2, _ROOT), (5, 2, _FIFTH)),
    ),
}
_SAM_LOUDER = 6


def root_pitch(chord: Chord) -> int:
    """The chord's root as the bass plays it, E1 to D#2."""
    return LOWEST + (chord.root - LOWEST) % 12


def _pattern(chart: Chart, rng: random.Random) -> tuple[tuple[int, int, int], ...]:
    tala = chart.metre.tala
    if tala.name in PATTERNS:
        return rng.choice(PATTERNS[tala.name])
    pairs = zip(tala.starts, tala.vibhags, strict=True)
    return tuple((start, length, _FIFTH if i % 2 else _ROOT) for i, (start, length) in enumerate(pairs))


def _approach(chart: Chart, root: int, target: int, rng: random.Random) -> int:
    """The scale's neighbour of the next root, from the side of this one, or a semitone below it."""
    if rng.random() < 0.25 and target - 1 >= LOWEST:
        return target - 1
    step = -1 if root < target else 1
    for distance in (1, 2, 3):
        pitch = target + step * distance
        if chart.key.has(pitch) and LOWEST <= pitch <= HIGHEST:
            return pitch
    return root


def play_bass(chart: Chart, resting: frozenset[Section], rng: random.Random, *, walks: float) -> Part:
    """The whole line; `walks` is the chance of a step into each change of chord."""
    metre = chart.metre
    pattern = _pattern(chart, rng)
    part: Part = []
    for section in chart.sections:
        if section in resting:
            continue
        if section.kind == "outro":
            part.append(Tone(section.start, section.end - section.start, root_pitch(chart.chord_at(section.start)), 76))
            continue
        for sam in range(section.start, section.end, metre.cycle):
            for place, length, interval in pattern:
                start, end = sam + place * metre.matra, sam + (place + length) * metre.matra
                cuts = [chord.start for chord in chart.chords if start < chord.start < end]
                for begin, until in zip([start, *cuts], [*cuts, end], strict=True):
                    part += _step(chart, begin, until, interval if begin == start else _ROOT, walks, rng)
    return swing(part, metre.swing)


def _step(chart: Chart, start: int, end: int, interval: int, walks: float, rng: random.Random) -> Part:
    """One note of the pattern, its last matra a step into the next chord where one begins after it."""
    metre = chart.metre
    chord, following = chart.chord_at(start), chart.chord_at(end)
    root = root_pitch(chord)
    pitch = root if start == chord.start else root + interval
    pitch -= 12 if pitch > HIGHEST else 0
    velocity = 74 + (_SAM_LOUDER if start % metre.cycle == 0 else 0) + rng.randint(-2, 2)
    changes = following.root != chord.root and end == following.start
    if changes and end - start > metre.matra and rng.random() < walks:
        middle = end - metre.matra
        step = _approach(chart, root, root_pitch(following), rng)
        return [Tone(start, middle - start, pitch, velocity), Tone(middle, metre.matra, step, velocity - 6)]
    return [Tone(start, end - start, pitch, velocity)]
