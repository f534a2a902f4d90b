from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tiny import checkpoint, float_graph, little_song, tiny_network
from write_tiny import STATE_SHAPE, TINY, write

from bollylive.errors import FileError
from bollylive.model.onnx_model import Model
from training.errors import ExportError, TrainingError
from training.exporting import export as export_room
from training.exporting.card import Card, Figures
from training.exporting.export import BUFFER_NOTES, load_checkpoint, publish, write_files
from training.exporting.gates import check_chain, check_float, check_int8, check_latency
from training.exporting.graph import random_question, strip_origin
from training.measuring.evaluate import Bits
from training.network.step import Step
from training.recipe import ModelConfig, TrainConfig
from training.sequences.sequence import Sequence, some_sequences

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Sequence]]:
    return {"tiny": some_sequences([little_song(tmp_path_factory.mktemp("held"))], 32, 6, 1)}


@pytest.fixture
def graph(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The float graph of the tiny network; `write_files` takes it as it is instead of exporting for seconds."""
    path = float_graph(tmp_path_factory)

    def use(step: Step, target: Path) -> None:
        shutil.copyfile(path, target)

    monkeypatch.setattr(export_room, "export_float", use)
    return path


def _change(source: Path, target: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Copy a graph with one of its weights changed."""
    model = onnx.load(source)
    for weight in model.graph.initializer:
        if weight.name == name:
            weight.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(weight)), name))
            break
    else:
        raise AssertionError(f"no weight {name}")
    onnx.save(model, target)


def _card(figures: Figures) -> str:
    return f"{figures.int8_bits:.3f} bits"


def test_three_files_are_written_that_the_stage_can_play(
    tmp_path: Path, graph: Path, held: dict[str, list[Sequence]]
) -> None:
    made = write_files(checkpoint(tmp_path, tiny_network()), "tiny-v1", held, _card, tmp_path / "models")
    files = sorted(path.name for path in (tmp_path / "models").iterdir())
    assert files == ["tiny-v1.json", "tiny-v1.md", "tiny-v1.onnx"]
    assert (tmp_path / "models" / "tiny-v1.md").read_text(encoding="utf-8") == f"{made.figures.int8_bits:.3f} bits"
    model = Model(made.onnx)
    assert (model.name, model.state_shape, model.buffer_notes) == ("tiny-v1", STATE_SHAPE, BUFFER_NOTES)
    assert made.figures.size_bytes == made.onnx.stat().st_size
    assert made.figures.int8_bits == pytest.approx(made.figures.float_bits, rel=0.02)
    assert set(made.figures.latency_ms) == {1, 16}


def test_the_shipped_graph_names_no_path_of_the_machine(
    tmp_path: Path, graph: Path, held: dict[str, list[Sequence]]
) -> None:
    made = write_files(checkpoint(tmp_path, tiny_network()), "tiny-v1", held, _card, tmp_path)
    project = str(Path(__file__).parents[2]).encode()
    assert project in graph.read_bytes()
    for ending in (".onnx", ".json"):
        data = made.onnx.with_suffix(ending).read_bytes()
        assert b"step.py" not in data
        assert project not in data


def test_stripping_changes_no_answer(tmp_path: Path, graph: Path) -> None:
    stripped = tmp_path / "stripped.onnx"
    shutil.copyfile(graph, stripped)
    strip_origin(stripped)
    check_float(Step(tiny_network()).eval(), stripped)
    assert stripped.stat().st_size < graph.stat().st_size


def test_a_graph_that_does_what_the_network_does_passes(graph: Path) -> None:
    check_float(Step(tiny_network()).eval(), graph)


def test_the_model_of_the_tests_is_written_again_with_the_same_answers(tmp_path: Path) -> None:
    write(tmp_path / "tiny-v1.onnx")
    anew, committed = Model(tmp_path / "tiny-v1.onnx"), Model(TINY)
    question = random_question(4, 3, STATE_SHAPE, 1)
    answers = anew.predict(question), committed.predict(question)
    assert np.array_equal(answers[0].chosen, answers[1].chosen)
    assert np.allclose(answers[0].logp, answers[1].logp, atol=1e-4)


