"""Layers that the recurrence was measured against: a GRU, and attention over the buffer as in a small transformer.

Each can stand in its place, in training and in the exported graph; see `training.network.layers`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.network.layer import Layer

BUFFER_ROWS = 256  # what attention can look back on
_HEADS = 4


class GatedUnit(Layer):
    """A layer of GRU (Cho et al. 2014) whose step is written as linear layers, so that it becomes int8."""

    state_rows = 1

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.rnn = nn.GRU(width, width, batch_first=True)

    def forward(self, below: Tensor) -> Tensor:
        """Feed a whole sequence [B, T, H] from a fresh state, for training."""
        after: Tensor = self.rnn(below)[0]
        return after

    def go_on(self, below: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Feed one row [B, 1, H] after a state [B, 1, H] (PyTorch's own gate equations); gives output and state."""
        _check_one_row(below)
        weight_in, weight_kept, bias_in, bias_kept = self.rnn.all_weights[0]
        new_reset, new_update, new = F.linear(below, weight_in, bias_in).chunk(3, dim=-1)
        old_reset, old_update, kept = F.linear(state, weight_kept, bias_kept).chunk(3, dim=-1)
        reset, update = torch.sigmoid(new_reset + old_reset), torch.sigmoid(new_update + old_update)
        after = (1 - update) * torch.tanh(new + reset * kept) + update * state
        return after, after.unsqueeze(2)


class Attention(Layer):
    """A layer of a causal transformer (Vaswani et al. 2017), biased by distance (Press et al. 2022, ALiBi).

    Its state is the cache of keys and values of the last BUFFER_ROWS rows.
    """

    state_rows = 2 * BUFFER_ROWS
    width_step = _HEADS

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.norm, self.deep_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.deep_in, self.deep_out = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.slope = nn.Parameter(torch.linspace(-1.0, -5.0, _HEADS))

    def forward(self, below: Tensor) -> Tensor:
        """Feed a whole sequence [B, T, H] from a fresh state, for training."""
        query, key, value = self.asked(self.norm(below)).chunk(3, dim=-1)
        rows = torch.arange(below.shape[1], device=below.device)
        distance = (rows[:, None] - rows).float()
        return self.say(below, query, key, value, distance, distance < 0)

    def go_on(self, below: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Feed one row [B, 1, H] after the cache [B, S, H]; gives the output and the cache [B, 1, S, H]."""
        _check_one_row(below)
        query, new_key, new_value = self.asked(self.norm(below)).chunk(3, dim=-1)
        key = torch.cat([state[:, 1:BUFFER_ROWS], new_key], dim=1)
        value = torch.cat([state[:, BUFFER_ROWS + 1 :], new_value], dim=1)
        distance = torch.arange(BUFFER_ROWS - 1, -1, -1, device=below.device).float()[None]
        empty = (key == 0).all(dim=-1)[:, None, None]
        return self.say(below, query, key, value, distance, empty), torch.cat([key, value], dim=1).unsqueeze(1)

    def say(self, below: Tensor, query: Tensor, key: Tensor, value: Tensor, distance: Tensor, hidden: Tensor) -> Tensor:
        """What the rows [B, T, H] find in the rows [B, R, H] at a distance [T, R], but for the hidden ones."""
        queries, keys, values = (
            part.reshape(*part.shape[:2], _HEADS, -1).transpose(1, 2) for part in (query, key, value)
        )
        bias = -self.slope.exp()[:, None, None] * distance
        bias = torch.where(hidden, -1e9, bias).to(query.dtype)
        found = F.scaled_dot_product_attention(queries, keys, values, bias if bias.dim() == 4 else bias[None])
        said: Tensor = below + self.out(found.transpose(1, 2).flatten(-2))
        deep: Tensor = self.deep_out(F.silu(self.deep_in(self.deep_norm(said))))
        return said + deep


def _check_one_row(below: Tensor) -> None:
    if below.shape[1] != 1:
        raise ValueError(f"a rival of the recurrence goes on by one row at a time, not by {below.shape[1]}")
