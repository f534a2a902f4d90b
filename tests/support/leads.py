"""Little pieces for the tests of the conductor: a lead of broken chords, and the chords that it breaks."""

from __future__ import annotations

import numpy as np

from bollylive.model.chord_words import TONES, word_of
from training.conducting.pieces import Piece, Side, make_piece

FOUR = (word_of(9, 1), word_of(5, 0), word_of(0, 0), word_of(7, 0))  # Am F C G


def broken_chords(
    name: str = "piece", bars: int = 16, side: Side = "train", seed: int = 0, bar_ticks: int = 96, semitones: int = 0
) -> Piece:
    """A chord a step, of which the lead plays tones on every beat, in an order that the seed draws."""
    rng = np.random.default_rng(seed)
    step = bar_ticks // 2 if bar_ticks % 48 == 0 else bar_ticks
    steps = bars * bar_ticks // step
    words = [FOUR[i % 4] for i in range(steps)]
    notes = [
        (tick, tick + 24, 60 + int(rng.choice(np.flatnonzero(TONES[words[tick // step]]))) + semitones)
        for tick in range(0, steps * step, 24)
    ]
    moved = [(word // 5 + semitones) % 12 * 5 + word % 5 for word in words]
    piece = make_piece(name, "little", side, 1.0, np.array(notes, dtype=np.int32), bar_ticks, moved)
    assert piece is not None
    return piece
