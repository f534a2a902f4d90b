"""A small piece, what the shipped model is asked along it, and what it answers.

`PYTHONPATH=. python tests/support/golden.py` writes `tests/model/golden.json` anew. Run it only after the
shipped model, or the contract with it, was changed on purpose: the file shows that neither was changed by accident.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bollylive.model import codec
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model, blank_question
from bollylive.model.predictor import Answer, Predictor
from training.data.corpus import Song
from training.sequences.sequence import Augment, Sequence, cut_voice

MODEL = "bollywood-v3"
GOLDEN = Path(__file__).parents[1] / "model" / "golden.json"
TEMPERATURE, NUCLEUS, NOISE = 0.3, 0.95, 0.5
MARGIN = 0.08  # an answer is kept only if so much more or less noise gives the same words
KEPT = 7  # answers of each sequence, those of which the model is least sure
DECIMALS = 5

_MELODY, _HARMONIUM, _BASS, _DRUMS = range(4)
_INSTRUMENTS = (73, 20, 33, codec.PERCUSSION)
_BAR = 4 * codec.TICKS_PER_BEAT
_LONG_BARS = 8  # then a silence, then the short bars
_SILENCE_TICKS = 768  # the melody's, after which it goes on; after one tick more the harmonium begins afresh
_SHORT_BAR, _SHORT_BARS = 3 * codec.TICKS_PER_BEAT, 6

# (onset, pitch) of two bars; the phrase comes back higher, and not quite in time.
_PHRASE = (
    *((0, 67), (24, 69), (36, 71), (48, 72), (60, 71), (72, 69), (84, 67)),
    *((96, 64), (108, 66), (120, 67), (144, 69), (168, 62), (180, 64)),
)
_TRANSPOSED = (0, 2, 0, -3)
_HURRIED = (0, 1, -1, 0, 2, 0, -2, 5, 0, 6, 0, 7, 0, 0, 0)  # ticks; each sort must be found, or not, as an echo
_DURATIONS = (11, 23, 32, 24, 35, 12, 28, 5, 46, 9, 70, 15, 100, 3)
_CHORDS = ((55, 59, 62), (57, 60, 64), (55, 59, 62), (54, 57, 62))
_KITS = ((35, 42, 38, 42), (36, 42, 37, 46), (36, 54, 40, 41), (35, 42, 39, 51))


def compose() -> Song:
    """Melody, harmonium, bass and drums: four-beat bars, a silence of the first two, then three-beat bars."""
    second = _LONG_BARS * _BAR + _SILENCE_TICKS
    notes = [*_play(0, _LONG_BARS, _BAR), *_play(second, _SHORT_BARS, _SHORT_BAR)]
    for voice, silence in ((_MELODY, _SILENCE_TICKS), (_HARMONIUM, _SILENCE_TICKS + 1)):
        own = [note[0] for note in notes if note[4] == voice]
        later = max(onset for onset in own if onset < second) + silence - min(onset for onset in own if onset >= second)
        notes = [(n[0] + later * (n[4] == voice and n[0] >= second), *n[1:]) for n in notes]
    for beat in range(0, _SILENCE_TICKS, 3 * codec.TICKS_PER_BEAT):
        notes += [(_LONG_BARS * _BAR + beat, 10, 36, 70, _DRUMS), (_LONG_BARS * _BAR + beat, 60, 38, 70, _BASS)]
    bars = np.array([(0, _BAR), (second, _SHORT_BAR)], dtype=np.int32)
    columns = np.array(sorted(notes, key=lambda note: (note[0], note[4], note[2])), dtype=np.int32)
    return Song("golden.mid", "golden", True, columns, np.array(_INSTRUMENTS, dtype=np.int16), bars)


def _play(start: int, bars: int, bar: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Notes (onset, duration, pitch, velocity, voice) of some bars."""
    count = 0
    for turn in range(bars // 2):
        for onset, pitch in _PHRASE:
            if onset % _BAR >= bar:
                continue
            at = start + bar * (2 * turn + onset // _BAR) + onset % _BAR + _HURRIED[count % len(_HURRIED)]
            duration = _DURATIONS[count % len(_DURATIONS)]
            yield max(start, at), duration, pitch + _TRANSPOSED[turn % 4], 50 + 7 * count % 70, _MELODY
            count += 1
    for number in range(bars):
        at = start + bar * number
        chord = _CHORDS[number % 4]
        for pitch in chord:
            yield at, bar - 8, pitch, 60 + 4 * (number % 5), _HARMONIUM
        for beat in range(0, bar, 2 * codec.TICKS_PER_BEAT):
            yield at + beat, 32 + 3 * (number % 2), chord[0] - 24 + 7 * (beat > 0), 80 + number, _BASS
        for beat in range(bar // codec.TICKS_PER_BEAT):
            yield at + codec.TICKS_PER_BEAT * beat, 6, _KITS[number % 4][beat], 70 + 10 * (beat % 2), _DRUMS
            yield at + codec.TICKS_PER_BEAT * beat + 12, 6, 44, 50, _DRUMS


class Place(NamedTuple):
    """A row of the piece: number `row` of a sequence of a voice."""

    voice: int
    sequence: int
    row: int


def sequences() -> dict[tuple[int, int], Sequence]:
    """The piece as rows, echoes and context, by voice and number: a voice begins afresh after a long silence."""
    song = compose()
    return {
        (voice, number): sequence
        for voice in range(len(_INSTRUMENTS))
        for number, sequence in enumerate(cut_voice(song, voice, 256, Augment(leads=frozenset({_MELODY} - {voice}))))
    }


def ask_all(model: Predictor, noise: float = NOISE) -> dict[Place, Answer]:
    """The model's choice for every note, each voice from a fresh state and with its real past."""
    return {
        Place(*key, row): answer
        for key, sequence in sequences().items()
        for row, answer in _ask(model, sequence, noise)
    }


def _ask(model: Predictor, sequence: Sequence, noise: float) -> Iterator[tuple[int, Answer]]:
    state = np.zeros((1, *model.state_shape), dtype=np.float32)
    for row in range(1, len(sequence.rows)):
        blank = blank_question(1, model.state_shape)
        rows = sequence.rows[None, row - 1 : row + 1].copy()
        rows[:, -1, codec.CHOSEN] = codec.CHOOSE
        question = replace(
            blank,
            rows=rows,
            echoes=sequence.echoes[None, row],
            context=sequence.context[None, row - 1 : row + 1],
            state=state,
            knobs=np.array([[TEMPERATURE] * len(codec.CHOICES) + [NUCLEUS]], dtype=np.float32),
            noise=np.full_like(blank.noise, noise),
        )
        answer = model.predict(question)
        state = answer.states[:, -1]
        if sequence.rows[row, codec.PITCH] != codec.REST:
            yield row, answer


def describe_inputs() -> dict[str, Any]:
    """What the model is given: for each sequence the rows and echoes by digest, and the context by sums of columns."""
    return {
        f"voice {voice}, sequence {number}": {
            "notes": sequence.notes,
            "rows_sha256": hashlib.sha256(sequence.rows.astype("<i8").tobytes()).hexdigest(),
            "echoes_sha256": hashlib.sha256(sequence.echoes.astype("<i8").tobytes()).hexdigest(),
            "context_sums": [round(float(total), DECIMALS) for total in sequence.context.sum(axis=0, dtype=np.float64)],
        }
        for (voice, number), sequence in sequences().items()
    }


def write() -> None:
    """Write the file: the inputs, and the answers that stay the same with a little more or less noise."""
    model = Model(find_model(MODEL))
    golden, *trials = (ask_all(model, NOISE + more) for more in (0.0, -MARGIN, MARGIN))
    sure = [
        place
        for place, answer in golden.items()
        if all(np.array_equal(trial[place].chosen, answer.chosen) for trial in trials)
    ]
    answers = []
    for key in sequences():
        own = [place for place in sure if place[:2] == key]
        answers += [
            {
                **place._asdict(),
                "chosen": golden[place].chosen[0].tolist(),
                "logp": [round(float(value), 3) for value in golden[place].logp[0]],
            }
            for place in sorted(sorted(own, key=lambda one: float(golden[one].logp.sum()))[:KEPT])
        ]
    GOLDEN.write_text(json.dumps({"inputs": describe_inputs(), "answers": answers}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
