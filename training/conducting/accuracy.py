"""How often the next chord is right, given the true chords before, through the shipped graph and beside baselines."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from bollylive.model.chord_predictor import QUARTERS, ChordPredictor, Forecast, LeadSteps
from bollylive.model.chord_words import KIND_OF, KINDS, NO_CHORD, ROOT_OF
from bollylive.model.lead_memory import remember
from bollylive.model.plan_rows import STEP_BEATS, turn_words
from training.conducting.baselines import ChordCounts, by_rule
from training.conducting.examples import frame_of
from training.conducting.pieces import Piece

FIGURES: Final = ("exact", "root", "at_change", "bits", "lead")
_FIRST: Final = 8  # the first steps, in which there is little to go by, do not count
_IS_MINOR: Final = np.isin(KIND_OF, [KINDS.index("minor"), KINDS.index("dim")])

Figures = dict[str, float]


def accuracies(predictor: ChordPredictor, pieces: Sequence[Piece], counts: ChordCounts) -> dict[str, Figures]:
    """The figures of each way to foretell, by name, over all steps of some pieces.

    `exact` and `root` are shares of steps; `at_change` is the share of those where the chord differs from the one
    before, in which root and major or minor are right; `bits` the mean cost of the true chord; `lead` the share of
    quarters at which the lead's class, or its silence, is right.
    """
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for piece in pieces:
        for step in range(_FIRST, len(piece)):
            if piece.chords[step] != NO_CHORD:
                for name, chord, log_p, lead in _guesses(predictor, piece, step, counts):
                    _score(seen[name], piece, step, chord, log_p, lead)
    return {
        name: {figure: float(np.mean(values[figure])) for figure in FIGURES if values.get(figure)}
        for name, values in seen.items()
    }


def _guesses(
    predictor: ChordPredictor, piece: Piece, step: int, counts: ChordCounts
) -> Iterator[tuple[str, int, float | None, Iterable[int] | None]]:
    """Each way's chord for a step and, if it has any, the true one's log probability and the lead's quarters."""
    chords, bar = piece.chords, piece.steps_per_bar
    yield "same as before", int(chords[step - 1]), None, piece.lead_words[step - 1]
    for bars in (4, 8):
        ago = step - bars * bar
        if ago >= 0:
            yield f"{bars} bars ago", int(chords[ago]), None, piece.lead_words[ago]
        else:
            yield f"{bars} bars ago", NO_CHORD, None, None
    frame = frame_of(piece, step - 1)
    odds = counts.probabilities(turn_words(chords[:step], frame), step % bar)
    likeliest = int(turn_words(np.array([odds.argmax()]), -frame)[0])
    yield "n-gram", likeliest, math.log(odds[turn_words(chords[step : step + 1], frame)[0]]), None
    memory = remember(piece.lead[:step], STEP_BEATS)[-1]
    yield "rule", by_rule(int(chords[step - 1]), piece.lead.early[step - 1], memory), None, None
    before = chords[:step].tolist()
    forecast = predictor.forecast(piece.lead[:step], before, 0, bar)
    yield ("network", *_answer(forecast, piece, step), forecast.lead.argmax(axis=1))
    half = predictor.forecast(_heard(piece, step, QUARTERS // 2), before, 0, bar, known=True)
    yield ("network, half of the step heard", *_answer(half, piece, step), None)
    whole = predictor.forecast(piece.lead[: step + 1], before, 0, bar, known=True)
    yield ("network, the step heard", *_answer(whole, piece, step), None)
    yield ("network, no chords given", int(forecast.unguided.argmax()), float(forecast.unguided[chords[step]]), None)


def _answer(forecast: Forecast, piece: Piece, step: int) -> tuple[int, float]:
    return int(forecast.log_p.argmax()), float(forecast.log_p[piece.chords[step]])


def _heard(piece: Piece, step: int, quarters: int) -> LeadSteps:
    """The lead up to some quarters of a step."""
    lead = piece.lead[: step + 1]
    chroma = lead.chroma.copy()
    chroma[-1] = piece.so_far[step, quarters - 1]
    return LeadSteps(chroma, lead.early, lead.held, lead.first)


def _score(
    seen: dict[str, list[float]],
    piece: Piece,
    step: int,
    chord: int,
    log_p: float | None,
    lead: Iterable[int] | None,
) -> None:
    true, before = piece.chords[step], piece.chords[step - 1]
    same_root = ROOT_OF[chord] == ROOT_OF[true]
    seen["exact"].append(float(chord == true))
    seen["root"].append(float(same_root))
    if true != before:
        seen["at_change"].append(float(same_root and _IS_MINOR[chord] == _IS_MINOR[true]))
    if log_p is not None:
        seen["bits"].append(-log_p / math.log(2))
    if lead is not None:
        seen["lead"] += [float(a == b) for a, b in zip(lead, piece.lead_words[step], strict=True)]
