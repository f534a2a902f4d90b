"""Tempos of a recording: few, and close to what was played, also behind a clock with jitter."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from bollylive.clock.clock import Clock
from bollylive.journal.recording import Recording
from bollylive.journal.tempo_map import TOLERANCE_S, TempoMap
from bollylive.midi.messages import NoteOff, NoteOn, Start, Tick
from bollylive.midi.song import Tempos, seconds_at
from bollylive.protocol import Sent

JITTER_S = 0.0015
BEATS = 80
CHANGE = 32  # the beat at which something happens to the tempo


def follow(bpm_at: Callable[[float], float]) -> tuple[Tempos, list[float], list[float]]:
    """A jam behind a clock with jitter: its tempos, and each onset as it was played and as it is recorded."""
    numbers = random.Random(1)
    clock, recording = Clock(100, 0.0), Recording()
    clock.handle(Start(), 0.99)
    anchor = clock.anchor
    recording.add(anchor)
    ideal_s, now_s, played_s = 1.0, 1.0, []
    for tick in range(24 * BEATS):
        now_s = max(now_s, ideal_s + abs(numbers.gauss(0.0, JITTER_S)))
        clock.check(now_s)
        clock.handle(Tick(), now_s)
        if clock.anchor != anchor:
            anchor = clock.anchor
            recording.add(anchor)
        if tick % 12 == 0:
            recording.add(Sent(NoteOn(0, 60, 90), "musician", now_s, clock.beat_at(now_s)))
            played_s.append(now_s)
        elif tick % 12 == 6:
            recording.add(Sent(NoteOff(0, 60), "musician", now_s, clock.beat_at(now_s)))
        ideal_s += 60 / bpm_at(tick / 24) / 24
    tempos = recording.tempos()
    (track,) = recording.tracks()
    recorded_s = [seconds_at(tempos, note.onset_beats) for note in track.notes]
    return tempos, played_s[4:], recorded_s[4:]  # in the first two beats the clock is still found


def deviation_s(played_s: list[float], recorded_s: list[float]) -> float:
    """By how much the onsets lie apart, in the best place of the recording beside the performance."""
    apart = [recorded - played for played, recorded in zip(played_s, recorded_s, strict=True)]
    return (max(apart) - min(apart)) / 2


def test_a_steady_tempo_is_one_tempo() -> None:
    tempos, *onsets = follow(lambda _: 120.0)
    assert tempos == ((0.0, 120.0),)
    assert deviation_s(*onsets) <= TOLERANCE_S


def test_a_step_of_the_tempo_is_kept_and_is_over_within_a_beat() -> None:
    tempos, *onsets = follow(lambda beat: 120.0 if beat < CHANGE else 138.0)
    assert [tempos[0][1], tempos[-1][1]] == pytest.approx([120.0, 138.0], abs=0.1)
    assert all(CHANGE - 1 < beat < CHANGE + 1 for beat, bpm in tempos[1:] if abs(bpm - 138.0) > 0.5)
    assert len(tempos) <= 4
    assert deviation_s(*onsets) <= 2 * TOLERANCE_S


def test_a_ritardando_is_kept_in_steps() -> None:
    def slower(beat: float) -> float:
        return 120.0 - 40.0 * min(max(0.0, (beat - CHANGE) / 24), 1.0)

    tempos, *onsets = follow(slower)
    assert tempos[0] == pytest.approx((0.0, 120.0), abs=0.1)
    assert tempos[-1][1] == pytest.approx(80.0, abs=0.5)
    assert all(later < earlier + 1.0 for (_, earlier), (_, later) in pairwise(tempos))
    assert 6 <= len(tempos) <= 20
    assert deviation_s(*onsets) <= 2 * TOLERANCE_S


def test_a_tempo_that_was_set_is_recorded_as_it_was_set() -> None:
    tempo_map = TempoMap()
    tempo_map.begin(0.0, 10.0, 60 / 97.3)
    assert flat(tempo_map.tempos(0.0)) == flat(tempo_map.tempos(500.0)) == pytest.approx([0.0, 97.3])
    tempo_map.add(500.0, 10.0 + 500 * 60 / 97.3, 60 / 97.4)
    assert flat(tempo_map.tempos(501.0)) == pytest.approx([0.0, 97.3])  # what cannot be heard yet
    assert flat(tempo_map.tempos(900.0)) == pytest.approx([0.0, 97.3, 500.0, 97.4])


def flat(tempos: Tempos) -> list[float]:
    return [number for tempo in tempos for number in tempo]


def test_no_points_are_the_tempo_of_an_empty_file() -> None:
    assert TempoMap().tempos(9.0) == ((0.0, 120.0),)


@pytest.mark.parametrize("seed", range(5))
def test_no_point_is_further_away_than_the_tolerance(seed: int) -> None:
    numbers = random.Random(seed)
    tempo_map = TempoMap()
    beat, at_s = 0.0, 5.0
    points: list[tuple[float, float]] = []
    for _ in range(100):
        beat_s = numbers.uniform(0.45, 0.55)
        (tempo_map.add if points else tempo_map.begin)(beat, at_s, beat_s)
        points.append((beat, at_s))
        step = numbers.uniform(1.0, 3.0)
        beat, at_s = beat + step, at_s + step * beat_s
    tempos = tempo_map.tempos(beat)
    assert len(tempos) > 20
    assert all(abs(seconds_at(tempos, beat) + 5.0 - at_s) <= TOLERANCE_S + 1e-9 for beat, at_s in points)


def test_memory_and_time_do_not_grow_with_the_points() -> None:
    tempo_map = TempoMap()
    for i in range(20_000):
        tempo_map.add(i / 4, i / 8, 0.5 + (i % 7 - 3) / 1000)
    assert tempo_map.tempos(5_000.0) == ((0.0, 120.0),)
