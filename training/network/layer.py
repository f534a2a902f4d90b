"""What every recurrent layer can do: take a whole sequence in training, and go on from a state on stage."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class Layer(nn.Module):
    """A recurrent layer; B voices, T rows, width H."""

    state_rows: ClassVar[int]  # S: what it keeps of a voice, by the width
    width_step: ClassVar[int] = 1  # of what the width must be a multiple
    many_rows: ClassVar[bool] = False  # whether it goes on by any number of rows at once, as the stage asks

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, below: Tensor) -> Tensor:
        """Feed a whole sequence [B, T, H] from a fresh state; gives [B, T, H]."""
        raise NotImplementedError

    def go_on(self, below: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Feed rows [B, T, H] after a state [B, S, H]; gives the output [B, T, H] and all states [B, T, S, H]."""
        raise NotImplementedError
