"""The network's own chords around leads, many side by side: to train on as history, and to choose checkpoints by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from bollylive.model.chord_words import NO_CHORD
from bollylive.model.plan_rows import plan_rows, turn, turn_words
from bollylive.model.predictor import Ints
from training.conducting.examples import frame_of
from training.conducting.form import Form, form_of, mean_form
from training.conducting.network import ChordNetwork
from training.conducting.pieces import Piece

_TOGETHER: Final = 400  # pieces
_HEARD_TEMPERATURE: Final = 0.9
_CHOSEN_TEMPERATURE: Final = 0.8


def own_histories(network: ChordNetwork, pieces: Sequence[Piece], rng: np.random.Generator) -> list[Ints]:
    """The chords [S] that the network draws around the lead of each piece, itself its only history."""
    seed = int(rng.integers(2**31))
    frames = [frame_of(piece, int(rng.integers(len(piece) // 3, len(piece)))) for piece in pieces]
    return _run(network, pieces, frames, seed, _HEARD_TEMPERATURE, may_rest=True)


def judge(network: ChordNetwork, pieces: Sequence[Piece], seed: int = 1) -> Form:
    """The mean form of what it plays around some leads, always with the same chance."""
    frames = [frame_of(piece, len(piece) // 2) for piece in pieces]
    chords = _run(network, pieces, frames, seed, _CHOSEN_TEMPERATURE, may_rest=False)
    return mean_form(
        form_of(own[1:], p.lead.chroma[1:], p.steps_per_bar) for own, p in zip(chords, pieces, strict=True)
    )


def _run(
    network: ChordNetwork, pieces: Sequence[Piece], frames: Sequence[int], seed: int, temperature: float, may_rest: bool
) -> list[Ints]:
    network.eval()
    chance = torch.Generator().manual_seed(seed)
    order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))  # of about one length together
    chords: dict[int, Ints] = {}
    for begin in range(0, len(order), _TOGETHER):
        some = order[begin : begin + _TOGETHER]
        lead, references = _rows([pieces[i] for i in some], [frames[i] for i in some])
        own = _draw(network, lead, references, chance, temperature, may_rest)
        for i, words in zip(some, own.numpy(), strict=True):
            chords[i] = turn_words(words[: len(pieces[i])], -frames[i])
    return [chords[i] for i in range(len(pieces))]


def _rows(pieces: Sequence[Piece], frames: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The rows of the leads [N, T, COLUMNS] in their frames, and the references [N, T, 6], T where there is none."""
    longest = max(map(len, pieces))
    rows = [plan_rows(piece.lead, 0, piece.steps_per_bar) for piece in pieces]
    lead = np.zeros((len(pieces), longest, rows[0].lead.shape[1]), dtype=np.float32)
    references = np.full((len(pieces), longest, rows[0].references.shape[1]), longest)
    for i, (row, frame) in enumerate(zip(rows, frames, strict=True)):
        lead[i, : len(row.lead)] = turn(row.lead, frame)
        references[i, : len(row.lead)] = np.where(row.references < 0, longest, row.references)
    return torch.from_numpy(lead), torch.from_numpy(references)


@torch.no_grad()
def _draw(
    network: ChordNetwork,
    lead: Tensor,
    references: Tensor,
    chance: torch.Generator,
    temperature: float,
    may_rest: bool,
) -> Tensor:
    """The chords [N, T] in the frames; the first is none."""
    count, steps, _ = lead.shape
    own = torch.full((count, steps + 1), NO_CHORD)  # the last column is what a reference to nothing finds
    state = None
    for step in range(steps - 1):
        words = own.gather(1, references[:, step])
        scores, _, state = network(lead[:, step, None], words[:, None], state)
        scores = scores[:, 0] / temperature
        if not may_rest:
            scores[:, NO_CHORD] = -torch.inf
        own[:, step + 1] = torch.multinomial(torch.softmax(scores, dim=-1), 1, generator=chance)[:, 0]
    return own[:, :steps]
