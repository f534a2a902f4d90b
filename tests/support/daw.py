"""A DAW on virtual time for tests: the clock words that it sends, how late they arrive, and where its song truly is."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal

from bollylive.clock.clock import Clock
from bollylive.midi.messages import Continue, Event, Position, Start, Stop, Tick

TICKS_PER_BEAT = 24
LEAD_S = 0.005  # from a Start or Continue to its tick


class Daw:
    """Build a song with its methods, in order; then `words` is what the cable carries and `beat_at` the truth.

    A tick arrives up to `jitter_s` early or late (with the shape "gauss" that is twice the standard deviation), but
    no word overtakes another. The same seed gives the same words.
    """

    def __init__(
        self, jitter_s: float = 0.0, seed: int = 1, begin_s: float = 1.0, shape: Literal["even", "gauss"] = "even"
    ) -> None:
        self.now_s = begin_s  # in truth
        self.beat = 0.0  # where the next tick stands in the song
        self.words: list[tuple[float, Event]] = []
        self._random = random.Random(seed)
        self._jitter_s, self._shape = jitter_s, shape
        self._runs: list[list[tuple[float, float]]] = [[]]  # for each stretch of song: (second, beat) of its ticks

    def start(self) -> None:
        """Start from the beginning."""
        self.beat = 0.0
        self._set_going(Start())

    def go_on(self) -> None:
        """Continue from where the song is."""
        self._set_going(Continue())

    def play(self, beats: float, bpm: float, to_bpm: float | None = None, heard: bool = True) -> None:
        """Let the song run, in a steady tempo or one that changes evenly in time; unheard, its ticks get lost."""
        target = bpm if to_bpm is None else to_bpm
        length_s = beats * 120 / (bpm + target)
        change = (target - bpm) / length_s / 60  # beats per second, in a second
        begin_s = self.now_s
        for i in range(round(beats * TICKS_PER_BEAT)):
            beat = i / TICKS_PER_BEAT
            # beat = v t + change t² / 2, solved for t in the form that also holds without a change.
            speed = bpm / 60
            at_s = begin_s + 2 * beat / (speed + (speed**2 + 2 * change * beat) ** 0.5)
            self._runs[-1].append((at_s, self.beat))
            if heard:
                self._arrive(Tick(), at_s + self._lateness_s())
            self.beat += 1 / TICKS_PER_BEAT
        self.now_s = begin_s + length_s

    def stall(self, seconds: float) -> None:
        """The cable carries nothing for so long; what was to come, comes then, all at once."""
        until_s = self.words[-1][0]
        self.words = [(until_s if until_s - seconds < at_s else at_s, event) for at_s, event in self.words]

    def stop(self, seconds: float) -> None:
        """Stop, and wait."""
        self._end_run()
        self._arrive(Stop(), self.now_s - LEAD_S)
        self.now_s += seconds

    def freeze(self, seconds: float) -> None:
        """Stand still for so long without a word, and go on at the same place."""
        self._end_run()
        self.now_s += seconds

    def locate(self, beat: float) -> None:
        """Say a song position, of a song that stands still or runs."""
        self._end_run()
        self._arrive(Position(round(beat * 4)), self.now_s - LEAD_S)
        self.beat = beat

    def place(self, at_s: float) -> tuple[float, float] | None:
        """Where the song truly is, and how long a beat lasts there; None while it stands still."""
        for run in self._runs:
            if len(run) > 1 and run[0][0] <= at_s < run[-1][0]:
                after = bisect_right(run, (at_s, float("inf")))
                (a_s, a), (b_s, b) = run[after - 1 : after + 1]
                return a + (b - a) * (at_s - a_s) / (b_s - a_s), (b_s - a_s) / (b - a)
        return None

    def _set_going(self, word: Event) -> None:
        self._arrive(word, self.now_s - LEAD_S)
        self._end_run()

    def _end_run(self) -> None:
        if self._runs[-1]:
            self._runs[-1].append((self.now_s, self.beat))
            self._runs.append([])

    def _arrive(self, event: Event, at_s: float) -> None:
        self.words.append((max(at_s, self.words[-1][0]) if self.words else at_s, event))

    def _lateness_s(self) -> float:
        if self._shape == "gauss":
            return self._random.gauss(0.0, self._jitter_s / 2)
        return self._random.uniform(-self._jitter_s, self._jitter_s)


def follow(daw: Daw, clock: Clock, check_s: float = 0.005) -> Iterator[float]:
    """Let a clock hear a DAW and be checked many times a second; gives the second after each of these checks."""
    now_s = 0.0
    for at_s, event in daw.words:
        while now_s + check_s < at_s:
            now_s += check_s
            clock.check(now_s)
            yield now_s
        clock.handle(event, at_s)


def error_s(daw: Daw, clock: Clock, now_s: float) -> float | None:
    """By how many seconds a clock is ahead of the song; None while that stands still."""
    place = daw.place(now_s)
    return None if place is None else (clock.beat_at(now_s) - place[0]) * place[1]


def share(errors: list[float], part: float) -> float:
    """The size that this part of the errors does not exceed, as 0.95 for 95 in a hundred."""
    sizes = sorted(abs(error) for error in errors)
    return sizes[min(len(sizes) - 1, int(part * len(sizes)))]
