"""Whether the answers to equal calls are different, and still answers.

A call is a phrase of the musician's, and its answer what the model plays on the musician's own channel before the next
one. In a take of `perform` the two are the tracks `NAME (musician)` and `NAME (model)`. Calls are equal if they have
the same pitches at the same 16ths, counted from the bar in which they begin; answers are alike by the same rule.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, pairwise
from typing import Final, TypeAlias

import numpy as np

from training.judging.reading import MUSICIAN
from training.judging.take import Notes, Take, within

Phrase: TypeAlias = tuple[tuple[int, int], ...]  # (16th from the bar line, pitch)

MODEL: Final = "(model)"
_SHARED: Final = 0.5


def calls_and_answers(take: Take) -> list[tuple[Phrase, Phrase]]:
    """The musician's phrases, each with what the model played after it on its channel, if it did so in the take."""
    musicians = [voice for voice in take.voices if voice.name.endswith(MUSICIAN)]
    found = []
    for musician in musicians:
        answering = musician.name.removesuffix(MUSICIAN) + MODEL
        model = [voice.notes for voice in take.voices if voice.name == answering]
        if model:
            found += _turns(within(musician.notes, take.end), within(model[0], take.end), take.bar_beats)
    return found


def identical_answers(take: Take) -> float | None:
    """Of the pairs of answers to equal calls, the share that is alike; None without such pairs."""
    by_call: dict[Phrase, list[Phrase]] = defaultdict(list)
    for call, answer in calls_and_answers(take):
        by_call[call].append(answer)
    pairs = [one == other for answers in by_call.values() for one, other in combinations(answers, 2)]
    return float(np.mean(pairs)) if pairs else None


def related_answers(take: Take) -> float | None:
    """The share of the answers that have the rhythm or the contour of their call; None without answers.

    The rhythm: of the 16ths, counted from the first note, at which either begins a note, at least half are both's. The
    contour: of the ups, downs and repeats of the shorter line of highest notes, at least half are the other's at the
    same place; it has three or more.
    """
    turns = calls_and_answers(take)
    return float(np.mean([_related(call, answer) for call, answer in turns])) if turns else None


def _turns(musician: Notes, model: Notes, bar_beats: float) -> list[tuple[Phrase, Phrase]]:
    """The runs of the musician's notes between which the model plays, with the run of the model's that follows."""
    events = sorted([(onset, 0, pitch) for onset, _, pitch, _ in musician.tolist()])
    events = sorted(events + [(onset, 1, pitch) for onset, _, pitch, _ in model.tolist()])
    runs: list[tuple[int, list[tuple[float, int]]]] = []
    for onset, player, pitch in events:
        if not runs or runs[-1][0] != player:
            runs.append((player, []))
        runs[-1][1].append((onset, int(pitch)))
    pairs = [(call, answer) for (who, call), (_, answer) in pairwise(runs) if who == 0]
    return [(_phrase(call, bar_beats), _phrase(answer, bar_beats)) for call, answer in pairs]


def _phrase(notes: list[tuple[float, int]], bar_beats: float) -> Phrase:
    bar = notes[0][0] // bar_beats * bar_beats
    return tuple(sorted((round((onset - bar) * 4), pitch) for onset, pitch in notes))


def _related(call: Phrase, answer: Phrase) -> bool:
    rhythms = [{place - phrase[0][0] for place, _ in phrase} for phrase in (call, answer)]
    if len(rhythms[0] & rhythms[1]) >= _SHARED * len(rhythms[0] | rhythms[1]):
        return True
    moves = [_moves(phrase) for phrase in (call, answer)]
    shorter = min(len(move) for move in moves)
    same = sum(one == other for one, other in zip(*moves, strict=False))
    return shorter >= 3 and same >= _SHARED * shorter


def _moves(phrase: Phrase) -> list[int]:
    tops = dict(phrase)  # of one onset the highest is last
    return [int(np.sign(there - here)) for here, there in pairwise(tops.values())]
