"""The rows that the conductor's network hears, one for each step, to foretell the chord of the step after.

Training and stage make them here. A row has two parts: `lead_columns`, what the lead has played and where in the phrase
the coming step stands; and six *references*, steps whose chords the coming one may take up. Pitch classes are absolute
here; `turn` and `turn_words` put them into a frame, the signature, so that the network learns every key at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bollylive.model.chord_predictor import LeadSteps
from bollylive.model.chord_words import NO_CHORD, transpose
from bollylive.model.lead_memory import remember
from bollylive.model.predictor import Floats, Ints

BARS_AGO: Final = (4, 8, 16)
REFERENCES: Final = ("now", "before", *(f"{bars}_bars_ago" for bars in BARS_AGO), "alike")
_ALIKE: Final = len(REFERENCES) - 1
_RECALLED: Final = range(2, len(REFERENCES))  # the references whose lead is heard too

_CHROMAS: Final = ("early", "held", "before", "first", "memory", *REFERENCES[2:], "known", "known_first")
_PLACES: Final = 16  # half bars
_NUMBERS: Final = (
    *(f"likeness_{name}" for name in REFERENCES[2:]),
    *(f"place_{place}" for place in range(_PLACES)),
    "second_eight_bars", "age", "is_silent", "silence", "whole_bars", "is_known",
)  # fmt: skip
COLUMNS: Final = 12 * len(_CHROMAS) + len(_NUMBERS)

_WEIGHTS: Final = np.array(
    (1.0, 0.9, 0.7, 0.5), dtype=np.float32
)  # of the last steps in how alike two passages are, the newest first
_EARLIEST: Final = len(_WEIGHTS) - 1
_TIE: Final = 1e-3  # of passages that are as alike, one that came whole phrases ago is taken
_LONGEST_SILENCE: Final = 16.0  # steps
_AGE: Final = 5.0  # the logarithm of the steps that count as old
STEP_BEATS: Final = 2.0  # as in 4/4; other steps fade as fast


def column_places() -> dict[str, int]:
    """Where each part of a row begins: the chromas, of twelve columns each, and then the numbers."""
    chromas = {name: 12 * i for i, name in enumerate(_CHROMAS)}
    return chromas | {name: 12 * len(_CHROMAS) + i for i, name in enumerate(_NUMBERS)}


@dataclass(frozen=True, slots=True)
class Known:
    """What rows may hear of the very step that they foretell: its chroma so far, and what it begins with, [S, 12]."""

    chroma: Floats
    first: Floats
    rows: NDArray[np.bool_]  # [S]: which rows do


@dataclass(frozen=True, slots=True)
class PlanRows:
    """The rows of S steps: `lead` [S, COLUMNS], and which step each reference is [S, 6], -1 where there is none."""

    lead: Floats
    references: Ints


def plan_rows(lead: LeadSteps, first_step: int, steps_per_bar: int, known: Known | None = None) -> PlanRows:
    """The rows of some steps, of which the first has the number `first_step` from the first bar line on.

    `steps_per_bar` is 1 or 2. None of the rows hears the lead of a later step, but for what is `known`.
    """
    steps = len(lead)
    likeness = _likeness(lead)
    references, alike = _references(likeness, steps_per_bar)
    chromas = np.zeros((steps, len(_CHROMAS), 12), dtype=np.float32)
    numbers = np.zeros((steps, len(_NUMBERS)), dtype=np.float32)
    chromas[:, 0], chromas[:, 1], chromas[1:, 2], chromas[:, 3] = lead.early, lead.held, lead.chroma[:-1], lead.first
    memory = remember(lead, STEP_BEATS)
    chromas[:, 4] = memory / np.maximum(memory.sum(axis=1, keepdims=True), 1e-6)
    for column, reference in enumerate(_RECALLED):
        there = references[:, reference]
        chromas[:, 5 + column] = lead.chroma[there] * (there >= 0)[:, None]
        numbers[:, column] = alike if reference == _ALIKE else _since(likeness, there)
    numbers[:, len(_RECALLED) : -1] = _situation(lead, first_step, steps_per_bar)
    if known is not None:
        rows = known.rows.astype(np.float32)
        chromas[:, -2], chromas[:, -1] = known.chroma * rows[:, None], known.first * rows[:, None]
        numbers[:, -1] = rows
    return PlanRows(np.concatenate((chromas.reshape(steps, -1), numbers), axis=1), references)


def words_at(references: Ints, chords: Ints) -> Ints:
    """The chords [S] of each row's references [S, 6]; no chord where there is none."""
    padded = np.append(chords, NO_CHORD)
    words: Ints = padded[references]
    return words


