"""The recurrent layer: a gated linear recurrence, h[t] = keep[t] * h[t-1] + (1 - keep[t]) * new[t].

The gates hear the row and not the old state, so all products of matrices run over whole sequences at once and only
this line runs row by row: training is faster than a GRU's, and on stage a layer needs one product less. After the
minimal GRU of Feng et al. 2024 ("Were RNNs all we needed?") and the block of Griffin (De et al. 2024).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.network.layer import Layer

_QUICK, _SLOW = -1.0, 4.0  # the keep gates begin between forgetting within a row and remembering for fifty
_LEAST = -20.0  # the logarithm of a keep gate below which nothing is left, as far as float32 can tell


class _RowByRow(torch.autograd.Function):
    """h[t] = keep[t] * h[t-1] + new[t] over [B, T, H], with the gradient written out: autograd would keep T graphs."""

    @staticmethod
    def forward(ctx: Any, keep: Tensor, new: Tensor, state: Tensor) -> Tensor:
        after, first = torch.empty_like(new), state
        for t in range(new.shape[1]):
            state = torch.addcmul(new[:, t], keep[:, t], state, out=after[:, t])
        ctx.save_for_backward(keep, after, first)
        return after

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        keep, after, first = ctx.saved_tensors
        gradient = gradients[0].clone()
        for t in range(gradient.shape[1] - 2, -1, -1):
            gradient[:, t].addcmul_(keep[:, t + 1], gradient[:, t + 1])
        before = torch.cat([first.unsqueeze(1), after[:, :-1]], dim=1)
        return gradient * before, gradient, gradient[:, 0] * keep[:, 0]


def recur_row_by_row(keep: Tensor, new: Tensor, state: Tensor) -> Tensor:
    """All states [B, T, H] after `state` [B, H], with h[t] = keep[t] * h[t-1] + new[t]."""
    after: Tensor = _RowByRow.apply(keep, new, state)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return after


def recur_at_once(log_keep: Tensor, new: Tensor, state: Tensor) -> Tensor:
    """The same without a loop, for the exported graph: T may be any number, and costs T squared.

    `log_keep` is the logarithm of keep, `state` is [B, 1, H]. What came at s counts at t as much as was kept of it
    since.
    """
    # Bounded, because what is small between two large sums would be lost in their difference.
    left = log_keep.clamp(min=_LEAST).cumsum(dim=1)  # of what was there before everything
    came = torch.cat([state, new], dim=1)  # [B, T + 1, H]
    since = left.unsqueeze(2) - F.pad(left, (0, 0, 1, 0)).unsqueeze(1)  # [B, T, T + 1, H]
    rows = torch.arange(came.shape[1], device=came.device)
    later = rows[None, :] > rows[1:, None]
    share = torch.where(later[:, :, None], 0, since.clamp(max=0).exp())
    return (share * came.unsqueeze(1)).sum(dim=2)


class Recurrence(Layer):
    """One residual layer of width H: it takes a row, updates its state, and puts out a gated part of it."""

    state_rows = 1
    many_rows = True

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.norm = nn.LayerNorm(width)
        self.gates = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        with torch.no_grad():
            self.gates.bias[:width] = torch.linspace(_QUICK, _SLOW, width)
            self.out.weight.mul_(0.5)

    def forward(self, below: Tensor) -> Tensor:
        """Feed a whole sequence [B, T, H] from a fresh state, for training."""
        keep, new, gate = self.parts_of(below)
        after = recur_row_by_row(torch.sigmoid(keep), new, torch.zeros_like(new[:, 0]))
        return self.say(below, after, gate)

    def go_on(self, below: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Feed [B, T, H] after a state [B, 1, H]; gives the output and the states after each row [B, T, 1, H]."""
        keep, new, gate = self.parts_of(below)
        after = recur_at_once(F.logsigmoid(keep), new, state)
        return self.say(below, after, gate), after.unsqueeze(2)

    def parts_of(self, below: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The keep gate (before the sigmoid), the new values and the output gate of every row."""
        keep, new, gate = self.gates(self.norm(below)).float().chunk(3, dim=-1)
        return keep, torch.sigmoid(-keep) * torch.tanh(new), gate

    def say(self, below: Tensor, after: Tensor, gate: Tensor) -> Tensor:
        """The output: the layer's input plus a gated part of its states [B, T, H]."""
        said: Tensor = self.out(after * F.silu(gate))
        return below + said
