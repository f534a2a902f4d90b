"""Songs to batches: a voice's rows with their context, augmented with what happens on stage.

Every sequence starts from a fresh state at a random place of a random voice, as when a channel comes in. The
augmentations are what happens live: another key, other loudness, a band member missing, a band that is heard late
(plans are made ahead of it) or not at all, notes still held, a change of key that reaches one voice after the other, a
corrupted context (the band is in a wrong key, the musician is not), and input noise (the voice's own mistakes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from bollylive.model import codec
from bollylive.model.bar_echoes import ECHOES, NO_ECHO
from bollylive.model.context import CONTEXT_SIZE
from training.data.corpus import ONSET, PITCH, VOICE, Song
from training.data.melody import find_melody
from training.sequences.sequence import Augment, Sequence, make_sequence

_LEADS = np.array([21, 40, 48, 52, 53, 65, 68, 73, 75, 80, 104, 110, 111])  # instruments for a melody that came alone
_LAGS, _LEAD_LAGS, _ALL_LAG = np.array([6, 12, 24, 48]), 0.5, 0.15
_NOBODY_LEADS, _ALL_LEAD, _ANYONE_LEADS = 0.25, 0.1, 0.2
_CHORD_SEMITONES = 12  # for each other note at one onset a voice must be an octave higher to have the melody
_CORRUPTED, _EACH_CORRUPTED = 0.3, 0.8
_MODULATING, _LEAD_BEFORE, _LAST_TO_FOLLOW = 0.2, 2 * codec.TICKS_PER_BEAT, 8 * codec.TICKS_PER_BEAT
_NOISY, _NOISE_SHARES = 0.4, np.array([0.03, 0.1, 0.25])


class Batch(NamedTuple):
    """Sequences side by side, padded."""

    rows: Tensor  # int64 [B, T, F]
    heard: Tensor  # int64 [B, T, F]
    echoes: Tensor  # int64 [B, T, E, 5]
    context: Tensor  # float32 [B, T, C]

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        return Batch(*(tensor.to(device) for tensor in self))


def draw_augment(song: Song, voice: int, first: int, length: int, rng: np.random.Generator) -> Augment:
    """Draw what may happen on stage to a voice that plays up to `length` rows from its note number `first`."""
    pitched = song.notes[song.instruments[song.notes[:, VOICE]] != codec.PERCUSSION, PITCH]
    low, high = (int(pitched.min()), int(pitched.max())) if len(pitched) else (0, 127)
    transpose = int(np.clip(rng.integers(-6, 6), -low, 127 - high))
    low, high = low + transpose, high + transpose
    others = [other for other in range(len(song.instruments)) if other != voice]
    leads = _leads(song, others, rng)
    band = [other for other in others if other not in leads]
    share = rng.random() if rng.random() < 0.4 else 0.0
    follows = bool(leads and band)
    corrupted = bool(rng.random() < _CORRUPTED) and follows
    changes = int(rng.integers(-6, 7)) if others and rng.random() < _MODULATING else 0
    key_ticks = _key_ticks(song, voice, first, length, leads, rng) if changes else None
    alone = not others and song.instruments[voice] != codec.PERCUSSION
    return Augment(
        transpose=transpose,
        louder=int(rng.integers(-20, 21)),
        lag=int(rng.choice(_LAGS)),
        lagging=_lagging(others, leads, rng),
        without_context=bool(rng.random() < 0.1),
        missing=frozenset(other for other in band if rng.random() < share),
        instrument=int(rng.choice(_LEADS)) if alone and rng.random() < 0.7 else None,
        lead_in=int(rng.integers(1, codec.WAIT_TICKS + 1)) if rng.random() < 0.5 else codec.OPENING_REST_TICKS,
        leads=leads,
        corrupted=frozenset(other for other in band if rng.random() < _EACH_CORRUPTED) if corrupted else frozenset(),
        corrupted_by=int(np.clip(rng.integers(-6, 7), -low, 127 - high)),
        key_change=int(np.clip(changes, -low, 127 - high)) if not corrupted else 0,
        key_ticks=key_ticks if not corrupted else None,
        input_noise=float(rng.choice(_NOISE_SHARES)) if rng.random() < _NOISY else 0.0,
        seed=int(rng.integers(2**31)),
    )


def _leads(song: Song, others: list[int], rng: np.random.Generator) -> frozenset[int]:
    """Who is the musician: nobody, all, anyone or, mostly, the voice that has the melody."""
    draw = rng.random()
    pitched = [other for other in others if song.instruments[other] != codec.PERCUSSION]
    if draw < _NOBODY_LEADS or not pitched:
        return frozenset()
    if draw < _NOBODY_LEADS + _ALL_LEAD:
        return frozenset(others)
    if draw < _NOBODY_LEADS + _ALL_LEAD + _ANYONE_LEADS:
        return frozenset([int(rng.choice(pitched))])
    melody = find_melody(song.notes, pitched, chord_semitones=_CHORD_SEMITONES)
    return frozenset() if melody is None else frozenset([melody])


def _lagging(others: list[int], leads: frozenset[int], rng: np.random.Generator) -> frozenset[int]:
    """Who is heard late: the musician, everybody, or nobody."""
    draw = rng.random()
    if draw < _LEAD_LAGS:
        return leads
    return frozenset(others) if draw < _LEAD_LAGS + _ALL_LAG else frozenset()


def _key_ticks(
    song: Song, voice: int, first: int, length: int, leads: frozenset[int], rng: np.random.Generator
) -> NDArray[np.int64]:
    """When each voice changes key [voices]: the voice itself, somewhere; the musician before it; others around it."""
    own = song.notes[song.notes[:, VOICE] == voice][first : first + length, ONSET]
    tick = int(rng.choice(own))
    ticks = tick + rng.integers(-codec.TICKS_PER_BEAT, _LAST_TO_FOLLOW + 1, len(song.instruments))
    ticks[voice] = tick
    ticks[list(leads)] = tick - rng.integers(0, _LEAD_BEFORE + 1)
    return ticks


def hold(sequence: Sequence, rng: np.random.Generator) -> Sequence:
    """Make some notes held in the rows that the state hears: their durations are not known yet."""
    share = rng.choice([0.0, 0.0, 0.05, 0.3])
    heard = sequence.heard.copy()
    heard[(rng.random(len(heard)) < share) & (heard[:, codec.PITCH] != codec.REST), codec.DURATION] = codec.HELD
    return replace(sequence, heard=heard)


def forget(sequence: Sequence, rng: np.random.Generator) -> Sequence:
    """Remove some echoes of the voice's own past, so that the model also learns to play without them."""
    share = rng.choice([0.0, 0.3, 1.0], p=[0.75, 0.15, 0.1])
    forgotten = frozenset(np.flatnonzero(rng.random(ECHOES) < share).tolist())
    return replace(sequence, own_past=replace(sequence.own_past, forgotten=forgotten))


