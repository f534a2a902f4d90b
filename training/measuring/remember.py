"""What the session's memory is worth: bits per note of the second half of songs whose first half was heard.

The voices are fed through the ONNX file itself with a state that remembers as much as on stage, once without and once
with the biases of each voice's own memory, which has heard all that the voice played before.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bollylive.engine.motif_memory import CONTEXT_NOTES, MotifMemory
from bollylive.model import codec
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model
from bollylive.model.predictor import Floats
from training.data.corpus import ONSET, PITCH, VOICE, Song
from training.errors import TrainingError
from training.measuring.evaluate import as_bits, read_sources
from training.sequences.scoring import Biases, score_rows
from training.sequences.sequence import Augment, Sequence, make_sequence

_BATCH = 256
_ROOM_ROWS = 64  # for the rests of a stretch
_SEED = 1
ARMS = {"without": 0.0, "with": 1.0}  # what the biases are multiplied by


@dataclass(frozen=True)
class Stretch:
    """Rows [T] of a voice, which of them are measured, and the biases that its memory has for these."""

    sequence: Sequence
    measured: NDArray[np.bool_]  # [T]
    pitch_bias: Floats  # [T, 128]
    onset_bias: Floats  # [T, ONSETS]
    recall_s: float  # what the biases took

    @property
    def notes(self) -> int:
        """How many notes are measured."""
        return int((self.measured & (self.sequence.rows[:, codec.PITCH] != codec.REST)).sum())


def stretches(song: Song, voice: int, buffer_notes: int) -> Iterator[Stretch]:
    """A voice from the middle of its song on; of every stretch `buffer_notes` notes are heard before it is measured."""
    own = song.notes[song.notes[:, VOICE] == voice].astype(np.int64)
    ticks = own[:, ONSET]
    apart = np.flatnonzero(np.diff(ticks) > codec.LONGEST_SILENCE_TICKS) + 1
    first = int(np.searchsorted(ticks, np.median(song.notes[:, ONSET])))
    listener = _Listener(song, own)
    while first < len(own):
        begin = max([first - buffer_notes, 0, *apart[apart <= first]])
        stretch = listener.follow(_cut(song, voice, begin, buffer_notes), begin, first, buffer_notes)
        if not stretch.notes:  # so many rests before it that it was not reached
            stretch = listener.follow(_cut(song, voice, first, buffer_notes), first, first, buffer_notes)
        yield stretch
        first += max(1, stretch.notes)


class _Listener:
    """A memory that goes through a voice note by note."""

    def __init__(self, song: Song, own: NDArray[np.int64]) -> None:
        bars = np.maximum(np.searchsorted(song.bars[:, 0], own[:, ONSET], side="right") - 1, 0)
        self.ticks: list[int] = own[:, ONSET].tolist()
        self.pitches: list[int] = own[:, PITCH].tolist()
        self.places: list[int] = ((own[:, ONSET] - song.bars[bars, 0]) % song.bars[bars, 1]).tolist()
        self.memory, self.learned = MotifMemory(), 0

    def follow(self, sequence: Sequence, begin: int, first: int, count: int) -> Stretch:
        """The biases of the rows of at most `count` notes from number `first` on; the rows begin with `begin`."""
        rests = sequence.rows[:, codec.PITCH] == codec.REST
        steps = np.where(rests, codec.WAIT_TICKS, sequence.rows[:, codec.ONSET])
        since_start = np.cumsum(steps)
        tick = self.ticks[begin] + since_start - since_start[1]  # row 0 is the rest before the first note
        note = begin + np.cumsum(~rests) - 1
        measured = (note >= first) & (note < first + count)
        pitch_bias = np.zeros((len(note), codec.PITCHES), dtype=np.float32)
        onset_bias = np.zeros((len(note), codec.ONSETS), dtype=np.float32)
        before_s = time.process_time()
        for row in np.flatnonzero(measured):
            pitch_bias[row], onset_bias[row] = self.recall(int(note[row]), int(tick[row]))
        return Stretch(sequence, measured, pitch_bias, onset_bias, time.process_time() - before_s)

    def recall(self, note: int, tick: int) -> tuple[Floats, Floats]:
        """What the memory says of a note, and of what comes after it when nothing has until `tick`."""
        for i in range(self.learned, note):
            self.memory.learn(self.ticks[i], self.pitches[i], self.places[i])
        self.learned = max(self.learned, note)
        context = range(max(0, note - CONTEXT_NOTES), note)
        before = [(self.ticks[i], self.pitches[i]) for i in context]
        return self.memory.recall(before, self.ticks[note], self.places[note], tick - self.ticks[note])


def _cut(song: Song, voice: int, first: int, buffer_notes: int) -> Sequence:
    return make_sequence(song, voice, first, 2 * buffer_notes + _ROOM_ROWS, Augment())


def measure(model: Model, heard: Iterable[Stretch]) -> dict[str, Any]:
    """The bits per note by arm, and the microseconds that a row of them takes to recall."""
    sums = {arm: np.zeros(len(codec.CHOICES)) for arm in ARMS}
    notes, rows, recall_s = 0, 0, 0.0
    stream = iter(heard)
    while part := list(islice(stream, _BATCH)):
        notes += sum(stretch.notes for stretch in part)
        rows += sum(int(stretch.measured.sum()) for stretch in part)
        recall_s += sum(stretch.recall_s for stretch in part)
        for arm, weight in ARMS.items():
            sums[arm] += _sum_bits(model, part, np.float32(weight))
    bits = {arm: asdict(as_bits(total, notes)) for arm, total in sums.items()}
    return {**bits, "recall_us": 1e6 * recall_s / max(rows, 1)}


def _sum_bits(model: Model, part: list[Stretch], weight: np.float32) -> NDArray[np.float64]:
    biases = [Biases(stretch.pitch_bias * weight, stretch.onset_bias * weight) for stretch in part]
    scored = score_rows(model, [stretch.sequence for stretch in part], biases)
    sums = np.zeros(len(codec.CHOICES))
    for bits, stretch in zip(scored, part, strict=True):
        sums += bits[stretch.measured].sum(axis=0)
    return sums


def remember(model_name: str, sources: list[Path], split: str, songs: int | None, workers: int) -> dict[str, Any]:
    """The report: `corpora.NAME.{without,with}.{total,onset,...}` in bits per note, and `recall_us` per row.

    Of each corpus at most `songs` songs are taken at random, `valid` (held-out) ones or `all`. Raises TrainingError
    or ModelError if nothing can be measured.
    """
    model = Model(find_model(model_name))
    corpora: dict[str, Any] = {}
    for name, corpus in read_sources(sources, workers):
        there = [song for song in corpus.songs if song.valid or split == "all"]
        chosen = [there[i] for i in np.random.default_rng(_SEED).permutation(len(there))[:songs]]
        voices = [(song, int(voice)) for song in chosen for voice in np.unique(song.notes[:, VOICE])]
        shown = tqdm(voices, desc=name, unit="voice", leave=False, disable=None)
        heard = (stretch for song, voice in shown for stretch in stretches(song, voice, model.buffer_notes))
        if chosen:
            corpora[name] = {"songs": len(chosen), **measure(model, heard)}
    if not corpora:
        raise TrainingError("there is no held-out song to measure on; --split all measures on every song.")
    return {"model": model.name, "split": split, "corpora": corpora}


def table(report: dict[str, Any]) -> str:
    """The report as a table for the terminal: bits per note without and with the memory, and what it saves."""
    columns = ("total", "onset", "pitch")
    heads = "".join(f"{column:>8}{'with':>8}{'':8}" for column in columns)
    lines = [f"{'bits per note':32}{heads}{'notes':>10}"]
    for name, corpus in report["corpora"].items():
        cells = ""
        for column in columns:
            plain, reminded = corpus["without"][column], corpus["with"][column]
            cells += f"{plain:8.3f}{reminded:8.3f}{100 * (reminded / max(plain, 1e-9) - 1):+7.1f}%"
        lines.append(f"{name:32}{cells}{corpus['with']['notes']:10,}")
    return "\n".join(lines)
