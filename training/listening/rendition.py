"""The model's renditions of held-out excerpts: each excerpt is played in every way that it allows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from tqdm import tqdm

from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.model.onnx_model import Model
from bollylive.model.predictor import Predictor
from bollylive.sets.settings import Set
from training.data.corpus import VOICE
from training.listening.continuation import accompany, back, continue_all
from training.listening.excerpt import Excerpt, Notes, from_the_start
from training.listening.recovery import BARS_AROUND, transpose_from

# continue: the model goes on with all voices after the primer. warm: it goes on with all but the melody, which the
# musician plays. cold: the same without a primer. moved: as cold, and half-way the melody changes key. backing: the
# set's own band plays to a melody that came alone.
Way: TypeAlias = Literal["continue", "warm", "cold", "moved", "backing"]
_BACKING_BARS = 32
_LIFTS = (1, 2, 3, 4, 6)  # semitones; a fourth would keep six of a key's seven notes

WAYS: tuple[Way, ...] = ("continue", "warm", "cold", "moved", "backing")


@dataclass(frozen=True)
class Rendition:
    """What the model played: ticks from 0 on; the musician's melody, if there was one, stands apart."""

    way: Way
    excerpt: Excerpt
    played: Notes
    melody: Notes
    channels: list[int]  # those of the model

    @property
    def real(self) -> Notes:
        """What the song itself has on the model's channels."""
        real = self.excerpt.real
        return real[np.isin(real[:, VOICE], self.channels)]

    @property
    def change(self) -> int:
        """The bar at which the melody of `moved` changes key."""
        return self.excerpt.bars // 2


def ways_of(excerpt: Excerpt) -> list[Way]:
    """How an excerpt can be played."""
    if excerpt.melody is None:
        return ["continue"]
    if len(excerpt.instruments) == 1:
        return ["continue", "backing"]
    if not any(channel not in (excerpt.melody, PERCUSSION_CHANNEL) for channel in excerpt.instruments):
        return ["continue", "warm", "cold"]
    return ["continue", "warm", "cold", "moved"] if excerpt.bars >= BARS_AROUND else ["continue", "warm", "cold"]


def play(way: Way, excerpt: Excerpt, band: Set, predictor: Predictor, seed: int) -> Rendition:
    """Play an excerpt in one way; the same seed gives the same rendition."""
    if way == "continue":
        played = continue_all(excerpt, band, predictor, seed)
        return Rendition(way, excerpt, played, excerpt.real[:0], list(excerpt.instruments))
    if way == "backing":
        excerpt = from_the_start(excerpt, _BACKING_BARS)
        played = back(excerpt, band, predictor, seed)
        players = [setting.channel for setting in band.channels if setting.role == "accompany"]
        return Rendition(way, excerpt, played, excerpt.real, players)
    melody = excerpt.real[excerpt.real[:, VOICE] == excerpt.melody]
    if way == "moved":
        semitones = int(np.random.default_rng((seed, len(melody))).choice(_LIFTS))
        melody = transpose_from(melody, excerpt.bars // 2 * excerpt.cycle, semitones)
    played = accompany(excerpt, melody, band, predictor, seed, way == "warm")
    others = [channel for channel in excerpt.instruments if channel != excerpt.melody]
    return Rendition(way, excerpt, played, melody, others)


def play_all(excerpts: list[Excerpt], model: Path, band: Set, seed: int, workers: int) -> list[Rendition]:
    """Play all excerpts in all their ways, in as many processes as there are workers."""
    jobs = [(way, excerpt, seed + i) for i, excerpt in enumerate(excerpts) for way in ways_of(excerpt)]
    shown = partial(tqdm, total=len(jobs), desc="playing", unit="rendition", leave=False, disable=None)
    return list(shown(_played(jobs, model, band, workers)))


def _played(jobs: list[tuple[Way, Excerpt, int]], model: Path, band: Set, workers: int) -> Iterator[Rendition]:
    workers = min(workers, len(jobs))
    if workers < 2:
        predictor = Model(model)
        for way, excerpt, seed in jobs:
            yield play(way, excerpt, band, predictor, seed)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (model, band)) as pool:
        yield from pool.map(_work, jobs)


def _begin(model: Path, band: Set) -> None:
    _work_with.append((Model(model), band))


_work_with: list[tuple[Model, Set]] = []  # of a worker process


def _work(job: tuple[Way, Excerpt, int]) -> Rendition:
    [(predictor, band)] = _work_with
    way, excerpt, seed = job
    return play(way, excerpt, band, predictor, seed)
