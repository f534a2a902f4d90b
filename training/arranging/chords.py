"""The parts that play the chords: a held pad, a comping guitar or keyboard, and the tanpura where there are none."""

from __future__ import annotations

import random
from itertools import product

from training.arranging.chart import Chart, Chord, Part, Section, Tone, swing
from training.arranging.harmonise import joined

_LOWEST, _HIGHEST, _CENTRE = 52, 74, 62  # above the bass, below most of the melody
_LONGEST_TICKS = 192
_SA_LOWEST = 43

# Which tone of the voicing (from the bottom) each matra plays; `-` rests, `*` is all of them.
_ARPEGGIOS = {
    "keherwa": ("01213121", "01231321", "0-12-1-2", "02121212"),
    "dadra": ("012321", "012121", "0-12-1"),
    "rupak": ("0121321", "0121212"),
}
_CHOPS = {
    "keherwa": ("--*---*-", "-*-*-*-*", "*-*--*-*", "--*---**"),
    "dadra": ("-**-**", "--*--*", "*-**-*"),
    "rupak": ("--*-*-*", "-**-*-*"),
}


def voice_chord(chord: Chord, before: tuple[int, ...]) -> tuple[int, ...]:
    """Three pitches (two for a drone), each class once, that move least from those before, or lie in the middle."""
    choices = [
        tuple(sorted(pitches))
        for pitches in product(*(range(_LOWEST + (c - _LOWEST) % 12, _HIGHEST + 1, 12) for c in chord.classes))
        if max(pitches) - min(pitches) <= 12
    ]

    def motion(pitches: tuple[int, ...]) -> float:
        middle = abs(sum(pitches) / len(pitches) - _CENTRE)
        if len(before) != len(pitches):
            return middle
        return sum(abs(a - b) for a, b in zip(pitches, before, strict=True)) + 0.3 * middle

    return min(choices, key=lambda pitches: (motion(pitches), pitches))


def voicings(chords: list[Chord] | tuple[Chord, ...]) -> list[tuple[Chord, tuple[int, ...]]]:
    """Each chord with its voicing, led smoothly from one to the next."""
    led: list[tuple[Chord, tuple[int, ...]]] = []
    for chord in chords:
        led.append((chord, voice_chord(chord, led[-1][1] if led else ())))
    return led


def play_pad(chart: Chart, resting: frozenset[Section], rng: random.Random, *, softer: int = 0) -> Part:
    """Held chords, struck anew where the chord, the section, or two bars of four beats begin."""
    part: Part = []
    for section in (s for s in chart.sections if s not in resting):
        inside = [c for c in chart.chords if c.start < section.end and c.end > section.start]
        for chord, pitches in voicings(joined(inside)):
            for start in range(max(chord.start, section.start), min(chord.end, section.end), _LONGEST_TICKS):
                end = min(start + _LONGEST_TICKS, chord.end, section.end)
                velocity = 56 - softer + rng.randint(-2, 2)
                part += [Tone(start, end - start, pitch, velocity) for pitch in pitches]
    return part


def play_comping(chart: Chart, resting: frozenset[Section], rng: random.Random, *, chops: bool) -> Part:
    """Broken chords on every matra, or short ones against the beat, in the pattern drawn for the song."""
    metre = chart.metre
    known = _CHOPS if chops else _ARPEGGIOS
    plain = ("-*" if chops else "0121") * metre.tala.matras
    pattern = rng.choice(known.get(metre.tala.name, (plain,)))
    led = voicings(joined(list(chart.chords)))
    part: Part = []
    for section in (s for s in chart.sections if s not in resting):
        if section.kind == "outro":
            pitches = _sounding(led, section.start)
            part += [Tone(section.start, section.end - section.start, pitch, 58) for pitch in pitches]
            continue
        for i, tick in enumerate(range(section.start, section.end, metre.matra)):
            place = i % metre.tala.matras
            mark = pattern[place]
            if mark == "-":
                continue
            pitches = _sounding(led, tick)
            velocity = 60 + (5 if place in metre.tala.starts else 0) + rng.randint(-2, 2)
            if mark == "*":
                part += [Tone(tick, max(metre.matra * 2 // 3, 1), pitch, velocity) for pitch in pitches]
            else:
                tones = (*pitches, pitches[0] + 12)
                part.append(Tone(tick, metre.matra, tones[min(int(mark), len(tones) - 1)], velocity))
    return swing(part, metre.swing)


def _sounding(led: list[tuple[Chord, tuple[int, ...]]], tick: int) -> tuple[int, ...]:
    return next((pitches for chord, pitches in led if tick < chord.end), led[-1][1])


def play_tanpura(chart: Chart, resting: frozenset[Section], beat_ticks: int) -> Part:
    """The drone: Pa (Ma or Ni where the raga has no Pa), Sa, Sa, low Sa, each left to ring (Courtney, on tanpura)."""
    sa = _SA_LOWEST + (chart.key.tonic - _SA_LOWEST) % 12
    first = next((d for d in (7, 5, 11, 10) if d in chart.key.scale), 7) - 12
    strings = ((sa + first, 50), (sa, 48), (sa, 46), (sa - 12, 52))
    part: Part = []
    for section in (s for s in chart.sections if s not in resting):
        for i, tick in enumerate(range(section.start, section.end, beat_ticks)):
            pitch, velocity = strings[i % 4]
            part.append(Tone(tick, min(2 * beat_ticks, section.end - tick), pitch, velocity))
    return part
