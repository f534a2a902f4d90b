"""Embeddings of several words: the sum of one learned vector for each."""

from __future__ import annotations

from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_SCALE = 0.3  # a sum of some vectors begins about as large as what a linear layer gives


class WordSum(nn.Module):
    """One table for words of several kinds, so that a whole row is looked up at once."""

    def __init__(self, sizes: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(sum(sizes), width)
        nn.init.normal_(self.table.weight, std=_SCALE)
        self.begins: Tensor
        self.register_buffer("begins", torch.tensor([0, *accumulate(sizes[:-1])]), persistent=False)

    def forward(self, words: Tensor) -> Tensor:
        """The sum [..., W] for words int64 [..., F], each within the size of its kind."""
        numbers = words + self.begins
        if torch.compiler.is_exporting():
            vectors: Tensor = self.table(numbers)
            return vectors.sum(dim=-2)
        # The same, without the vectors of all words in between: twenty times faster to train.
        summed: Tensor = F.embedding_bag(numbers.reshape(-1, numbers.shape[-1]), self.table.weight, mode="sum")
        return summed.reshape(*numbers.shape[:-1], -1)
