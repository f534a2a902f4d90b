"""Bits per note of a shipped model, through its ONNX file itself, on any MIDI.

Every voice is fed row by row, as on stage, with all words given; the graph says how probable they were. The voices
run side by side in one batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bollylive import codec
from bollylive.model import Model, blank_question, find_model
from bollylive.predictor import Question
from training.errors import TrainingError
from training.prepare import read_corpus
from training.sequence import Sequence, cut_songs, some_sequences
from training.sources import by_name, opened

SEQUENCE_ROWS = 128  # as in training: each sequence is heard from a fresh state
_BATCH = 256
_SEED = 1


@dataclass(frozen=True)
class Bits:
    """Bits per note, in total and by field, and on how many notes."""

    total: float
    onset: float
    pitch: float
    duration: float
    velocity: float
    notes: int


def measure(model: Model, sequences: Iterable[Sequence]) -> Bits:
    """The bits per note that a model needs for sequences; rests cost onset bits only."""
    sums, notes = np.zeros(4), 0
    stream = iter(sequences)
    while part := list(islice(stream, _BATCH)):
        notes += sum(sequence.notes for sequence in part)
        sums += _sum_bits(model, part)
    pitch, duration, velocity, onset = (float(value) for value in sums / max(notes, 1))
    return Bits(pitch + duration + velocity + onset, onset, pitch, duration, velocity, notes)


def _sum_bits(model: Model, sequences: list[Sequence]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    sums = np.zeros(4)
    state = np.zeros((len(sequences), *model.state_shape), dtype=np.float32)
    for t in range(max(len(sequence.rows) for sequence in sequences)):
        there = [i for i, sequence in enumerate(sequences) if t < len(sequence.rows)]
        row = np.stack([sequences[i].rows[t] for i in there])
        open_end = row[:, 4] == codec.CHOOSE
        blank = blank_question(len(there), model.state_shape)
        answer = model.predict(
            Question(
                row=row,
                context=np.stack([sequences[i].context[t] for i in there]),
                state=state[there],
                knobs=blank.knobs,
                pitch_bias=blank.pitch_bias,
                onset_bias=blank.onset_bias,
                noise=blank.noise,
            )
        )
        state[there] = answer.state
        logp = answer.logp.astype(np.float64)
        logp[open_end, 3] = 0
        sums -= logp.sum(axis=0) / math.log(2)
    return sums


def measure_corpora(model: Model, corpora: dict[str, list[Sequence]]) -> dict[str, Bits]:
    """The bits per note of each corpus."""
    return {name: measure(model, sequences) for name, sequences in corpora.items()}


def evaluate(model_name: str, sources: list[Path], split: str, limit: int | None, workers: int) -> dict[str, object]:
    """The report on a model over folders or archives of MIDI: `corpora.NAME.model.{total,onset,...}` in bits per note.

    `split` is `all` songs, or only the held-out (`valid`) ones by the rule that `prepare` has; `limit` is the most
    sequences of a corpus, drawn at random, or None for all. A corpus without songs is left out; raises
    TrainingError or ModelError if nothing can be measured.
    """
    named = by_name(sources)
    model = Model(find_model(model_name))
    corpora: dict[str, dict[str, object]] = {}
    for name, source in named.items():
        with opened(source) as folder:
            corpus = read_corpus(folder, name, workers)
        songs = [song for song in corpus.songs if song.valid or split == "all"]
        if not songs:
            print(f"{name}: no song to measure on ({len(corpus.songs):,} songs, {len(corpus.skipped):,} files skipped)")
            continue
        if limit is None:
            shown = tqdm(songs, desc=name, unit="song", leave=False, disable=None)
            bits = measure(model, cut_songs(shown, SEQUENCE_ROWS))
        else:
            bits = measure(model, some_sequences(songs, SEQUENCE_ROWS, limit, _SEED))
        corpora[name] = {"songs": len(songs), "skipped": len(corpus.skipped), "model": asdict(bits)}
    if not corpora:
        hint = "; --split all measures on every song" if split == "valid" else ""
        raise TrainingError(f"there is no song to measure on{hint}.")
    return {"model": model.name, "split": split, "limit": limit, "corpora": corpora}


def table(report: dict[str, object]) -> str:
    """The report as a table for the terminal, in bits per note."""
    columns = ("total", "onset", "pitch", "duration", "velocity")
    lines = [f"{'bits per note':24}" + "".join(f"{column:>10}" for column in (*columns, "notes"))]
    corpora = report["corpora"]
    assert isinstance(corpora, dict)
    for name, corpus in corpora.items():
        bits = corpus["model"]
        lines.append(f"{name:24}" + "".join(f"{bits[c]:10.3f}" for c in columns) + f"{bits['notes']:10,}")
    return "\n".join(lines)
