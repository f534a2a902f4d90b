"""The LSTM baseline: a stacked LSTM over whole-note tokens, one voice by itself, without band or metre.

It is how melodies were continued before: one softmax over the joint vocabulary of notes (Eck & Schmidhuber,
"Finding temporal structure in music", 2002, and many since). What is no token is spelled after its escape by a small
softmax for each word, so that every note has a probability. Bits by field are exact: the tokens that agree so far
are summed, word by word.
"""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from bollylive.model import codec
from training.baselines.tokens import WORDS_A_LEVEL, Vocabulary
from training.errors import TrainingError
from training.sequences.sequence import Sequence
from training.writing import NOT_A_STATE, first_line, write_state

_BATCH = 16
_FAR = -1e9


class Spelling(NamedTuple):
    """Scores of what comes after each row."""

    token: Tensor  # [B, T, tokens]
    pitch: Tensor  # [B, T, 128], after an escape, as the next
    duration: Tensor  # [B, T, DURATIONS]
    velocity: Tensor  # [B, T, VELOCITIES]; after a token only its level's are possible


class NoteLstm(nn.Module):
    """Token, pitch, velocity and instrument in; the next row's token out."""

    def __init__(self, vocabulary: Vocabulary, width: int = 256, layers: int = 2) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.token = nn.Embedding(vocabulary.size, width)
        self.pitch = nn.Embedding(codec.PITCHES + 1, width)
        self.velocity = nn.Embedding(codec.VELOCITIES, width)
        self.instrument = nn.Embedding(codec.INSTRUMENTS, width)
        self.rnn = nn.LSTM(width, width, layers, batch_first=True)
        self.token_out = nn.Linear(width, vocabulary.size)
        self.spell = nn.Linear(width, codec.PITCHES + codec.DURATIONS + codec.VELOCITIES)

    def forward(self, rows: Tensor, tokens: Tensor) -> Spelling:
        """Score what comes after each of rows [B, T, F], with tokens [B, T], from a fresh state."""
        heard = self.token(tokens) + self.pitch(rows[..., codec.PITCH]) + self.velocity(rows[..., codec.VELOCITY])
        after, _ = self.rnn(heard + self.instrument(rows[..., codec.INSTRUMENT]))
        spelled = self.spell(after).split((codec.PITCHES, codec.DURATIONS, codec.VELOCITIES), dim=-1)
        return Spelling(self.token_out(after), *spelled)


def level_mask(velocity: Tensor) -> Tensor:
    """Which velocity words [..., VELOCITIES] share the level of these."""
    return torch.arange(codec.VELOCITIES) // WORDS_A_LEVEL == (velocity // WORDS_A_LEVEL).unsqueeze(-1)


