"""What a conductor is measured beside: chords of before, how chords follow each other in a corpus, and a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bollylive.model.chord_words import CHORDS, KINDS, NO_CHORD, word_of
from bollylive.model.plan_rows import turn_words
from bollylive.model.predictor import Floats, Ints
from training.arranging.harmonise import fit_cost, move_cost, table_of
from training.conducting.examples import frame_of
from training.conducting.pieces import Piece
from training.data.tonality import Key
from training.key_profiles import profile_fits

_ORDER: Final = 3
_PRIOR: Final = 4.0  # counts that the shorter context stands for
_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
_MINOR: Final = (0, 2, 3, 5, 7, 8, 10)


class ChordCounts:
    """An n-gram of up to three chords and the step's place in its bar, in the piece's frame; Dirichlet smoothing.

    Each context is smoothed by the one that is shorter by a chord (MacKay & Bauman Peto 1995, "A hierarchical Dirichlet
    language model").
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._counts: dict[tuple[int, ...], NDArray[np.float64]] = defaultdict(lambda: np.zeros(CHORDS))
        for piece in pieces:
            words = turn_words(piece.chords, frame_of(piece, len(piece) - 1)).tolist()
            for step in range(_ORDER, len(words)):
                for order in range(_ORDER + 1):
                    context = (step % piece.steps_per_bar, *words[step - order : step])
                    self._counts[context][words[step]] += piece.weight

    def probabilities(self, before: Ints, place: int) -> NDArray[np.float64]:
        """Of the chord after at least three, in the frame, where `place` is the step's number in its bar."""
        odds = np.full(CHORDS, 1 / CHORDS)
        for order in range(_ORDER + 1):
            counts = self._counts.get((place, *before[len(before) - order :].tolist()))
            if counts is not None:
                odds = (counts + _PRIOR * odds) / (counts.sum() + _PRIOR)
        return odds


def by_rule(before: int, heard: Floats, memory: Floats) -> int:
    """The chord that our rules of harmony find likeliest after another and what the lead sounds now, [12] each."""
    key = _key_of(memory.astype(np.float64))
    degrees = list(table_of(key))
    sung = heard.astype(np.float64)
    sung /= max(float(sung.sum()), 1e-6)
    root, kind = divmod(before, len(KINDS))
    now = ((root - key.tonic) % 12, KINDS[kind] in ("minor", "dim")) if before != NO_CHORD else None
    costs = [fit_cost(sung, degree, key) for degree in degrees]
    if now in degrees:
        here = degrees.index(now)
        costs = [cost + move_cost(table_of(key), here, there) for there, cost in enumerate(costs)]
    above, minor = degrees[int(np.argmin(costs))]
    return word_of((key.tonic + above) % 12, KINDS.index("minor") if minor else 0)


def _key_of(memory: NDArray[np.float64]) -> Key:
    """The key of all that a lead has sounded, by its profile; C major for one note or none."""
    best = int(profile_fits(memory).argmax()) if memory.std() > 0 else 0
    minor = best >= 12
    return Key(best % 12, _MINOR if minor else _MAJOR, minor)
