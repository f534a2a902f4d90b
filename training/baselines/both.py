"""The baselines that a model is measured beside: fitted once on the same songs, and loaded for each evaluation."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from training.baselines.flat import Flat, flatten, join
from training.baselines.markov import Markov, MarkovScorer, fit_markov
from training.baselines.markov_file import load_markov, save_markov
from training.data.corpus import Song, load_corpora
from training.errors import TrainingError
from training.recipe import shares
from training.sequences.scoring import Scorer
from training.sequences.sequence import Augment, Sequence, cut_songs, some_sequences

KINDS = ("markov", "lstm")
_FILES = {"markov": "markov.npz", "lstm": "lstm.pt"}
_LENGTH = 256  # rows a sequence, as in the evaluation
_TUNED_SEQUENCES = 40  # of each corpus, at most
_TUNED_PART = 10  # one work of so many is kept for the weights
_ALONE = Augment(without_context=True)


def fit_baselines(data: Path, out: Path, only: str | None, rows: int, seed: int) -> None:
    """Fit both baselines, or `only` one, on all prepared songs that are not held out; write them to the folder `out`.

    `rows` is how long the LSTM trains. Raises TrainingError where there is too little to fit on.
    """
    corpora = {name: [song for song in songs if not song.valid] for name, songs in load_corpora(data).items()}
    corpora = {name: songs for name, songs in corpora.items() if songs}
    if not corpora:
        raise TrainingError(f"{data}: every song here is held out; prepare more music to fit baselines on.")
    out.mkdir(parents=True, exist_ok=True)
    if only != "lstm":
        began = time.monotonic()
        path = out / _FILES["markov"]
        save_markov(_fit_markov(corpora, seed), path)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB after {time.monotonic() - began:.0f} s")
    if only != "markov":
        from training.baselines.lstm_fit import fit_lstm

        path = out / _FILES["lstm"]
        fit_lstm(
            {name: flatten(cut_songs(songs, _LENGTH, _ALONE)) for name, songs in corpora.items()}, path, rows, seed
        )
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def _fit_markov(corpora: dict[str, list[Song]], seed: int) -> Markov:
    counted: list[Flat] = []
    tuned: list[Sequence] = []
    importance: list[float] = []
    share = shares(corpora)
    for name, songs in corpora.items():
        kept, apart = keep_apart(songs)
        print(f"markov: {name}, {len(kept):,} songs to count")
        counted.append(flatten(cut_songs(kept, _LENGTH, _ALONE)))
        some = some_sequences(apart, _LENGTH, _TUNED_SEQUENCES, seed)
        notes = sum(sequence.notes for sequence in some)
        tuned += some
        importance += [share[name] / max(notes, 1)] * len(some)
    if not tuned:
        raise TrainingError("no corpus has two works to fit the Markov model's weights with; prepare more music.")
    return fit_markov(join(counted), tuned, importance, lambda field: print(f"markov: counting for {field}"))


def keep_apart(songs: list[Song]) -> tuple[list[Song], list[Song]]:
    """The songs to count, and those of one work in ten, by a hash of its name, to fit the weights with."""
    works = sorted({song.work for song in songs}, key=lambda work: hashlib.sha1(work.encode()).hexdigest()[::-1])
    apart = set(works[: -(-len(works) // _TUNED_PART)]) if len(works) > 1 else set()
    if len(works) > _TUNED_SEQUENCES * _TUNED_PART:
        apart = set(works[:_TUNED_SEQUENCES])
    return [song for song in songs if song.work not in apart], [song for song in songs if song.work in apart]


def load_baselines(folder: Path) -> list[Scorer]:
    """What `fit_baselines` left in a folder; raises TrainingError if there is nothing.

    The Markov model's file gives `markov`, which knows what was counted alone, and `markov_live`, which also learns
    from the sequence so far; the LSTM's gives `lstm`.
    """
    scorers: list[Scorer] = []
    if (folder / _FILES["markov"]).exists():
        scorers.append(MarkovScorer(load_markov(folder / _FILES["markov"])))
    if (folder / _FILES["lstm"]).exists():
        from training.baselines.lstm import LstmScorer, load_lstm

        scorers.append(LstmScorer(load_lstm(folder / _FILES["lstm"])))
    if not scorers:
        raise TrainingError(f"{folder}: there are no baselines here; fit them with the stage baselines first.")
    return scorers
