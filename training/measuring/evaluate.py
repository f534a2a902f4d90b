"""Bits per note of a shipped model beside the baselines, on the same notes of any music.

They are counted by corpus, by class of instrument, and apart for the melody and what accompanies it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bollylive.model import codec
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model
from training.baselines.both import load_baselines
from training.data.corpus import Corpus, Song
from training.data.prepare import corpora_of
from training.errors import TrainingError
from training.measuring.roles import ACCOMPANIMENT, MELODY, labels_of
from training.sequences.scoring import ModelScorer, Scorer, WithoutContextScorer
from training.sequences.sequence import Augment, Sequence, cut_voice, draw_places, make_sequence

SEQUENCE_ROWS = 256  # as in training: each sequence is heard from a fresh state
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


COLUMNS = tuple(field.name for field in fields(Bits) if field.name != "notes")


def as_bits(sums: np.ndarray[Any, np.dtype[np.float64]], notes: int) -> Bits:
    """The bits per note, from sums over so many notes in the order of `codec.FIGURES`."""
    by_field = dict(zip(codec.FIGURES, (sums / max(notes, 1)).tolist(), strict=True))
    return Bits(sum(by_field.values()), **by_field, notes=notes)


def measure(model: Model, sequences: Iterable[Sequence]) -> Bits:
    """The bits per note that a model needs for sequences; rests cost onset bits only."""
    tallies = tally([ModelScorer(model)], ((sequence, ()) for sequence in sequences))
    return tallies.get("", {}).get("model", as_bits(np.zeros(len(codec.CHOICES)), 0))


def measure_corpora(model: Model, corpora: dict[str, list[Sequence]]) -> dict[str, Bits]:
    """The bits per note of each corpus."""
    return {name: measure(model, sequences) for name, sequences in corpora.items()}


def tally(scorers: list[Scorer], labelled: Iterable[tuple[Sequence, tuple[str, ...]]]) -> dict[str, dict[str, Bits]]:
    """The bits of all sequences (label ``), and of those under each label, by label and scorer."""
    sums: dict[tuple[str, str], Any] = defaultdict(lambda: np.zeros(len(codec.CHOICES)))
    notes: dict[str, int] = defaultdict(int)
    stream = iter(labelled)
    while part := list(islice(stream, _BATCH)):
        for sequence, labels in part:
            for label in ("", *labels):
                notes[label] += sequence.notes
        for scorer in scorers:
            for name, scored in scorer.score([sequence for sequence, _ in part]).items():
                for bits, (_, labels) in zip(scored, part, strict=True):
                    for label in ("", *labels):
                        sums[label, name] += bits.sum(axis=0)
    names = names_of(scorers)
    return {label: {name: as_bits(sums[label, name], count) for name in names} for label, count in notes.items()}


def names_of(scorers: list[Scorer]) -> list[str]:
    """What the report calls all of them."""
    return [name for scorer in scorers for name in scorer.names]


def cut_labelled(songs: list[Song], limit: int | None) -> Iterator[tuple[Sequence, tuple[str, ...]]]:
    """Sequences with their voices' labels: of whole songs, or at most `limit` of as many songs as can be."""
    if limit is None:
        for song in songs:
            for voice, labels in enumerate(labels_of(song)):
                yield from ((sequence, labels) for sequence in cut_voice(song, voice, SEQUENCE_ROWS, Augment()))
        return
    known = {}
    for song, voice, first in draw_places(songs, SEQUENCE_ROWS, limit, _SEED):
        if song.name not in known:
            known[song.name] = labels_of(song)
        yield make_sequence(song, voice, first, SEQUENCE_ROWS, Augment()), known[song.name][voice]


def read_sources(sources: list[Path], workers: int) -> Iterator[tuple[str, Corpus]]:
    """The corpora of all sources by name; raises TrainingError where two have the same."""
    seen: set[str] = set()
    for source in sources:
        if not source.exists():
            raise TrainingError(f"{source}: there is no such folder, archive or prepared corpus.")
        for name, corpus in corpora_of(source, workers).items():
            if name in seen:
                raise TrainingError(f"two of the sources are the corpus {name!r}; rename one.")
            seen.add(name)
            yield name, corpus


def evaluate(
    model_name: str,
    sources: list[Path],
    split: str,
    limit: int | None,
    workers: int,
    baselines: Path | None = None,
    without_context: bool = False,
) -> dict[str, Any]:
    """The report on a model over MIDI or prepared corpora: `corpora.NAME.model.{total,onset,...}` in bits per note.

    Beside `model` stand the baselines of a folder (`markov`, `markov_live`, `lstm`; see `load_baselines`) and the
    model without context (`without_context`), if asked. `classes.CLASS` has the same by class of instrument, and
    in ensembles `melody` and `accompaniment` by role. `split` is `all` songs, or only the held-out (`valid`) ones by
    the rule that `prepare` has; `limit` is the most sequences of a corpus, drawn over all its songs, or None for all.
    A corpus without songs is left out; raises TrainingError or ModelError if nothing can be measured.
    """
    model = Model(find_model(model_name))
    scorers: list[Scorer] = [ModelScorer(model)]
    if without_context:
        scorers.append(WithoutContextScorer(model))
    if baselines is not None:
        scorers += load_baselines(baselines)
    corpora: dict[str, Any] = {}
    for name, corpus in read_sources(sources, workers):
        songs = [song for song in corpus.songs if song.valid or split == "all"]
        if not songs:
            print(f"{name}: no song to measure on ({len(corpus.songs):,} songs, {len(corpus.skipped):,} files skipped)")
            continue
        shown = tqdm(cut_labelled(songs, limit), desc=name, unit="sequence", leave=False, disable=None)
        tallies = {label: {k: asdict(bits) for k, bits in by.items()} for label, by in tally(scorers, shown).items()}
        roles = {role: tallies.pop(role) for role in (MELODY, ACCOMPANIMENT) if role in tallies}
        whole = tallies.pop("")
        corpora[name] = {"songs": len(songs), "skipped": len(corpus.skipped), **whole, **roles, "classes": tallies}
    if not corpora:
        hint = "; --split all measures on every song" if split == "valid" else ""
        raise TrainingError(f"there is no song to measure on{hint}.")
    return {
        "model": model.name,
        "split": split,
        "limit": limit,
        "scorers": names_of(scorers),
        "corpora": corpora,
    }


def table(report: dict[str, Any]) -> str:
    """The report as a table for the terminal, in bits per note."""
    lines = [f"{'bits per note':34}" + "".join(f"{column:>10}" for column in (*COLUMNS, "notes"))]
    for name, corpus in report["corpora"].items():
        groups = {role: corpus[role] for role in (MELODY, ACCOMPANIMENT) if role in corpus}
        if len(corpus["classes"]) > 1:
            groups |= corpus["classes"]
        for group, measured in {"": corpus, **groups}.items():
            for scorer in report["scorers"]:
                title = "  ".join(part for part in (f"  {group}" if group else name, scorer) if part != "model")
                bits = measured[scorer]
                lines.append(f"{title:34}" + "".join(f"{bits[c]:10.3f}" for c in COLUMNS) + f"{bits['notes']:10,}")
    return "\n".join(lines)
