"""Songs to batches: a voice's rows with what it hears of the band, augmented as the stage will be.

Every sequence starts from a fresh state at a random place of a random voice, as when a channel comes in. The
augmentations are what happens live: another key, other loudness, a band member missing, an ensemble heard late
(plans are made ahead of it) or not at all, notes still held.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from bollylive import codec, hearing
from training.corpus import PITCH, VOICE, Song
from training.sequence import Augment, Sequence, make_sequence

_LEADS = np.array([21, 40, 48, 52, 53, 65, 68, 73, 75, 80, 104, 110, 111])  # who sings a melody that came alone


def draw_augment(song: Song, voice: int, rng: np.random.Generator) -> Augment:
    """Draw what the stage may do to this voice."""
    pitched = song.notes[song.instruments[song.notes[:, VOICE]] != codec.PERCUSSION, PITCH]
    low, high = (int(pitched.min()), int(pitched.max())) if len(pitched) else (0, 127)
    others = [other for other in range(len(song.instruments)) if other != voice]
    share = rng.random() if rng.random() < 0.4 else 0.0
    alone = not others and song.instruments[voice] != codec.PERCUSSION
    return Augment(
        transpose=int(np.clip(rng.integers(-6, 6), -low, 127 - high)),
        louder=int(rng.integers(-20, 21)),
        lag=int(rng.choice([6, 12, 24, 48])) if rng.random() < 0.3 else 0,
        deaf=bool(rng.random() < 0.1),
        missing=frozenset(other for other in others if rng.random() < share),
        instrument=int(rng.choice(_LEADS)) if alone and rng.random() < 0.7 else None,
        lead_in=int(rng.integers(1, codec.WAIT_TICKS + 1)) if rng.random() < 0.5 else codec.TICKS_PER_BEAT,
    )


def hold(sequence: Sequence, rng: np.random.Generator) -> Sequence:
    """Let the state hear some notes as still held: their durations are not known yet."""
    share = rng.choice([0.0, 0.0, 0.05, 0.3])
    heard = sequence.rows.copy()
    heard[(rng.random(len(heard)) < share) & (heard[:, 1] != codec.REST), 2] = codec.HELD
    return Sequence(sequence.rows, heard, sequence.context)


def collate(sequences: list[Sequence], length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Pad sequences to rows [B, T, 9], heard [B, T, 9], context [B, T, C].

    Padding is rests whose `next` is CHOOSE: nothing of it is scored.
    """
    blank = np.array([codec.WAIT, codec.REST, 0, 0, codec.CHOOSE, 0, 0, codec.TICKS_PER_BEAT, codec.REST])
    rows = np.tile(blank, (len(sequences), length, 1))
    heard = rows.copy()
    context = np.zeros((len(sequences), length, hearing.CONTEXT_SIZE), dtype=np.float32)
    for i, sequence in enumerate(sequences):
        size = len(sequence.rows)
        rows[i, :size], heard[i, :size], context[i, :size] = sequence.rows, sequence.heard, sequence.context
    return torch.from_numpy(rows), torch.from_numpy(heard), torch.from_numpy(context)


class Batches(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """An endless, seeded stream of training batches over corpora drawn by weight."""

    def __init__(self, corpora: list[tuple[float, list[Song]]], batch: int, length: int, seed: int) -> None:
        self.corpora = [songs for _, songs in corpora]
        weights = np.array([weight for weight, _ in corpora])
        self.weights = weights / weights.sum()
        # Long songs hold more music, but not so much more that short ones are never heard.
        sizes = [np.sqrt([len(song.notes) for song in songs]) for songs in self.corpora]
        self.song_weights = [size / size.sum() for size in sizes]
        self.batch, self.length, self.seed = batch, length, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
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
        return hold(make_sequence(song, voice, first, self.length, draw_augment(song, voice, rng)), rng)
