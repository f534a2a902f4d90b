"""Hours of a busy set: nothing grows, nothing drifts, nothing is left sounding."""

from __future__ import annotations

import gc
import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from types import FunctionType, MethodType, ModuleType

import numpy as np
import pytest
from apart import SlowPredictor
from evening import Timed, evening, phrases, runs
from fakes import ons, sounding
from soak import LIMIT_MB, SEED, soak

from bollylive.model.codec import TICKS_PER_BEAT
from bollylive.offline import OfflineBand
from bollylive.sets.setfile import default_set
from bollylive.sets.settings import ChannelSet, Set

BPM = 60.0
BEGIN_S = 1.0
MINUTE_S = 60.0
TWO_HOURS_S = 120 * MINUTE_S
WARM_S = 20 * MINUTE_S  # by then the buffers, the memory and what everybody heard are full
NOISE_MS = 8.0  # of a busy machine; in so short a time a tempo that is wrong by 1/1000 shows as 20 ms
SCRIPT = (48, 24, 48, 0, 72, 12, 96)  # what a voice waits from note to note, in ticks


def bytes_of(root: object) -> int:
    """How much memory all takes that can be reached from an object; the same on every machine."""
    seen, total, queue = {id(root)}, 0, deque([root])
    while queue:
        thing = queue.popleft()
        total += sys.getsizeof(thing)
        parts = gc.get_referents(thing)
        if isinstance(thing, np.ndarray) and thing.base is not None:  # the collector does not look into arrays
            parts.append(thing.base)
        for part in parts:
            if id(part) not in seen and not isinstance(part, type | ModuleType | FunctionType | MethodType):
                seen.add(id(part))
                queue.append(part)
    return total


class Evening:
    """A set plays for hours; what was sent is looked at every minute, and forgotten.

    `place` tells how far an onset, as it was due, is from where it ought to be, in beats.
    """

    def __init__(self, band: Set, place: Callable[[float], float]) -> None:
        self.offline = OfflineBand(band, SlowPredictor(SCRIPT, buffer_notes=64), seed=1)
        self.bytes: list[int] = []  # after the warm-up, every ten minutes
        self.notes = 0
        self.worst_beats = 0.0
        self.sounding: set[tuple[int, int]] = set()
        self._place = place

    def play(self, words: Iterable[Timed], until_s: float) -> None:
        """Let it all happen, and end it."""
        looked_s, weighed_s = 0.0, WARM_S
        for at_s, event in takewhile(lambda word: word[0] < until_s, words):
            self.offline.play(event, at_s)
            if at_s >= looked_s + MINUTE_S:
                looked_s = at_s
                self._look()
            if at_s >= weighed_s:
                weighed_s += 10 * MINUTE_S
                self.bytes.append(bytes_of(self.offline))
        self.offline.close()
        self._look()

    def _look(self) -> None:
        begun = [message for message, _ in ons(self.offline.sent)]
        self.notes += len(begun)
        # A reply may come a little after its place; where that place is must be right all the same.
        self.worst_beats = max([self.worst_beats, *(self._place(on.at_s - on.late_s) for on in begun)])
        self.sounding = sounding(self.offline.sent, self.sounding)
        self.offline.sent.clear()


def off_grid(at_s: float, zero_s: float, tick_s: float) -> float:
    """How far a second is from the nearest tick of an even grid, in beats."""
    ticks = (at_s - zero_s) / tick_s
    return abs(ticks - round(ticks)) / TICKS_PER_BEAT


@pytest.mark.slow
def test_two_hours_with_a_daw_leave_nothing_behind() -> None:
    song = list(takewhile(lambda run: run.begin_s < TWO_HOURS_S, runs(BEGIN_S, SEED, BPM)))

    def place(at_s: float) -> float:
        run = song[max(0, bisect_right(song, at_s, key=lambda run: run.begin_s) - 1)]
        return off_grid(at_s, run.begin_s, run.tick_s) if run.begin_s <= at_s < run.end_s else 0.0

    show = Evening(replace(default_set(), tempo_bpm=BPM), place)
    show.play(evening(BEGIN_S, SEED, BPM), TWO_HOURS_S)
    assert show.notes > 5_000  # it waits for the musician's own pauses, and yields on each of their channels
    assert not show.sounding
    assert max(show.bytes) - show.bytes[0] < LIMIT_MB * 1e6
    assert show.worst_beats < 1e-6


@pytest.mark.slow
def test_after_two_hours_of_free_tempo_the_band_is_on_the_grid_of_its_first_note() -> None:
    tempo = 61.3  # a beat that no float holds exactly
    band = Set(tempo_bpm=tempo, rest_after_beats=0, channels=(ChannelSet(0), ChannelSet(1, role="accompany")))
    show = Evening(band, lambda at_s: off_grid(at_s, BEGIN_S, 60 / tempo / TICKS_PER_BEAT))
    show.play(phrases(BEGIN_S, SEED), TWO_HOURS_S)
    assert show.notes > 3_000
    assert not show.sounding
    assert max(show.bytes) - show.bytes[0] < LIMIT_MB * 1e6
    assert show.worst_beats < 1e-6


@pytest.mark.slow
@pytest.mark.ports
def test_a_while_on_real_ports_leaves_nothing_behind(jack_server: dict[str, str], tmp_path: Path) -> None:
    seen = soak(20.0, tmp_path)
    first_ms, last_ms = seen.lag_ms
    assert len(seen.onsets_s) > 50
    assert not seen.faults
    assert not seen.stuck
    assert abs(last_ms - first_ms) < NOISE_MS
