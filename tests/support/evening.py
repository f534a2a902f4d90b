"""A musician who plays all evening: phrases, chords under the pedal, pauses that hand over, and a DAW now and then."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass

from bollylive.midi.messages import SUSTAIN, Control, Event, NoteOff, NoteOn, Position, Start, Stop, Tick

TICKS_PER_BEAT = 24
RAGA = (48, 50, 52, 55, 57, 60, 62, 64, 67, 69, 72)
LEAD_S = 0.005  # from a Start to its tick

Timed = tuple[float, Event]


@dataclass(frozen=True)
class Run:
    """A stretch of a DAW's song from its first bar: the second of its first tick, and one after its last."""

    begin_s: float
    end_s: float
    tick_s: float


def phrases(begin_s: float, seed: int) -> Iterator[Timed]:
    """What the musician plays on channel 1, without end; a pause of six seconds hands over."""
    chance = random.Random(seed)
    at_s = begin_s
    while True:
        pedal = chance.random() < 0.3
        if pedal:
            yield at_s, Control(0, SUSTAIN, 127)
        for _ in range(chance.randint(4, 24)):
            pitches = chance.sample(RAGA, chance.choice((1, 1, 1, 3)))
            length_s = chance.choice((0.15, 0.3, 0.6))
            for pitch in pitches:
                yield at_s, NoteOn(0, pitch, chance.randint(40, 120))
            for pitch in pitches:
                yield at_s + 0.9 * length_s, NoteOff(0, pitch)
            at_s += length_s
        if pedal:
            yield at_s, Control(0, SUSTAIN, 0)
        at_s += chance.choice((0.2, 2.0, 6.0))


def runs(begin_s: float, seed: int, bpm: float) -> Iterator[Run]:
    """When the DAW's song runs: for a minute or two, and then not for some minutes."""
    chance = random.Random(seed)
    while True:
        ticks = round(chance.uniform(60, 120) * bpm / 60 * TICKS_PER_BEAT)
        tick_s = 60 / bpm / TICKS_PER_BEAT
        yield Run(begin_s, begin_s + ticks * tick_s, tick_s)
        begin_s += ticks * tick_s + chance.choice((4.0, 20.0, 120.0, 240.0))


def clock(song: Iterator[Run]) -> Iterator[Timed]:
    """The messages of a DAW whose song runs so: also what it sends when it stops, and where it then stands."""
    for run in song:
        yield run.begin_s - LEAD_S, Start()
        for i in range(round((run.end_s - run.begin_s) / run.tick_s)):
            yield run.begin_s + i * run.tick_s, Tick()
        yield run.end_s, Stop()
        yield run.end_s, Position(0)
        for channel in range(16):
            for number in (SUSTAIN, 123, 121):
                yield run.end_s, Control(channel, number, 0)


def evening(begin_s: float, seed: int, bpm: float) -> Iterator[Timed]:
    """Musician and DAW together, in order of time, without end."""
    yield from heapq.merge(phrases(begin_s, seed), clock(runs(begin_s, seed, bpm)), key=lambda timed: timed[0])
