"""Players for tests who keep their own time, and a band that goes with them: tracker and clock on virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bollylive.clock.beat_tracker import BeatTracker
from bollylive.clock.clock import Clock
from bollylive.demo_player import demo_notes

HAND_S = 0.02  # the standard deviation of the players' onsets from where they mean them
NEAR_S = 0.05
LOOK_S = 0.01

DEMO = [note.onset_beats + 32 * turn for turn in range(2) for note in demo_notes()]
MIXED: Sequence[Sequence[float]] = ([0], [0, 0.5], [0, 0.25, 0.5, 0.75], [0, 0.5, 0.75], [], [0, 0.75])
SYNCOPATED = ([0, 0.75], [0.25, 0.5], [0.5], [0, 0.5], [0.5, 0.75], [0])
TRIPLETS = ([0, 1 / 3, 2 / 3], [0, 2 / 3], [0], [0, 0.5])
SIXTEENTHS = ([0, 0.25, 0.5, 0.75],)
LONG_NOTES: Sequence[Sequence[float]] = ([0], [0], [0, 0.5], [], [], [0], [0.5])
KEHERWA = [4 * cycle + beat for cycle in range(16) for beat in (0, 0.5, 0.75, 1, 1.5, 2, 2.5, 2.75, 3, 3.5)]
RUPAK = [7 * cycle + beat for cycle in range(9) for beat in (0, 1, 1.5, 2, 3, 3.5, 4, 5, 5.5, 6, 6.5)]


def melody(cells: Sequence[Sequence[float]], beats: int = 64) -> list[float]:
    """Onsets by chance, from beat 0 on."""
    rng = random.Random(7)
    return sorted({0.0, *(beat + place for beat in range(beats) for place in rng.choice(cells))})


def seconds_of(score: Sequence[float], bpm_at: Callable[[float], float]) -> list[float]:
    """When the beats of a score fall at a tempo that changes: by Simpson's rule, from 1 s on."""
    seconds = [1.0]
    for a, b in pairwise(score):
        sixtieths = (1 / bpm_at(a) + 4 / bpm_at((a + b) / 2) + 1 / bpm_at(b)) / 6
        seconds.append(seconds[-1] + 60 * sixtieths * (b - a))
    return seconds


@dataclass
class Played:
    """What became of a score: by onset, its beat, and how far the band then was from where it is meant, in seconds."""

    off_s: list[tuple[float, float]]
    tracked_bpm: list[tuple[float, float]]  # by onset, its beat and the tempo that the tracker found
    bpm: float  # the band's at the end
    least_step: float  # of the band's beat
    off_beats: float  # by how much the band has counted more beats than the player, at the end

    def near(self, from_beat: float = 8.0) -> float:
        """The share of the onsets at which the band was near."""
        offs = [abs(off) for beat, off in self.off_s if beat >= from_beat]
        return sum(off < NEAR_S for off in offs) / len(offs)


def play(score: Sequence[float], bpm_at: Callable[[float], float], set_bpm: float, seed: int = 1) -> Played:
    """A player who follows nobody, and a band that follows them."""
    rng, clock, tracker = random.Random(seed), Clock(set_bpm, 0.0), BeatTracker()
    now_s = zero = last = least = 0.0
    off_beats = 0.0
    off_s, tracked_bpm = [], []
    for beat, meant_s in zip(score, seconds_of(score, bpm_at), strict=True):
        at_s = max(now_s + 0.001, meant_s + rng.gauss(0, HAND_S))
        while now_s < at_s:
            now_s = min(at_s, now_s + LOOK_S)
            clock.check(now_s)
            least, last = min(least, clock.beat_at(now_s) - last), clock.beat_at(now_s)
        if beat == score[0]:
            zero = clock.beat_at(at_s)
            tracker.begin(clock.anchor, at_s)
            continue
        off_beats = clock.beat_at(meant_s) - zero - beat
        off_s.append((beat, ((off_beats + 0.5) % 1 - 0.5) * 60 / bpm_at(beat)))
        if (heard := tracker.hear(clock.anchor, at_s)) is not None:
            tracked_bpm.append((beat, 60 / heard.seconds_per_beat))
            clock.follow_player(heard, at_s)
    for _ in range(200):  # what is being steered is done
        now_s += LOOK_S
        clock.check(now_s)
    return Played(off_s, tracked_bpm, 60 / clock.anchor.seconds_per_beat, least, off_beats)
