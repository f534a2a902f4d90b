"""What the session's memory is worth, measured."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from music import write_corpus, write_melody
from tiny import read

from bollylive.model import codec
from bollylive.model.onnx_model import Model
from training.__main__ import main
from training.data.corpus import ONSET, PITCH, Song
from training.errors import TrainingError
from training.measuring.remember import Stretch, measure, remember, stretches

MOTIF = [(0.0, 60), (0.5, 67), (0.75, 64), (1.5, 69), (2.0, 62), (3.5, 65)]


def melody(folder: Path, bars: int = 12) -> Song:
    """A motif of six notes in every bar."""
    notes = [(4 * bar + beat, pitch) for bar in range(bars) for beat, pitch in MOTIF]
    return read(write_melody(folder / "motif.mid", notes))


def biases(found: list[Stretch]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The rows that are measured, and what the memory has for each: [.., 9] and [.., 178]."""
    return [
        (s.sequence.rows[s.measured], np.concatenate([s.pitch_bias, s.onset_bias], axis=1)[s.measured]) for s in found
    ]


@pytest.mark.parametrize("buffer_notes", [1, 4, 64])
def test_every_note_of_the_second_half_is_measured_once(tmp_path: Path, buffer_notes: int) -> None:
    song = melody(tmp_path)
    found = list(stretches(song, 0, buffer_notes))
    assert sum(stretch.notes for stretch in found) == 36
    rows = np.concatenate([rows for rows, _ in biases(found)])
    assert rows[rows[:, codec.PITCH] != codec.REST, codec.PITCH].tolist() == [pitch for _, pitch in MOTIF] * 6
    heard_before = [int((s.sequence.rows[: int(s.measured.argmax()), codec.PITCH] != codec.REST).sum()) for s in found]
    assert heard_before == [buffer_notes if buffer_notes < 36 else 36] * len(found)


def test_the_memory_points_at_what_comes(tmp_path: Path) -> None:
    [(rows, bias)] = biases(list(stretches(melody(tmp_path), 0, 64)))
    assert bias[:, : codec.PITCHES].argmax(axis=1).tolist() == rows[:, codec.PITCH].tolist()
    assert bias[:-1, codec.PITCHES :].argmax(axis=1).tolist() == rows[:-1, codec.NEXT].tolist()


def test_long_gaps_and_rests_are_gone_through(tmp_path: Path) -> None:
    notes = [(8.0 * bar + beat, 60 + bar % 2) for bar in range(12) for beat in (0, 5)]
    notes += [(200.0 + beat, 64) for beat in (0, 1, 7)]
    song = read(write_melody(tmp_path / "gaps.mid", notes))
    found = list(stretches(song, 0, 4))
    assert sum(stretch.notes for stretch in found) == len(notes) - len(notes) // 2
    rows, bias = (np.concatenate(part) for part in zip(*biases(found), strict=True))
    rests = rows[:, codec.PITCH] == codec.REST
    assert rests.any()
    assert (bias[rests, codec.PITCHES :].argmax(axis=1) == rows[rests, codec.NEXT]).mean() > 0.5


@pytest.mark.parametrize("changed", [40, 60, 71])
def test_the_memory_knows_nothing_of_what_is_to_come(tmp_path: Path, changed: int) -> None:
    song = melody(tmp_path)
    notes = song.notes.copy()
    notes[changed:, PITCH] += 1
    notes[changed:, ONSET] += 1
    for (rows, bias), (_, other) in zip(
        biases(list(stretches(song, 0, 64))), biases(list(stretches(replace(song, notes=notes), 0, 64))), strict=True
    ):
        until = changed - 36
        assert (rows[:until, codec.PITCH] != codec.REST).all()
        np.testing.assert_array_equal(bias[:until], other[:until])


@pytest.mark.slow
def test_a_motif_that_was_heard_costs_fewer_bits(tmp_path: Path, tiny_model: Path) -> None:
    bits = measure(Model(tiny_model), stretches(melody(tmp_path), 0, 8))
    for field in ("pitch", "onset"):
        assert bits["with"][field] < 0.7 * bits["without"][field]
    for field in ("duration", "velocity"):
        assert bits["with"][field] == pytest.approx(bits["without"][field])
    assert bits["with"]["notes"] == 36
    assert bits["recall_us"] > 0


@pytest.mark.slow
def test_the_stage_measures_held_out_songs(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = write_corpus(tmp_path / "tiny")
    out = tmp_path / "deep" / "report.json"
    assert (
        main(["remember", "--model", str(tiny_model), "--data", str(corpus), "--out", str(out), "--workers", "1"]) == 0
    )
    report = json.loads(out.read_text(encoding="utf-8"))["corpora"]["tiny"]
    assert report["songs"] == 1
    assert 90 <= report["with"]["notes"] == report["without"]["notes"] <= 110
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split()[0] == "tiny"
    assert remember(str(tiny_model), [corpus], "all", 2, 1)["corpora"]["tiny"]["songs"] == 2

    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match="--split all measures on every song"):
        remember(str(tiny_model), [tmp_path / "empty"], "valid", None, 1)


def test_the_memory_weighs_likeness_as_it_was_fitted(tmp_path: Path) -> None:
    """All biases at nine notes, which are like earlier ones in some respects and not in others."""
    onsets = accumulate((0.25, 0.5, 0.75, 0.5)[i * i % 13 % 4] for i in range(120))
    notes = [(onset, 60 + (0, 2, 4, 7, 9)[i * i % 17 % 5]) for i, onset in enumerate(onsets)]
    [stretch] = stretches(read(write_melody(tmp_path / "alike.mid", notes)), 0, 64)
    rows = np.flatnonzero(stretch.measured)[3::7]
    pitch = [2.368, 2.377, 3.308, 3.228, 3.706, 2.777, 3.003, 3.882, 4.669]
    onset = [1.104, 1.171, 1.212, 1.65, 1.637, 1.433, 1.534, 1.564, 1.096]
    assert stretch.pitch_bias[rows].sum(axis=1).tolist() == pytest.approx(pitch, abs=1e-3)
    assert stretch.onset_bias[rows].sum(axis=1).tolist() == pytest.approx(onset, abs=1e-3)