class LstmScorer:
    """A trained `NoteLstm` as a scorer."""

    names = ("lstm",)

    def __init__(self, model: NoteLstm) -> None:
        self.model = model.eval()
        self.notes = torch.from_numpy(model.vocabulary.notes)

    @torch.no_grad()
    def score(self, sequences: list[Sequence]) -> dict[str, list[NDArray[np.float64]]]:
        """The bits of `lstm`; see `scoring.Scorer`.

        The first row begins the sequence and costs nothing but for its `next`.
        """
        scored: list[NDArray[np.float64]] = []
        stream = iter(sequences)
        while part := list(islice(stream, _BATCH)):
            lengths = [len(sequence.rows) for sequence in part]
            rows = torch.from_numpy(pad([sequence.rows for sequence in part]))
            tokens = torch.from_numpy(self.model.vocabulary.tokens(rows.numpy()))
            spelling = Spelling(*(score.double() for score in self.model(rows, tokens)))
            bits = np.stack([self._bits(Spelling(*(s[i] for s in spelling)), rows[i]) for i in range(len(part))])
            scored += [bits[i, :length] for i, length in enumerate(lengths)]
        return {"lstm": scored}

    def _bits(self, after: Spelling, rows: Tensor) -> NDArray[np.float64]:
        """The bits [T, 4] of one sequence."""
        asked = torch.arange(len(rows))
        coming = rows[(asked + 1).clamp(max=len(rows) - 1)]
        pitches = rows[:, codec.PITCH]
        newest = torch.where(pitches == codec.REST, rows[:, codec.PREVIOUS], pitches)
        onset, pitch, duration, level = self.notes.T
        # In a chord a note lies above the one before.
        below = (onset == 0) & (pitch <= newest.unsqueeze(1)) & (newest != codec.REST).unsqueeze(1)
        most = len(self.notes)
        tokens = after.token[:, :most].masked_fill(below, _FAR)
        chance = torch.cat((tokens, after.token[:, most:]), 1).softmax(-1)
        tokens, escapes = chance[:, :most], chance[:, most:]

        known = rows[:, codec.NEXT].clamp(min=0).unsqueeze(1)
        agreeing = onset == known
        by_onset = (tokens * agreeing).sum(1) + escapes.gather(1, known)[:, 0]
        above = (known != 0) | (newest == codec.REST).unsqueeze(1) | (torch.arange(codec.PITCHES) > newest.unsqueeze(1))
        wanted = coming[:, codec.PITCH].clamp(max=codec.PITCHES - 1).unsqueeze(1)
        spelled = (
            escapes.gather(1, known)[:, 0] * after.pitch.masked_fill(~above, _FAR).softmax(-1).gather(1, wanted)[:, 0]
        )
        agreeing = agreeing & (pitch == wanted)
        by_pitch = (tokens * agreeing).sum(1) + spelled
        wanted = coming[:, codec.DURATION].clamp(max=codec.DURATIONS - 1).unsqueeze(1)
        spelled = spelled * after.duration.softmax(-1).gather(1, wanted)[:, 0]
        agreeing = agreeing & (duration == wanted)
        by_duration = (tokens * agreeing).sum(1) + spelled
        wanted = coming[:, codec.VELOCITY].unsqueeze(1)
        within = (
            after.velocity.masked_fill(~level_mask(coming[:, codec.VELOCITY]), _FAR).softmax(-1).gather(1, wanted)[:, 0]
        )
        agreeing = agreeing & (level == wanted // WORDS_A_LEVEL)
        spelled = spelled * after.velocity.softmax(-1).gather(1, wanted)[:, 0]
        by_velocity = (tokens * agreeing).sum(1) * within + spelled

        chances = torch.stack((by_onset, by_pitch, by_duration, by_velocity), 1).clamp(min=1e-300)
        costs = -chances.log() / math.log(2)
        bits = np.zeros((len(rows), len(codec.CHOICES)))
        bits[:, -1] = torch.where(rows[:, codec.NEXT] != codec.CHOOSE, costs[:, 0], 0)
        note = (coming[:-1, codec.PITCH] != codec.REST).numpy()
        bits[1:, :-1] = costs.diff(dim=1)[:-1].numpy() * note[:, None]
        return bits


def pad(sequences: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Rows as one array [B, T, F]; after a sequence's end stand rests whose `next` is CHOOSE."""
    longest = max(len(rows) for rows in sequences)
    padded = np.tile(np.array(codec.PADDING, dtype=np.int64), (len(sequences), longest, 1))
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded


def lstm_loss(model: NoteLstm, rows: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """The nats that rows [B, T, F] cost, summed, along their tokens' path alone; and the number of notes."""
    after = model(rows[:, :-1], tokens[:, :-1])
    coming, token = rows[:, 1:], tokens[:, 1:]
    asked = rows[:, :-1, codec.NEXT] != codec.CHOOSE
    note = asked & (coming[..., codec.PITCH] != codec.REST)
    escaped = note & (token >= len(model.vocabulary.notes))
    velocity = after.velocity.float()
    velocity = torch.where(level_mask(coming[..., codec.VELOCITY]) | escaped.unsqueeze(-1), velocity, _FAR)
    nats = F.cross_entropy(after.token[asked].float(), token[asked], reduction="sum")
    nats = nats + F.cross_entropy(velocity[note], coming[..., codec.VELOCITY][note], reduction="sum")
    nats = nats + F.cross_entropy(after.pitch[escaped].float(), coming[..., codec.PITCH][escaped], reduction="sum")
    nats = nats + F.cross_entropy(
        after.duration[escaped].float(), coming[..., codec.DURATION][escaped], reduction="sum"
    )
    return nats, note.sum()


def save_lstm(model: NoteLstm, path: Path) -> None:
    """Write weights and vocabulary."""
    sizes = {"width": model.rnn.hidden_size, "layers": model.rnn.num_layers}
    notes = torch.from_numpy(model.vocabulary.notes)
    write_state(path, {"model": model.state_dict(), "notes": notes, "sizes": sizes})


def load_lstm(path: Path) -> NoteLstm:
    """Read what `save_lstm` wrote; raises TrainingError for anything else."""
    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
        model = NoteLstm(Vocabulary(saved["notes"].numpy()), **saved["sizes"])
        model.load_state_dict(saved["model"])
    except NOT_A_STATE as error:
        raise TrainingError(
            f"{path}: this is no LSTM that the stage baselines wrote ({first_line(error)}); fit it again."
        ) from error
    return model
