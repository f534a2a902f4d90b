"""The answering instrument: quotes the melody where it rests, fills its gaps, and sometimes shadows it.

Film arrangers let flute, strings, sitar or santoor answer each sung phrase; a bar of the tune itself, a scale run
into the next phrase, or a chord broken upwards are the plain forms of it. Most gaps are left as they are.
"""

from __future__ import annotations

import random
from itertools import pairwise

from training.arranging.chart import Chart, Part, Tone
from training.data.tonality import Key

_LEAST_GAP_TICKS = 36
_SUNG_TICKS = 24  # after so much of a long note the answer may begin
_RUN_STEP_TICKS = 12


def scale_step(key: Key, pitch: int, steps: int) -> int:
    """The pitch so many scale degrees above (or below) a pitch; one outside the scale is first moved into it."""
    while not key.has(pitch):
        pitch += 1
    for _ in range(abs(steps)):
        pitch += 1 if steps > 0 else -1
        while not key.has(pitch):
            pitch += 1 if steps > 0 else -1
    return pitch


def place_octave(pitch: int, low: int, high: int) -> int:
    """The same pitch class within low to high, an octave or more apart."""
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch


def gaps_of(melody: Part, start: int, end: int) -> list[tuple[int, int, int]]:
    """Where a melody rests or holds long enough to be answered: (first tick, last tick, its pitch before)."""
    gaps = []
    for here, there in pairwise(melody):
        until = min(there.onset, end)
        begin = here.onset + min(here.duration, _SUNG_TICKS)
        begin += -begin % _RUN_STEP_TICKS
        if start <= begin and until - begin >= _LEAST_GAP_TICKS:
            gaps.append((begin, until, here.pitch))
    return gaps


def fill_gap(
    gap: tuple[int, int, int], chart: Chart, heard: Part, register: tuple[int, int], rng: random.Random
) -> Part:
    """One answer: an echo of the last notes sung, a run towards the chord, or the chord broken upwards."""
    start, end, pitch = gap
    room = end - start
    kind = rng.choice(("echo", "run", "break"))
    low, high = register
    chord = chart.chord_at(start)
    if kind == "echo" and len(heard) >= 3:
        last = heard[-rng.choice((3, 4)) :]
        shift = start - last[0].onset
        moved = [tone._replace(onset=tone.onset + shift) for tone in last]
        kept = [tone for tone in moved if tone.onset < end - 6]
        octave = place_octave(last[0].pitch, low, high) - last[0].pitch
        return [
            Tone(t.onset, min(t.duration, end - t.onset), place_octave(t.pitch + octave, low, high), 66) for t in kept
        ]
    count = min(room // _RUN_STEP_TICKS, rng.choice((4, 6)))
    first = end - count * _RUN_STEP_TICKS if kind == "run" else start
    if kind == "run":
        direction = rng.choice((1, -1))
        middle = place_octave(pitch, low, high)
        pitches = [scale_step(chart.key, middle, direction * (i - count // 2)) for i in range(count)]
    else:
        roots = [place_octave(c, low, low + 11) for c in chord.classes]
        tower = sorted(r + 12 * octave for r in roots for octave in (0, 1))
        pitches = (tower + tower[-2::-1])[:count]
    return [
        Tone(first + i * _RUN_STEP_TICKS, _RUN_STEP_TICKS, place_octave(p, low - 2, high + 2), 62 + 2 * (i % 2 == 0))
        for i, p in enumerate(pitches)
    ]


def answer(chart: Chart, melody: Part, register: tuple[int, int], rng: random.Random, *, often: float) -> Part:
    """Fills in the gaps of a melody in its verses; `often` is the share of gaps that are answered."""
    part: Part = []
    for section in (s for s in chart.sections if s.kind == "verse"):
        for gap in gaps_of(melody, section.start, section.end):
            if rng.random() < often:
                heard = [tone for tone in melody if tone.onset < gap[0]]
                part += fill_gap(gap, chart, heard, register, rng)
    return part


def quote(melody: Part, start: int, source: int, length: int, register: tuple[int, int]) -> Part:
    """The melody's notes from tick `source` on, played at `start` for `length` ticks in another register."""
    notes = [tone for tone in melody if source <= tone.onset < source + length - 6]
    if not notes:
        return []
    middle = sorted(tone.pitch for tone in notes)[len(notes) // 2]
    octave = place_octave(middle, *register) - middle
    return [
        Tone(
            tone.onset - source + start,
            min(tone.duration, source + length - tone.onset),
            place_octave(tone.pitch + octave, register[0] - 7, register[1] + 7),
            76,
        )
        for tone in notes
    ]


def shadow(chart: Chart, melody: Part, degrees: int, softer: int) -> Part:
    """The melody's longer notes so many scale degrees away: strings a sixth below, a harmonium an octave below."""
    part = []
    for tone in melody:
        if degrees % 7 == 0:
            part.append(tone._replace(pitch=tone.pitch + 12 * (degrees // 7), velocity=softer))
        elif tone.duration >= _RUN_STEP_TICKS:
            part.append(tone._replace(pitch=scale_step(chart.key, tone.pitch, degrees), velocity=softer))
    return part
