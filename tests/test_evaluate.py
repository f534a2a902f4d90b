from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from music import write_corpus, write_song
from tiny import SIZES, float_graph, read, tiny_network

from bollylive.errors import ModelError
from bollylive.model import Model
from bollylive.sidecar import describe, write_sidecar
from training.errors import TrainingError
from training.evaluate import evaluate, measure, table
from training.graph import OPSET
from training.sequence import cut_songs
from training.train import validate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny-v1.onnx"
    shutil.copyfile(float_graph(tmp_path_factory), path)
    sidecar = describe("tiny-v1", path, buffer_notes=64, layers=SIZES.layers, width=SIZES.width, opset=OPSET)
    write_sidecar(sidecar, path.with_suffix(".json"))
    return path


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
    bits = corpora["tiny"]["model"]
    assert set(bits) == {"total", "onset", "pitch", "duration", "velocity", "notes"}
    assert bits["notes"] == 800
    assert bits["total"] == pytest.approx(sum(bits[field] for field in ("onset", "pitch", "duration", "velocity")))
    lines = table(report).splitlines()
    assert lines[0].split() == ["bits", "per", "note", "total", "onset", "pitch", "duration", "velocity", "notes"]
    assert lines[1].split()[0] == "tiny"
    assert lines[1].split()[-1] == "800"


def test_only_held_out_songs_are_measured_when_asked(model: Path, corpus: Path) -> None:
    report = evaluate(str(model), [corpus], "valid", None, 1)
    assert report["corpora"]["tiny"]["songs"] == 1  # type: ignore[index]
    assert report["corpora"]["tiny"]["model"]["notes"] == 200  # type: ignore[index]


def test_a_limit_takes_so_many_sequences_and_the_same_ones_again(model: Path, corpus: Path) -> None:
    first, again = (evaluate(str(model), [corpus], "all", 2, 1) for _ in range(2))
    assert first == again
    assert 0 < first["corpora"]["tiny"]["model"]["notes"] < 256  # type: ignore[index]


def test_a_corpus_without_songs_is_left_out_and_none_at_all_is_an_error(
    model: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert list(evaluate(str(model), [tmp_path / "empty", corpus], "all", 2, 1)["corpora"]) == ["tiny"]  # type: ignore[call-overload]
    assert "empty: no song to measure on" in capsys.readouterr().out
    with pytest.raises(TrainingError, match="--split all measures on every song"):
        evaluate(str(model), [tmp_path / "empty"], "valid", None, 1)


def test_a_model_that_is_not_there_is_an_error(tmp_path: Path, corpus: Path) -> None:
    with pytest.raises(ModelError, match="no such model file"):
        evaluate(str(tmp_path / "none.onnx"), [corpus], "all", None, 1)