def turn(lead: Floats, frame: int) -> Floats:
    """Rows [..., COLUMNS] in a frame: the class `frame`, 0-11, comes first."""
    split = 12 * len(_CHROMAS)
    chromas = lead[..., :split].reshape(*lead.shape[:-1], len(_CHROMAS), 12)
    turned = np.roll(chromas, -frame, axis=-1).reshape(*lead.shape[:-1], split)
    rows: Floats = np.concatenate((turned, lead[..., split:]), axis=-1)
    return rows


def turn_words(words: Ints, frame: int) -> Ints:
    """Chords in a frame."""
    return transpose(words, -frame)


def _likeness(lead: LeadSteps) -> Floats:
    """How alike the passages are that end at two steps [S, S], 0 to 1; the newest step is known up to `early`."""
    whole, newest = _unit(lead.chroma), _unit(lead.early)
    at_once = whole @ whole.T
    sums = np.asarray(_WEIGHTS[0] * (newest @ newest.T))
    for ago, weight in enumerate(_WEIGHTS[1:], start=1):
        sums[ago:, ago:] += weight * at_once[:-ago, :-ago]
    likeness: Floats = np.asarray(sums / _WEIGHTS.sum(), dtype=np.float32)
    return likeness


def _unit(chroma: Floats) -> Floats:
    lengths = np.sqrt(np.square(chroma).sum(axis=1, keepdims=True))
    unit: Floats = chroma / np.maximum(lengths, np.float32(1e-6))
    return unit


def _references(likeness: Floats, steps_per_bar: int) -> tuple[Ints, Floats]:
    """The references of each step [S, 6], and how alike the passage is that the last of them follows [S]."""
    steps = len(likeness)
    here = np.arange(steps)
    references = np.empty((steps, len(REFERENCES)), dtype=np.int64)
    references[:, 0], references[:, 1] = here, here - 1
    lags = [bars * steps_per_bar for bars in BARS_AGO]
    for column, lag in enumerate(lags, start=2):
        references[:, column] = here + 1 - lag
    references = np.maximum(references, -1)
    ago = here[:, None] - here[None, :]
    scores = np.where((ago >= 2) & (here >= _EARLIEST), likeness + _TIE * np.isin(ago, lags), -1)
    best = steps - 1 - scores[:, ::-1].argmax(axis=1) if steps else here  # the latest of equals
    found = (scores[here, best] >= 0) & (here >= 2 * _EARLIEST)
    references[:, _ALIKE] = np.where(found, best + 1, -1)
    return references, np.where(found, scores[here, best], 0).astype(np.float32)


def _since(likeness: Floats, there: Ints) -> Floats:
    """How alike each step's passage is to the one before the reference `there` [S]."""
    here = np.arange(len(there))
    return np.where(there >= 1, likeness[here, np.maximum(there - 1, 0)], 0).astype(np.float32)


def _situation(lead: LeadSteps, first_step: int, steps_per_bar: int) -> Floats:
    """Where the coming step stands in 8 and 16 bars, how much has gone before, and for how long the lead is silent."""
    steps = len(lead)
    coming = first_step + np.arange(1, steps + 1)
    half_bars = coming * 2 // steps_per_bar
    last_heard = np.maximum.accumulate(np.where(lead.early.any(axis=1), np.arange(steps), -1))
    silence = np.arange(steps) - last_heard
    return np.column_stack(
        (
            half_bars[:, None] % _PLACES == np.arange(_PLACES),
            half_bars // _PLACES % 2,
            np.minimum(np.log1p(np.maximum(coming - 1, 0)) / _AGE, 1),
            silence > 0,
            np.minimum(silence, _LONGEST_SILENCE) / _LONGEST_SILENCE,
            np.full(steps, steps_per_bar == 1),
        )
    ).astype(np.float32)
