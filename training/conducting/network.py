"""The conductor's network: a small GRU over steps that foretells the next chord and what the lead then plays.

It may *copy*: six gates add to the scores of the chords at hand, those of the row's references, so that a form that
returns need not be learned for every chord.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from bollylive.model.chord_predictor import QUARTERS, SILENCE
from bollylive.model.chord_words import CHORDS, IS_ROOT, NO_CHORD, TONES
from bollylive.model.plan_rows import COLUMNS, REFERENCES

_DROPOUT = 0.15


@dataclass(frozen=True)
class Sizes:
    """The sizes that a checkpoint needs to be rebuilt."""

    entry: int = field(default=128, metadata={"help": "width of the first layer"})
    hidden: int = field(default=192, metadata={"help": "width of the recurrent layer"})


class ChordNetwork(nn.Module):
    """Call it with the rows and reference chords of N pieces, T steps each, in the frame of each piece."""

    table: Tensor

    def __init__(self, sizes: Sizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes or Sizes()
        entry, both = self.sizes.entry, self.sizes.entry + self.sizes.hidden
        none = torch.zeros(CHORDS, 1)
        none[NO_CHORD] = 1
        table = torch.cat((torch.from_numpy(IS_ROOT), torch.from_numpy(TONES), none), dim=1)
        self.register_buffer("table", table, persistent=False)  # [61, 25]: what a chord consists of
        self.entry = nn.Linear(COLUMNS + len(REFERENCES) * table.shape[1], entry)
        self.recurrence = nn.GRU(entry, self.sizes.hidden, batch_first=True)
        self.chord = nn.Linear(both, CHORDS)
        self.copy = nn.Linear(both, len(REFERENCES))
        self.lead = nn.Linear(both, QUARTERS * (SILENCE + 1))
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, lead: Tensor, words: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of the chords [N, T, 61] and of the lead's classes [N, T, 4, 13], and the state after the last row.

        `lead` [N, T, COLUMNS] and `words` int64 [N, T, 6] are those of `bollylive.model.plan_rows`.
        """
        heard, state = self.hear(lead, words, state)
        return *self.foretell(heard, words), state

    def hear(self, lead: Tensor, words: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What is known after each row [N, T, entry + hidden], and the state after the last."""
        entered = torch.relu(self.entry(torch.cat((lead, self.table[words].flatten(2)), dim=-1)))
        heard, state = self.recurrence(self.dropout(entered), state)
        assert state is not None
        return self.dropout(torch.cat((heard, entered), dim=-1)), state

    def foretell(self, heard: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        """The scores of chords and of the lead's classes, from what is known after some rows."""
        chords = self.chord(heard).scatter_add(-1, words, self.copy(heard))
        return chords, self.lead(heard).unflatten(-1, (QUARTERS, SILENCE + 1))