@pytest.mark.parametrize("name", ["model.heads.bias", "model.next_out.bias", "model.layers.1.gates.bias"])
def test_a_graph_with_a_wrong_weight_is_refused(tmp_path: Path, graph: Path, name: str) -> None:
    wrong = tmp_path / "wrong.onnx"
    _change(graph, wrong, name, lambda weight: weight + np.linspace(0, 0.5, weight.size, dtype=np.float32))
    with pytest.raises(ExportError, match="voices"):
        check_float(Step(tiny_network()).eval(), wrong)


def test_a_graph_that_gives_no_numbers_is_refused(tmp_path: Path, graph: Path) -> None:
    wrong = tmp_path / "wrong.onnx"
    _change(graph, wrong, "model.layers.1.gates.bias", lambda weight: np.full_like(weight, np.nan))
    with pytest.raises(ExportError):
        check_float(Step(tiny_network()).eval(), wrong)


def test_a_refused_graph_leaves_nothing(
    tmp_path: Path, graph: Path, held: dict[str, list[Sequence]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def corrupt(step: Step, target: Path) -> None:
        _change(graph, target, "model.heads.bias", lambda weight: weight[::-1].copy())

    monkeypatch.setattr(export_room, "export_float", corrupt)
    with pytest.raises(ExportError):
        write_files(checkpoint(tmp_path, tiny_network()), "tiny-v1", held, _card, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_an_int8_graph_that_lost_too_much_is_refused(
    tmp_path: Path, graph: Path, held: dict[str, list[Sequence]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ruin(source: Path, target: Path) -> None:
        _change(source, target, "model.heads.bias", lambda weight: 9 * weight - 5 * weight[::-1])

    monkeypatch.setattr(export_room, "quantise", ruin)
    with pytest.raises(ExportError, match="int8 needs"):
        write_files(checkpoint(tmp_path, tiny_network()), "tiny-v1", held, _card, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_scores_row_by_row_must_be_those_all_at_once(held: dict[str, list[Sequence]]) -> None:
    with pytest.raises(ExportError, match="on tiny, pitch costs"):
        check_chain(tiny_network(), held, {"tiny": Bits(4, 1, 1, 1, 1, 10)})


def test_the_limits_of_int8_and_of_latency_are_kept() -> None:
    check_int8(10.0, 10.1)
    check_latency(9.0)
    for bits in (10.3, float("nan")):
        with pytest.raises(ExportError, match="too much is lost"):
            check_int8(10.0, bits)
    with pytest.raises(ExportError, match="train a smaller model"):
        check_latency(30.0)


@pytest.mark.parametrize("ending", [".onnx", ".json", ".md"])
def test_a_version_is_never_written_over(tmp_path: Path, held: dict[str, list[Sequence]], ending: str) -> None:
    there = tmp_path / f"tiny-v1{ending}"
    there.write_text("as it was", encoding="utf-8")
    with pytest.raises(FileExistsError, match="count it up"):
        write_files(tmp_path / "best.pt", "tiny-v1", held, _card, tmp_path)
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["as it was"]


@pytest.mark.parametrize("name", ["tiny", "tiny-v", "Tiny-v1", "../tiny-v1", "tiny-v1.onnx"])
def test_a_model_is_named_with_its_version(tmp_path: Path, held: dict[str, list[Sequence]], name: str) -> None:
    with pytest.raises(TrainingError, match="named like bollywood-v1"):
        write_files(tmp_path / "best.pt", name, held, _card, tmp_path)


def test_a_model_that_cannot_be_measured_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no song is held out"):
        write_files(tmp_path / "best.pt", "tiny-v1", {"tiny": []}, _card, tmp_path)


@pytest.mark.parametrize("layers", ["gg", "ra"])
def test_a_network_that_cannot_hear_many_rows_at_once_is_not_exported(
    tmp_path: Path, held: dict[str, list[Sequence]], layers: str
) -> None:
    rival = checkpoint(tmp_path, tiny_network(sizes=ModelConfig(16, layers)))
    with pytest.raises(TrainingError, match=f"layers '{layers}' cannot be played"):
        write_files(rival, "tiny-v1", held, _card, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_checkpoint_that_is_missing_or_none_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there is no checkpoint here yet"):
        load_checkpoint(tmp_path / "best.pt")
    (tmp_path / "best.pt").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="this is no checkpoint"):
        load_checkpoint(tmp_path / "best.pt")


@pytest.mark.parametrize("step", ["fsync", "link"])
@pytest.mark.parametrize("fails_at", [0, 1, 2])
def test_a_failure_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, fails_at: int
) -> None:
    made, models = tmp_path / "made", tmp_path / "models"
    made.mkdir()
    for ending in (".md", ".json", ".onnx"):
        (made / f"tiny-v1{ending}").write_text(ending, encoding="utf-8")
    calls = iter(range(3))
    original = getattr(os, step)

    def break_off(*args: Any, **options: Any) -> object:
        if next(calls) == fails_at:
            raise FileExistsError if step == "link" else OSError(errno.ENOSPC, "No space left on device")
        return original(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, step, break_off)
        with pytest.raises(FileError, match="is not replaced" if step == "link" else "No space left"):
            publish(made, models, "tiny-v1")
    assert list(models.iterdir()) == []
    publish(made, models, "tiny-v1")
    assert len(list(models.iterdir())) == 3


def test_a_model_never_takes_the_place_of_one_that_came_meanwhile(tmp_path: Path) -> None:
    made, models = tmp_path / "made", tmp_path / "models"
    for folder in (made, models):
        folder.mkdir()
    for ending in (".md", ".json", ".onnx"):
        (made / f"tiny-v1{ending}").write_text(ending, encoding="utf-8")
    (models / "tiny-v1.onnx").write_text("theirs", encoding="utf-8")
    with pytest.raises(FileError, match=r"tiny-v1\.onnx: this file exists already"):
        publish(made, models, "tiny-v1")
    assert [path.name for path in models.iterdir()] == ["tiny-v1.onnx"]
    assert (models / "tiny-v1.onnx").read_text(encoding="utf-8") == "theirs"


def test_the_card_tells_data_rights_recipe_figures_and_limits() -> None:
    manifest = {
        "carnatic": {"songs": 89, "valid_songs": 2, "notes": 38849},
        "mine": {"songs": 3, "valid_songs": 0, "notes": 100},
        "empty": {"songs": 0, "valid_songs": 0, "notes": 0},
    }
    figures = Figures({"carnatic": Bits(8.0, 1.5, 3.0, 2.5, 1.0, 500)}, 7.9, 8.0, 1_500_000, {1: 0.2, 16: 0.9})
    config = TrainConfig(batch=16, length=256, warmup=300, cooldown=0.2, patience=4000)
    text = Card("bollywood-v1", manifest, ModelConfig(192, "rrr"), config, 100)(figures)
    assert text.startswith("# bollywood-v1\n")
    for title in ("Purpose", "Data", "Recipe", "Figures", "Limits", "Rebuilding"):
        assert f"\n## {title}\n" in text
    said = " ".join(text.split())
    assert "layers of width 192 (rrr; r is a gated linear recurrence)" in said
    assert "echoes of the instrument's own past" in said
    assert "300 steps of warm-up, then constant, and over the last 20% of the plan down to nothing" in said
    assert "stopped early after 4,000 steps without a better result" in said
    for setting in ("--width 192", "--layers rrr", "--cooldown 0.2", "--patience 4000", "--length 256"):
        assert f" {setting} " in text
    assert "--no-context" not in text
    assert " --no-context\n" in Card("alone-v1", manifest, ModelConfig(), TrainConfig(context=False), 100)(figures)
    assert "| carnatic | 89 | 2 | 38,849 | 28.6% | gitam, varnam, kriti, one voice | MIT |" in text
    assert "| mine | 3 | 0 | 100 | 71.4% |  | see its source |" in text
    assert "| carnatic | 500 | 8.000 | 1.500 | 3.000 | 2.500 | 1.000 |" in text
    assert "Nothing was held out of: mine." in text
    assert "empty" not in text
    assert "409,600 rows" in text
    assert "1.50 MB" in text
    assert "0.20 ms for 1 voice, 0.90 ms for 16 voices" in text
    assert "python -m training prepare --data music/carnatic music/mine --out prepared" in text
    assert not re.search(r"(^|[\s(\"'`])/\w", text)  # no absolute path
