"""The whole model: a recurrent band member that chooses a note when its moment has come.

A voice's state has heard all its rows so far. At a note's onset the *moment* (state, onset, beat, and what the
band sounds right then) gives pitch, then duration, then velocity, each conditioned on the ones before; the note
goes into the state; the new state gives the onset of the next note. So the pitch is chosen with the ears open at
the onset itself, not one note earlier. Two structured outputs spare the network what arithmetic knows: pitch
scores add a part read by the interval from the previous pitch, onset scores a part read by the place in the bar.

`BandModel.forward` runs over whole sequences for training; `Step` is the same network for one row, with
sampling inside, as it is exported. Shapes: B voices, T rows, H width, L layers, C context.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bollylive import codec
from bollylive.hearing import CONTEXT_SIZE
from training.recipe import ModelConfig

_FAR = -1e9  # a score that no noise can choose
_NO_PITCH = 60  # the interval's root where a voice has not sounded yet


class Scores(NamedTuple):
    """Unnormalised log-probabilities of the four words of each row."""

    pitch: Tensor  # [B, T, 128]
    duration: Tensor  # [B, T, DURATIONS]
    velocity: Tensor  # [B, T, VELOCITIES]
    next: Tensor  # [B, T, ONSETS]


class BandModel(nn.Module):
    """Embeddings, a GRU, and the chain of heads; see the module's first lines."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.onset = nn.Embedding(codec.ONSETS, 32)
        self.place = nn.Embedding(codec.PLACES, 32)
        self.cycle = nn.Embedding(codec.PLACES // 12 + 1, 16)
        self.pitch = nn.Embedding(codec.PITCHES + 1, 64)
        self.interval = nn.Embedding(2 * codec.PITCHES, 32)
        self.duration = nn.Embedding(codec.DURATIONS + 1, 32)
        self.velocity = nn.Embedding(codec.VELOCITIES, 16)
        self.instrument = nn.Embedding(codec.INSTRUMENTS, 32)
        self.family = nn.Embedding(codec.INSTRUMENTS // 8 + 1, 32)
        self.hearing = nn.Linear(CONTEXT_SIZE, 64)

        here = 32 + 16 + 32 + 64  # place, cycle, instrument, hearing
        self.rnn = nn.GRU(32 + 64 + 32 + 32 + 16 + here, width, config.layers, batch_first=True)
        self.moment = nn.Linear(width + 32 + 64 + 48 + here, width)
        self.pitch_out = nn.Linear(width, codec.PITCHES)
        self.interval_out = nn.Linear(width, 2 * codec.PITCHES)
        self.duration_in = nn.Linear(width + 64 + 32, 128)
        self.duration_out = nn.Linear(128, codec.DURATIONS)
        self.velocity_in = nn.Linear(width + 64 + 32, 96)
        self.velocity_out = nn.Linear(96, codec.VELOCITIES)
        self.onward = nn.Linear(width + here, 192)
        self.next_out = nn.Linear(192, codec.ONSETS)
        self.place_out = nn.Linear(192, codec.PLACES)

    def here(self, rows: Tensor, context: Tensor) -> Tensor:
        """Where a row stands and what it hears: [..., 144]."""
        instrument = rows[..., 5]
        who = self.instrument(instrument) + self.family(instrument // 8)
        hearing = F.silu(self.hearing(context))
        return torch.cat([self.place(rows[..., 6]), self.cycle(rows[..., 7] // 12), who, hearing], dim=-1)

    def interval_of(self, pitch: Tensor, previous: Tensor) -> Tensor:
        """The interval word, 0-255, 128 for a unison."""
        return pitch - torch.where(previous == codec.REST, _NO_PITCH, previous) + codec.PITCHES

    def note_in(self, rows: Tensor, here: Tensor) -> Tensor:
        """A complete row as the GRU's input."""
        pitch = rows[..., 1]
        interval = self.interval_of(torch.where(pitch == codec.REST, rows[..., 8], pitch), rows[..., 8])
        parts = [
            self.onset(rows[..., 0]),
            self.pitch(pitch),
            self.interval(interval.clamp(0, 2 * codec.PITCHES - 1)),
            self.duration(rows[..., 2]),
            self.velocity(rows[..., 3]),
            here,
        ]
        return torch.cat(parts, dim=-1)

    def moment_of(self, before: Tensor, rows: Tensor, context: Tensor, here: Tensor) -> Tensor:
        """The state before a note and all that is known at its onset: [..., H].

        The harmony is given a second time relative to the previous pitch, so that what is learnt in one key holds
        in all.
        """
        previous = rows[..., 8]
        turn = (torch.arange(12, device=rows.device) + previous.unsqueeze(-1)) % 12
        turned = torch.cat([context[..., 12 * i : 12 * i + 12].gather(-1, turn) for i in range(4)], dim=-1)
        known = torch.cat([before, self.onset(rows[..., 0]), self.pitch(previous), turned, here], dim=-1)
        return F.silu(self.moment(known))

    def pitch_scores(self, moment: Tensor, rows: Tensor) -> Tensor:
        """Scores of the 128 pitches; within a chord only what lies above the previous note is possible."""
        previous = rows[..., 8].unsqueeze(-1)
        pitches = torch.arange(codec.PITCHES, device=rows.device)
        by_interval = self.interval_out(moment).gather(-1, self.interval_of(pitches, previous))
        in_chord = (rows[..., 0].unsqueeze(-1) == 0) & (previous != codec.REST)
        scores: Tensor = self.pitch_out(moment) + by_interval + _FAR * (in_chord & (pitches <= previous))
        return scores

    def duration_scores(self, moment: Tensor, pitch: Tensor, rows: Tensor) -> Tensor:
        """Scores of the durations, knowing the pitch."""
        known = torch.cat([moment, self.pitch(pitch), self.onset(rows[..., 0])], dim=-1)
        scores: Tensor = self.duration_out(F.silu(self.duration_in(known)))
        return scores

    def velocity_scores(self, moment: Tensor, pitch: Tensor, duration: Tensor) -> Tensor:
        """Scores of the velocities, knowing pitch and duration."""
        known = torch.cat([moment, self.pitch(pitch), self.duration(duration)], dim=-1)
        scores: Tensor = self.velocity_out(F.silu(self.velocity_in(known)))
        return scores

    def next_scores(self, after: Tensor, rows: Tensor, here: Tensor) -> Tensor:
        """Scores of the time to the next onset, partly by the place in the bar where it would fall."""
        onward = F.silu(self.onward(torch.cat([after, here], dim=-1)))
        ahead = torch.arange(codec.ONSETS, device=rows.device)
        places = (rows[..., 6].unsqueeze(-1) + ahead) % rows[..., 7].unsqueeze(-1)
        by_place = self.place_out(onward).gather(-1, places)
        scores: Tensor = self.next_out(onward) + by_place * (ahead != codec.WAIT)
        return scores

    def forward(self, rows: Tensor, context: Tensor, heard: Tensor) -> Scores:
        """Score known rows [B, T, 9] with context [B, T, C] from a fresh state.

        `heard` are the rows as they go into the state; they differ from `rows` only where a duration is HELD.
        Needs complete rows: no CHOOSE but in `next`.
        """
        here = self.here(rows, context)
        after, _ = self.rnn(self.note_in(heard, here))
        before = F.pad(after, (0, 0, 1, 0))[:, :-1]
        moment = self.moment_of(before, rows, context, here)
        pitch, duration = rows[..., 1], rows[..., 2]
        return Scores(
            self.pitch_scores(moment, rows),
            self.duration_scores(moment, pitch, rows),
            self.velocity_scores(moment, pitch, duration),
            self.next_scores(after, rows, here),
        )