def collate(sequences: list[Sequence], length: int) -> Batch:
    """Pad sequences to the same length.

    Padding is rests whose `next` is CHOOSE: nothing of it is scored.
    """
    rows = np.tile(np.array(codec.PADDING), (len(sequences), length, 1))
    heard = rows.copy()
    echoes = np.tile(np.array(NO_ECHO), (len(sequences), length, ECHOES, 1))
    context = np.zeros((len(sequences), length, CONTEXT_SIZE), dtype=np.float32)
    for i, sequence in enumerate(sequences):
        size = len(sequence.rows)
        rows[i, :size], heard[i, :size], echoes[i, :size] = sequence.rows, sequence.heard, sequence.echoes
        context[i, :size] = sequence.context
    return Batch(*(torch.from_numpy(array) for array in (rows, heard, echoes, context)))


class Batches(IterableDataset[Batch]):
    """An endless, seeded stream of training batches over corpora drawn by weight, if asked without context."""

    def __init__(
        self, corpora: list[tuple[float, list[Song]]], batch: int, length: int, seed: int, without_context: bool = False
    ) -> None:
        self.corpora = [songs for _, songs in corpora]
        weights = np.array([weight for weight, _ in corpora])
        self.weights = weights / weights.sum()
        # Long songs hold more music, but not so much more that short ones are never heard.
        sizes = [np.sqrt([len(song.notes) for song in songs]) for songs in self.corpora]
        self.song_weights = [size / size.sum() for size in sizes]
        self.batch, self.length, self.seed = batch, length, seed
        self.without_context = without_context

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        rng = np.random.default_rng((self.seed, worker.id if worker else 0))
        while True:
            yield collate([self.draw(rng) for _ in range(self.batch)], self.length)

    def draw(self, rng: np.random.Generator) -> Sequence:
        """One sequence: half the time any voice alike, else in proportion to its notes."""
        corpus = int(rng.choice(len(self.corpora), p=self.weights))
        songs = self.corpora[corpus]
        song = songs[int(rng.choice(len(songs), p=self.song_weights[corpus]))]
        if rng.random() < 0.5:
            voice = int(rng.choice(np.unique(song.notes[:, VOICE])))
        else:
            voice = int(song.notes[rng.integers(len(song.notes)), VOICE])
        count = int((song.notes[:, VOICE] == voice).sum())
        first = 0 if rng.random() < 0.15 else int(rng.integers(max(1, count - self.length // 4)))
        augment = draw_augment(song, voice, first, self.length, rng)
        if self.without_context:
            augment = replace(augment, without_context=True)
        sequence = make_sequence(song, voice, first, self.length, augment)
        return forget(hold(sequence, rng), rng)
