"""A variable-order Markov model of voices: the baseline that knows each voice's past well, and nothing of the band.

It is the idea of the Continuator (Pachet 2003) with what has been learned since about blending orders; see `chains`
for what it looks at, `counts` for how orders are blended, and `mixing` for how chains are. It is mixed twice: of the
chains counted over the corpora alone, and with those besides that learn while they listen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec
from training.baselines.chains import CHAINS, Chain, mixed
from training.baselines.counts import Table, blend, count, count_so_far, smear
from training.baselines.flat import Flat, Past, flatten, pasts
from training.baselines.mixing import Opinions, doubt, fit_weights, mix
from training.baselines.views import FIELDS, WORDS, see, sizes, unsee
from training.sequences.sequence import Sequence

COUNTED, LIVE = "markov", "markov_live"
SCORERS = (COUNTED, LIVE)

_DISCOUNT = 0.6
_LIVE_DISCOUNT = 0.5
# A context of each length must be met so often to be kept; this is a fifth less to store for 0.005 bits of pitch.
_LEAST = (1, 2, 3, 4, 5, 5, 5, 5, 5)
_GRADES = len(_LEAST) + 1
_BATCH = 32

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Asked:
    """The items of which a field's word is asked, and the words int64 [M]; -1 where not known."""

    field: str
    past: Past
    words: Ints


@dataclass(frozen=True)
class Markov:
    """Tables by word and chain (none for a live one), and by scorer and word the weights of the chains it mixes."""

    tables: dict[str, list[list[Table]]]
    weights: dict[str, dict[str, Floats]]


class MarkovScorer:
    """A fitted `Markov` as its `SCORERS`, which share all that they look up.

    COUNTED knows the corpora alone, LIVE also the sequence so far.
    """

    names = SCORERS

    def __init__(self, markov: Markov) -> None:
        self.markov = markov

    def score(self, sequences: list[Sequence]) -> dict[str, list[NDArray[np.float64]]]:
        """See `scoring.Scorer`."""
        scored: dict[str, list[NDArray[np.float64]]] = {name: [] for name in self.names}
        stream = iter(sequences)
        while part := list(islice(stream, _BATCH)):
            flat = flatten(part)
            bits = {name: np.zeros((len(flat.rows), len(FIELDS))) for name in self.names}
            for column, asked in enumerate(ask(flat)):
                opinions = opinions_on(asked, self.markov.tables[asked.field])
                known = np.flatnonzero(asked.words >= 0)
                for name in self.names:
                    heard = opinions.by(mixed(asked.field, live=name == LIVE))
                    logs = doubt(mix(heard, self.markov.weights[name][asked.field]), heard.possible)
                    bits[name][asked.past.at[known], column] = -logs[known, asked.words[known]] / math.log(2)
            for name in self.names:
                scored[name] += np.split(bits[name], flat.start[1:])
        return scored


def ask(flat: Flat) -> Iterator[Asked]:
    """What is asked in each field: notes for what they are, and every row for its `next`."""
    notes, rows = pasts(flat)
    for column, field in enumerate(FIELDS, start=codec.CHOSEN.start):
        past = rows if column == codec.NEXT else notes
        words = flat.rows[past.at, column].astype(np.int64)
        yield Asked(field, past, np.where(words < WORDS[field], words, -1))


def count_chain(asked: Asked, chain: Chain) -> list[Table]:
    """The tables of a chain's contexts, from general to special; none for a live one."""
    if chain.live:
        return []
    known = asked.words >= 0
    seen = see(chain.view, asked.field, asked.words, asked.past)[known].astype(np.uint8)
    return [
        count(asked.past.contexts(names)[known], seen, least)
        for names, least in zip(chain.contexts, _LEAST, strict=False)
    ]


def opinions_on(asked: Asked, tables: list[list[Table]]) -> Opinions:
    """The probability that each chain of a field gives each word."""
    field, past = asked.field, asked.past
    possible = np.ones((len(past.at), WORDS[field]), dtype=bool)
    if field == "pitch":  # within a chord only what lies above the note before
        in_chord = (past.column("x") % 2 == 1)[:, None]
        possible = ~in_chord | (np.arange(codec.PITCHES) > past.column("p1")[:, None])
    logs, grades = [], []
    for chain, tabled in zip(CHAINS[field], tables, strict=True):
        size = sizes(chain.view, field)
        if chain.live:
            counts = list(_count_live(asked, chain, size))
        else:
            counts = [
                table.look_up(past.contexts(names), size) for names, table in zip(chain.contexts, tabled, strict=True)
            ]
        blended, met = blend(counts, _LIVE_DISCOUNT if chain.live else _DISCOUNT)
        if chain.blur:
            blended = smear(blended, chain.blur)
        logs.append(np.log(unsee(chain.view, field, blended, past)))
        grades.append(past.column("m") * _GRADES + met)
    return Opinions(np.stack(logs), np.stack(grades), possible)


def _count_live(asked: Asked, chain: Chain, size: int) -> Iterator[Floats]:
    past, own = asked.past, np.arange(len(asked.past.first))
    sequence, place = np.cumsum(past.first == own) - 1, own - past.first
    shape = (int(sequence.max(initial=-1)) + 1, int(place.max(initial=-1)) + 1)
    known = asked.words >= 0
    onehot = np.zeros((*shape, size), dtype=np.float32)
    onehot[sequence[known], place[known], see(chain.view, asked.field, asked.words, past)[known]] = 1
    for names in chain.contexts:
        contexts = np.zeros(shape, dtype=np.uint32)
        contexts[sequence, place] = past.contexts(names)
        yield count_so_far(contexts, onehot)[sequence, place]


def fit_markov(
    counted: Flat, tuned: list[Sequence], importance: list[float], progress: Callable[[str], None] = lambda _: None
) -> Markov:
    """Count the rows of `counted`, and fit both weights on other sequences, each note as important as its sequence."""
    tables: dict[str, list[list[Table]]] = {}
    weights: dict[str, dict[str, Floats]] = {name: {} for name in SCORERS}
    flat = flatten(tuned)
    important = np.repeat(np.array(importance, dtype=np.float32), flat.lengths)
    for asked, unseen in zip(ask(counted), ask(flat), strict=True):
        field = asked.field
        progress(field)
        tables[field] = [count_chain(asked, chain) for chain in CHAINS[field]]
        known = unseen.words >= 0
        opinions = opinions_on(unseen, tables[field]).of(known)
        for name in SCORERS:
            heard = opinions.by(mixed(field, live=name == LIVE))
            weights[name][field] = fit_weights(
                heard, unseen.words[known], important[unseen.past.at[known]], 2 * _GRADES
            )
    return Markov(tables, weights)
