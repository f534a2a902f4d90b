"""Pieces to batches: stretches of them in a frame, with a history of chords that is true, partly wrong, or played.

A network that only ever sees the true chords before learns to copy them, and on stage copies itself. So half of the
examples have the chords that it played itself around the same lead (`free_runs`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from bollylive.model.chord_predictor import QUARTERS, SILENCE
from bollylive.model.chord_words import NO_CHORD
from bollylive.model.lead_memory import remember, signature_of_steps
from bollylive.model.plan_rows import STEP_BEATS, Known, plan_rows, turn, turn_words, words_at
from bollylive.model.predictor import Ints
from training.conducting.pieces import Piece, cut

_FROM_THE_START = 0.4
_ANY_FRAME = 0.1
_OTHER_PLACE = 0.2  # of the examples count their bars from four bars later
_WITH_KNOWN, _KNOWN_ROWS = 0.5, 0.6
_OWN_HISTORY = 0.5
_WRONG_STEPS = 0.12  # begin a run of up to four wrong chords at half as many steps
_FROM_ELSEWHERE = 0.8  # of the wrong chords stand somewhere else in the song; the others are none
_NO_HISTORY = 0.2


class Batch(NamedTuple):
    """N examples of T rows, padded with rows without weight."""

    lead: Tensor  # [N, T, COLUMNS]
    words: Tensor  # int64 [N, T, 6]
    chord: Tensor  # int64 [N, T]: the chord that comes
    quarters: Tensor  # int64 [N, T, 4]: what the lead plays then
    weight: Tensor  # [N, T], of the chord
    unheard: Tensor  # [N, T]: the same where the row does not hear what the lead plays then, else 0


@dataclass(frozen=True)
class Examples:
    """Draws examples of at most `length` rows from a seeded generator."""

    rng: np.random.Generator
    length: int = 96

    def draw(self, piece: Piece, own: Ints | None) -> Batch:
        """One example without its batch dimension; `own` [S] is what the network played around the piece's lead."""
        rng = self.rng
        latest = max(0, len(piece) - self.length)
        begin = 0 if rng.random() < _FROM_THE_START else int(rng.integers(0, latest + 1))
        part = cut(piece, begin, begin + self.length)
        if own is not None and rng.random() < _OWN_HISTORY:
            history = own[begin : begin + self.length]
        else:
            history = self._spoilt(part.chords, piece.chords)
        known = self._known(part) if rng.random() < _WITH_KNOWN else None
        moved = 4 * piece.steps_per_bar if rng.random() < _OTHER_PLACE else 0
        return example(part, history, self._frame(part), begin + moved, known)

    def _frame(self, part: Piece) -> int:
        """The signature as it was heard somewhere in the example, now and then another."""
        if self.rng.random() < _ANY_FRAME:
            return int(self.rng.integers(12))
        return frame_of(part, int(self.rng.integers(len(part) // 3, len(part))))

    def _spoilt(self, chords: Ints, elsewhere: Ints) -> Ints:
        """The true chords with runs of wrong ones, or none at all."""
        rng, history = self.rng, chords.copy()
        if rng.random() < _NO_HISTORY:
            return np.full_like(history, NO_CHORD)
        place = int(rng.geometric(_WRONG_STEPS / 2))
        while place < len(history):
            wrong = elsewhere[rng.integers(len(elsewhere))] if rng.random() < _FROM_ELSEWHERE else NO_CHORD
            history[place : place + int(rng.integers(1, 5))] = wrong
            place += int(rng.geometric(_WRONG_STEPS / 2))
        return history

    def _known(self, part: Piece) -> Known:
        """Some rows hear the lead of the step that they foretell, up to one of its quarters."""
        rng, steps = self.rng, len(part)
        heard, rows = rng.integers(0, QUARTERS, steps), rng.random(steps) < _KNOWN_ROWS
        rows[-1] = False
        coming = np.minimum(np.arange(steps) + 1, steps - 1)
        return Known(part.so_far[coming, heard], part.lead.first[coming], rows)


def frame_of(piece: Piece, step: int) -> int:
    """The signature of a piece as it is heard at a step."""
    return signature_of_steps(remember(piece.lead[: step + 1], STEP_BEATS))


def example(part: Piece, history: Ints, frame: int, first_step: int, known: Known | None) -> Batch:
    """The rows of a part in a frame after a history of chords, and what is to be foretold; the last row has none."""
    rows = plan_rows(part.lead, first_step, part.steps_per_bar, known)
    weight = np.full(len(part), part.weight, dtype=np.float32)
    weight[-1] = 0
    unheard = weight if known is None else weight * ~known.rows
    classes = np.where(part.lead_words == SILENCE, SILENCE, (part.lead_words - frame) % 12)
    arrays = (
        turn(rows.lead, frame),
        turn_words(words_at(rows.references, history), frame),
        np.roll(turn_words(part.chords, frame), -1),
        np.roll(classes, -1, axis=0),
        weight,
        unheard,
    )
    return Batch(*(torch.from_numpy(array) for array in arrays))


def collate(examples: Sequence[Batch]) -> Batch:
    """Examples of any lengths as one batch."""
    padding = (0.0, NO_CHORD, NO_CHORD, SILENCE, 0.0, 0.0)
    columns = zip(zip(*examples, strict=True), padding, strict=True)
    return Batch(*(pad_sequence(list(column), batch_first=True, padding_value=value) for column, value in columns))
