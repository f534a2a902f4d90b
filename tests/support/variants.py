"""Sequences that differ in one word: what a scorer says of all of them must sum to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec
from bollylive.model.context import CONTEXT_SIZE
from training.sequences.scoring import Bits
from training.sequences.sequence import OwnPast, Sequence, with_rests

COLUMNS = dict(zip(codec.FIGURES, range(codec.CHOSEN.start, codec.CHOSEN.stop), strict=True))
Score = Callable[[list[Sequence]], list[Bits]]
SIZES = dict(zip(codec.FIGURES, codec.CHOICES, strict=True))


def chances(score: Score, sequence: Sequence, row: int, field: str) -> NDArray[np.float64]:
    """The probability of each word that a row of a sequence could have in a field."""
    sequences = []
    for word in range(SIZES[field]):
        rows = sequence.rows.copy()
        rows[row, COLUMNS[field]] = word
        sequences.append(replace(sequence, rows=rows, heard=rows))
    column = list(SIZES).index(field)
    return np.array([2 ** -bits[row, column] for bits in score(sequences)])


def sequence_of(notes: list[tuple[int, int, int, int]], instrument: int = 73) -> Sequence:
    """Notes (tick, pitch, duration in ticks, velocity) in 4/4 with the rests between them, alone."""
    columns = np.array([(tick, duration, pitch, velocity, 0) for tick, pitch, duration, velocity in notes])
    voice = with_rests(columns.astype(np.int32), 0)
    rows = codec.encode(voice, since=0, previous=codec.REST, instrument=instrument, origin=0, cycle=96)
    context = np.zeros((len(rows), CONTEXT_SIZE), dtype=np.float32)
    return Sequence(rows, rows, OwnPast(rows, voice.tick), context)
