"""What a shipped conductor can do: how often it is right, how it plays when left to itself, and how long that takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from bollylive.model.chord_model import ChordModel
from bollylive.model.chord_predictor import REPLAYED_STEPS, ChordPredictor, no_lead
from bollylive.model.chord_words import CHORDS, NO_CHORD
from bollylive.model.predictor import Ints
from training.conducting.accuracy import FIGURES, accuracies
from training.conducting.baselines import ChordCounts
from training.conducting.form import Form, form_of, mean_form
from training.conducting.gather import gather
from training.conducting.pieces import Piece
from training.conducting.recipe import SOURCES
from training.errors import TrainingError
from training.exporting.markdown import table, wrap

Report: TypeAlias = dict[str, Any]

_TEMPERATURE: Final = 0.8
_SEEDS: Final = (1, 2)
_ASKED: Final = 100
_FREE_PIECES: Final = 12  # of each corpus


def measure(onnx: Path, prepared: Path, sources: str, most: int) -> Report:
    """Measure on at most `most` held-out pieces of each corpus; raises TrainingError where nothing is held out."""
    predictor = ChordModel(onnx)
    pieces = gather(prepared, SOURCES[sources])
    counts = ChordCounts([piece for piece in pieces if piece.side == "train"])
    held_out: dict[str, list[Piece]] = {}
    for piece in pieces:
        if piece.side == "test":
            held_out.setdefault(piece.corpus, []).append(piece)
    if not held_out:
        raise TrainingError(f"{prepared}: no piece with chords is held out; prepare more music.")
    corpora: dict[str, Any] = {}
    for corpus, every in held_out.items():
        some = every[:: -(-len(every) // most)]
        figures = accuracies(predictor, some, counts)
        corpora[corpus] = {"pieces": len(some), "figures": figures, "form": free_runs(predictor, some[:_FREE_PIECES])}
    return {"conductor": onnx.stem, "corpora": corpora, "milliseconds": time_a_step(predictor)}


def free_runs(predictor: ChordPredictor, pieces: Sequence[Piece]) -> dict[str, dict[str, float]]:
    """The form of the true chords of some pieces, and of plain draws of the network around their leads."""
    true = mean_form(form_of(piece.chords, piece.lead.chroma, piece.steps_per_bar) for piece in pieces)
    own = mean_form(
        form_of(draw(predictor, piece, seed)[1:], piece.lead.chroma[1:], piece.steps_per_bar)
        for piece in pieces
        for seed in _SEEDS
    )
    return {"true": asdict(true), "own": asdict(own)}


def draw(predictor: ChordPredictor, piece: Piece, seed: int) -> Ints:
    """The chords [S] that the network draws around a lead, step by step as on stage; the first is none."""
    rng = np.random.default_rng(seed)
    chords = [NO_CHORD]
    for step in range(1, len(piece)):
        log_p = predictor.forecast(piece.lead[:step], chords, 0, piece.steps_per_bar).log_p.copy()
        log_p[NO_CHORD] = -np.inf
        # The largest of scores with Gumbel noise is a draw by their softmax.
        chords.append(int((log_p / _TEMPERATURE + rng.gumbel(size=CHORDS)).argmax()))
    return np.array(chords)


def time_a_step(predictor: ChordPredictor) -> float:
    """The median time of one answer after as many steps as are replayed, in milliseconds."""
    steps = 2 * REPLAYED_STEPS
    times = []
    for _ in range(_ASKED):
        begun_s = time.perf_counter()
        predictor.forecast(no_lead(steps), [0] * steps, 0, 2)
        times.append(time.perf_counter() - begun_s)
    return 1000 * statistics.median(times)


def tables(report: Report) -> str:
    """A report as Markdown."""
    corpora = report["corpora"]
    ways = list(next(iter(corpora.values()))["figures"])
    rows = []
    for way in ways:
        shown = [corpus["figures"][way] for corpus in corpora.values()]
        rows.append([way, *(_shown(figures) for figures in shown)])
    pieces = [f"{name} ({corpus['pieces']})" for name, corpus in corpora.items()]
    names = [field.name for field in fields(Form)]
    forms = [
        [f"{name}, {who}", *(f"{corpus['form'][which][figure]:.3f}" for figure in names)]
        for name, corpus in corpora.items()
        for who, which in (("true chords", "true"), ("drawn", "own"))
    ]
    first = wrap(
        "The next chord on held-out pieces (their number in brackets), given the true chords before: exactly right / "
        "root and major or minor right where the chord changes; then bits, and the lead's class at the step's quarters."
    )
    second = wrap(
        f"Left to itself around the same leads, drawn with temperature {_TEMPERATURE:g} and nothing else: chord "
        "changes a bar, the root of eight bars before, chord tones a semitone from the lead, the lead's time in the "
        f"chord, longest chord in bars. One answer after {REPLAYED_STEPS} steps takes {report['milliseconds']:.2f} ms "
        "(median, one thread, where it was measured)."
    )
    return "\n\n".join((first, table(("", *pieces), rows), second, table(("", *names), forms)))


def _shown(figures: dict[str, float]) -> str:
    text = f"{figures['exact']:.2f} / {figures['at_change']:.2f}"
    further = [f"{figures[name]:.2f}" if name in figures else "–" for name in FIGURES[3:]]
    return f"{text}; {'; '.join(further)}" if further != ["–", "–"] else text
