"""A piece: a song as steps, with what its lead sounds in each and the chord that stands there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bollylive.model.chord_predictor import QUARTERS, SILENCE, LeadSteps
from bollylive.model.chord_words import CHORDS, NO_CHORD
from bollylive.model.lead_steps import lead_steps, step_ticks
from bollylive.model.predictor import Floats, Ints

Side: TypeAlias = Literal["train", "choose", "test"]

FEWEST_STEPS: Final = 24
MOST_STEPS: Final = 224
_FEWEST_NOTES: Final = 24
_CHOOSE_PERCENT: Final = 8  # of the works that are trained on otherwise
_NO_CHORD_WEIGHT: Final = 0.5  # of a silence beside a chord in the same step


@dataclass(frozen=True)
class Piece:
    """A song of S steps from a bar line on.

    `so_far` [S, 4, 12] is the chroma of each step after each of its quarters, as a share of the whole step, and
    `lead_words` [S, 4] the class that begins each quarter, or SILENCE. `weight` says how far its chords are trusted.
    """

    name: str
    corpus: str
    side: Side
    weight: float
    steps_per_bar: int
    lead: LeadSteps
    so_far: Floats
    lead_words: Ints
    chords: Ints  # [S]

    def __len__(self) -> int:
        """How many steps it has."""
        return len(self.chords)


def make_piece(
    name: str, corpus: str, side: Side, weight: float, notes: NDArray[np.int32], bar_ticks: int, chords: Sequence[int]
) -> Piece | None:
    """A piece from the notes of its lead (onset, end, pitch) in ticks from a bar line on, and a chord for each step.

    None where it is too short, or its steps have no four equal parts; what is longer than 224 steps is cut.
    """
    step = step_ticks(bar_ticks)
    steps = min(len(chords), MOST_STEPS)
    if steps < FEWEST_STEPS or len(notes) < _FEWEST_NOTES or step % QUARTERS:
        return None
    onsets, ends, pitches = notes.astype(np.int64).T
    quarters = lead_steps(onsets, ends, pitches, 0, QUARTERS * steps, step // QUARTERS)
    so_far = np.cumsum(quarters.chroma.reshape(steps, QUARTERS, 12) / QUARTERS, axis=1, dtype=np.float32)
    begins = quarters.first.reshape(steps, QUARTERS, 12)
    lead_words = np.where(begins.any(axis=2), begins.argmax(axis=2), SILENCE)
    words = np.array(chords[:steps], dtype=np.int64)
    lead = lead_steps(onsets, ends, pitches, 0, steps, step)
    return Piece(name, corpus, side, weight, bar_ticks // step, lead, so_far, lead_words, words)


def cut(piece: Piece, begin: int, end: int) -> Piece:
    """The steps from `begin` to before `end`."""
    rows = slice(begin, end)
    return replace(
        piece,
        lead=piece.lead[rows],
        so_far=piece.so_far[rows],
        lead_words=piece.lead_words[rows],
        chords=piece.chords[rows],
    )


def words_of_steps(spans: NDArray[np.int32], step: int) -> Ints:
    """The chord of each step of so many ticks, by how long each lasts in it, from spans (begin, end, word)."""
    steps = max(0, -(-int(spans[:, 1].max(initial=0)) // step))
    sounding = np.zeros((steps, CHORDS))
    for begin, end, word in spans.tolist():
        for place in range(max(0, begin // step), -(-end // step)):
            weight = _NO_CHORD_WEIGHT if word == NO_CHORD else 1.0
            sounding[place, word] += weight * max(0, min(end, (place + 1) * step) - max(begin, place * step))
    return np.where(sounding.any(axis=1), sounding.argmax(axis=1), NO_CHORD)


def side_of(work: str, held_out: bool) -> Side:
    """What a work is for: what the corpora hold out is for tests; by the hash of the work some choose a checkpoint."""
    if held_out:
        return "test"
    return "choose" if int(hashlib.sha1(work.encode()).hexdigest(), 16) % 100 < _CHOOSE_PERCENT else "train"
