"""What a lead has sounded, step by step: notes in ticks to the arrays that the conductor's network hears."""

from __future__ import annotations

from typing import Final

import numpy as np

from bollylive.model.chord_predictor import LeadSteps
from bollylive.model.codec import TICKS_PER_BEAT
from bollylive.model.predictor import Ints

EARLY_TICKS: Final = TICKS_PER_BEAT // 4  # so long before a step's end the band must know the next chord
LATE_TICKS: Final = 2  # a note that begins so late is still the first of its step


def step_ticks(bar_ticks: int) -> int:
    """How long a step lasts: half a bar that has an even number of beats, else a whole bar."""
    return bar_ticks // 2 if bar_ticks % (2 * TICKS_PER_BEAT) == 0 else bar_ticks


def lead_steps(
    onset_ticks: Ints, end_ticks: Ints, pitches: Ints, first_step: int, steps: int, step_ticks: int
) -> LeadSteps:
    """What N notes sound in each of some steps, of which step 0 begins at tick 0.

    The arrays are [N], in any order; a note still held ends where the caller says, at present or later. What lies
    outside the steps is left out. A class counts once, however many notes sound it.
    """
    begin, length = first_step * step_ticks, steps * step_ticks
    starts = np.clip(onset_ticks - begin, 0, length)
    ends = np.clip(end_ticks - begin, starts, length)
    strokes = np.zeros((12, length + 1), dtype=np.int32)
    np.add.at(strokes, (pitches % 12, starts), 1)
    np.add.at(strokes, (pitches % 12, ends), -1)
    sounds = (np.cumsum(strokes, axis=1)[:, :-1] > 0).reshape(12, steps, step_ticks).transpose(1, 0, 2)
    early_ticks = max(1, step_ticks - EARLY_TICKS)
    return LeadSteps(
        chroma=sounds.mean(axis=2, dtype=np.float32),
        early=sounds[:, :, :early_ticks].sum(axis=2, dtype=np.float32) / np.float32(step_ticks),
        held=sounds[:, :, early_ticks - 1].astype(np.float32),
        first=sounds[:, :, min(LATE_TICKS, step_ticks - 1)].astype(np.float32),
    )
