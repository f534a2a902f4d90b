from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from music import write_corpus, write_song
from tiny import read, tiny_network, tiny_onnx

from bollylive.errors import ModelError
from bollylive.model.onnx_model import Model
from training.__main__ import main
from training.baselines.both import fit_baselines
from training.data.corpus import load_corpus, save_corpus
from training.data.prepare import prepare, read_corpus
from training.errors import TrainingError
from training.measuring.evaluate import cut_labelled, evaluate, measure, table
from training.sequences.sequence import cut_songs
from training.trainer.train import validate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_onnx(tmp_path_factory, buffer_notes=64)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("music") / "tiny")


def test_the_onnx_file_costs_the_bits_that_torch_says(tmp_path: Path, model: Path) -> None:
    sequences = list(cut_songs([read(write_song(tmp_path / "song.mid"))], 40))
    bits = measure(Model(model), sequences)
    expected = validate(tiny_network(), {"song": sequences}, 4, 40)["song"]
    assert [bits.pitch, bits.duration, bits.velocity, bits.onset] == pytest.approx(expected, abs=1e-3)
    assert bits.total == pytest.approx(sum(expected), abs=1e-3)
    assert bits.notes == sum(sequence.notes for sequence in sequences) == 200


def test_the_report_has_every_corpus_and_all_of_its_notes(model: Path, corpus: Path, tmp_path: Path) -> None:
    other = write_corpus(tmp_path / "other", songs=1)
    report = evaluate(str(model), [corpus, other], "all", None, 1)
    corpora = report["corpora"]
    assert isinstance(corpora, dict)
    assert set(corpora) == {"tiny", "other"}
    assert set(corpora["tiny"]) == {"songs", "skipped", "model", "classes", "melody", "accompaniment"}
    bits = corpora["tiny"]["model"]
    assert set(bits) == {"total", "onset", "pitch", "duration", "velocity", "notes"}
    assert bits["notes"] == 800
    assert bits["total"] == pytest.approx(sum(bits[field] for field in ("onset", "pitch", "duration", "velocity")))
    lines = table(report).splitlines()
    assert lines[0].split() == ["bits", "per", "note", "total", "onset", "pitch", "duration", "velocity", "notes"]
    assert lines[1].split()[0] == "tiny"
    assert lines[1].split()[-1] == "800"


def test_classes_and_roles_share_the_notes_out(model: Path, corpus: Path) -> None:
    tiny = evaluate(str(model), [corpus], "all", None, 1)["corpora"]["tiny"]
    notes = {name: measured["model"]["notes"] for name, measured in tiny["classes"].items()}
    assert notes == {"lead": 4 * 64, "harmony": 4 * 24, "bass": 4 * 16, "percussion": 4 * 96}
    assert tiny["melody"]["model"] == tiny["classes"]["lead"]["model"]
    assert tiny["accompaniment"]["model"]["notes"] == 800 - 4 * 64
    for column in ("pitch", "onset"):
        sums = sum(one["model"][column] * one["model"]["notes"] for one in tiny["classes"].values())
        assert sums / 800 == pytest.approx(tiny["model"][column])


def test_a_model_without_context_is_measured_on_the_same_notes_without_the_band(model: Path, corpus: Path) -> None:
    report = evaluate(str(model), [corpus], "all", 4, 1, without_context=True)
    tiny = report["corpora"]["tiny"]
    assert tiny["without_context"]["notes"] == tiny["model"]["notes"]
    assert tiny["without_context"]["pitch"] != tiny["model"]["pitch"]
    assert "tiny  without_context" in table(report)
    alone = [replace(s, context=0 * s.context) for s, _ in cut_labelled(read_corpus(corpus, "tiny").songs, 4)]
    assert measure(Model(model), alone).pitch == pytest.approx(tiny["without_context"]["pitch"])


def test_baselines_stand_beside_the_model(model: Path, corpus: Path, tmp_path: Path) -> None:
    prepare([corpus], tmp_path / "prepared", 1)
    fit_baselines(tmp_path / "prepared", tmp_path / "baselines", "markov", 1, 1)
    arguments = f"evaluate --model {model} --data {tmp_path / 'prepared'} --baselines {tmp_path / 'baselines'}"
    assert main([*arguments.split(), "--without-context", "--out", str(tmp_path / "report.json")]) == 0
    tiny = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["corpora"]["tiny"]
    assert tiny["markov"]["notes"] == tiny["model"]["notes"] == 800
    assert 0 < tiny["markov"]["total"] < tiny["model"]["total"]
    assert set(tiny["classes"]["bass"]) == {"model", "without_context", "markov", "markov_live"}


def test_what_was_prepared_is_measured_as_it_is_split(model: Path, corpus: Path, tmp_path: Path) -> None:
    prepare([corpus], tmp_path, 1)
    whole = evaluate(str(model), [corpus], "valid", None, 1)["corpora"]
    for source in (tmp_path, tmp_path / "tiny.npz"):
        assert evaluate(str(model), [source], "valid", None, 1)["corpora"] == whole
    save_corpus([replace(song, valid=True) for song in load_corpus(tmp_path / "tiny.npz")], tmp_path / "tiny.npz")
    assert evaluate(str(model), [tmp_path], "valid", None, 1)["corpora"]["tiny"]["songs"] == 4


def test_one_corpus_twice_or_none_is_an_error(model: Path, corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="two of the sources are the corpus 'tiny'"):
        evaluate(str(model), [corpus, corpus], "all", 2, 1)
    with pytest.raises(TrainingError, match="no such folder"):
        evaluate(str(model), [tmp_path / "none"], "all", 2, 1)


def test_only_held_out_songs_are_measured_when_asked(model: Path, corpus: Path) -> None:
    report = evaluate(str(model), [corpus], "valid", None, 1)
    assert report["corpora"]["tiny"]["songs"] == 1
    assert report["corpora"]["tiny"]["model"]["notes"] == 200


def test_a_limit_takes_so_many_sequences_and_the_same_ones_again(model: Path, corpus: Path) -> None:
    first, again = (evaluate(str(model), [corpus], "all", 2, 1) for _ in range(2))
    assert first == again
    assert 0 < first["corpora"]["tiny"]["model"]["notes"] < 256


def test_a_corpus_without_songs_is_left_out_and_none_at_all_is_an_error(
    model: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert list(evaluate(str(model), [tmp_path / "empty", corpus], "all", 2, 1)["corpora"]) == ["tiny"]
    assert "empty: no song to measure on" in capsys.readouterr().out
    with pytest.raises(TrainingError, match="--split all measures on every song"):
        evaluate(str(model), [tmp_path / "empty"], "valid", None, 1)


def test_a_model_that_is_not_there_is_an_error(tmp_path: Path, corpus: Path) -> None:
    with pytest.raises(ModelError, match="no such model file"):
        evaluate(str(tmp_path / "none.onnx"), [corpus], "all", None, 1)
