from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from music import write_corpus
from tiny import little_song

from bollylive.model import codec
from bollylive.model.bar_echoes import ECHOES, NO_ECHO
from bollylive.model.context import CONTEXT_SIZE
from training.data.corpus import load_corpora
from training.data.prepare import prepare
from training.errors import TrainingError
from training.network.model import BandModel
from training.recipe import OTHER_WEIGHT, WEIGHTS, ModelConfig, TrainConfig, shares
from training.sequences.dataset import Batch, collate
from training.sequences.sequence import Augment, make_sequence
from training.trainer import train as train_room
from training.trainer.runfolder import (
    Best,
    append_metrics,
    hold_run,
    read_best,
    read_config,
    read_metrics,
    write_config,
)
from training.trainer.train import (
    check_resumable,
    field_bits,
    held_out_bits,
    load_music,
    rate_at,
    train,
)

SIZES = ModelConfig(width=16, layers="r")
# Four steps, with a validation after every other one.
CONFIG = TrainConfig(notes=4 * 4 * 16, batch=4, length=16, every=2, workers=0, threads=1, warmup=2, device="cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train")
    prepare([write_corpus(folder / "tiny")], folder / "prepared", 1)
    return folder / "prepared"


@pytest.mark.slow
def test_a_network_learns_one_batch_by_heart(tmp_path: Path) -> None:
    torch.manual_seed(1)
    song = little_song(tmp_path, bars=4)
    batch = collate([make_sequence(song, voice, 0, 24, Augment()) for voice in range(4)], 24)
    assert _losses(BandModel(ModelConfig(64, "r")), batch, 150)[-1] < 0.3


def _losses(model: BandModel, batch: Batch, steps: int) -> list[float]:
    """The bits per note at each step of a training on one batch."""
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(steps):
        bits, notes = field_bits(model(batch.rows, batch.echoes, batch.context, batch.heard), batch.rows)
        loss = bits.sum() / notes
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    return losses


def test_echoes_that_tell_the_truth_are_soon_believed() -> None:
    """Pitches by chance, so nothing but the echo can tell them."""
    torch.manual_seed(1)
    rows = torch.tensor([12, 60, 5, 8, 12, 0, 0, 96, 60]).repeat(8, 32, 1)
    rows[..., codec.PITCH] = torch.randint(48, 72, (8, 32))
    rows[..., codec.PREVIOUS] = torch.cat([rows[:, :1, codec.PREVIOUS], rows[:, :-1, codec.PITCH]], dim=1)
    echoes = torch.tensor(NO_ECHO).repeat(8, 32, ECHOES, 1)
    context = torch.zeros(8, 32, CONTEXT_SIZE)
    given = echoes.clone()
    given[..., 0, :] = torch.stack(
        [rows[..., codec.PITCH], torch.ones_like(rows[..., codec.PITCH]), *rows[..., 2:5].unbind(-1)], dim=-1
    )
    losses = []
    for known in (given, echoes):
        torch.manual_seed(1)
        losses.append(_losses(BandModel(ModelConfig(32, "r")), Batch(rows, rows, known, context), 25)[-1])
    assert losses[0] < losses[1] - 2


def test_bits_are_counted_for_what_was_asked_only(tmp_path: Path) -> None:
    """Scores that are all even cost the logarithm of the vocabulary for each word that counts."""
    sequence = make_sequence(little_song(tmp_path), 0, 0, 10, Augment())
    rows = collate([sequence], 16).rows
    rows[0, 3, codec.DURATION] = codec.HELD
    sizes = (codec.PITCHES, codec.DURATIONS, codec.VELOCITIES, codec.ONSETS)
    scores = [torch.zeros(1, 16, size) for size in sizes]
    bits, notes = field_bits(tuple(scores), rows)  # type: ignore[arg-type]
    assert int(notes) == 9
    counted = [value / math.log2(size) for value, size in zip(bits.tolist(), sizes, strict=True)]
    assert counted == pytest.approx([9, 8, 9, 9])  # neither the first row's nor the padding's `next`


def test_training_leaves_all_that_export_needs(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "run", SIZES, CONFIG)
    run = tmp_path / "run"
    assert {path.name for path in run.iterdir()} == {
        "config.json",
        "metrics.csv",
        "metrics.png",
        "checkpoint.pt",
        "best.pt",
    }
    assert read_config(run) == (SIZES, CONFIG)
    assert read_metrics(run)["step"] == [2, 4]
    assert read_best(run).step in (2, 4)
    assert torch.load(run / "best.pt", weights_only=True)["config"] == {"width": 16, "layers": "r"}
    assert read_metrics(run)["held_out"] == read_metrics(run)["tiny"]  # the only corpus


def test_a_stopped_run_goes_on_where_it_was(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(data, run, SIZES, CONFIG)
    before = torch.load(run / "checkpoint.pt", weights_only=True)
    train(data, run, SIZES, replace(CONFIG, notes=2 * CONFIG.notes))
    after = torch.load(run / "checkpoint.pt", weights_only=True)
    assert (before["step"], after["step"]) == (4, 8)
    assert after["seconds"] > before["seconds"]
    assert Best(*after["best"]).bits <= Best(*before["best"]).bits
    steps = [state["step"].item() for state in after["optimiser"]["state"].values()]
    assert set(steps) == {8}  # the optimiser's own count went on too
    assert read_metrics(run)["step"] == [2, 4, 6, 8]


def test_a_complete_run_is_left_as_it_is(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path, SIZES, CONFIG)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    train(data, tmp_path, SIZES, CONFIG)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_the_same_seed_trains_the_same_network(data: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        train(data, tmp_path / name, SIZES, CONFIG)
    a, b = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["model"] for name in ("a", "b"))
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_a_run_is_not_resumed_with_other_sizes(tmp_path: Path) -> None:
    write_config(tmp_path, SIZES, CONFIG)
    check_resumable(tmp_path, ModelConfig(width=32), CONFIG)  # nothing was trained yet
    (tmp_path / "checkpoint.pt").touch()
    check_resumable(tmp_path, SIZES, replace(CONFIG, notes=10**9, rate=0.1))
    with pytest.raises(TrainingError, match="began with width 16, layers r, batch 4, length 16"):
        check_resumable(tmp_path, ModelConfig(width=32), CONFIG)
    for sizes, config in (
        (ModelConfig(16, "rr"), CONFIG),
        (SIZES, replace(CONFIG, batch=8)),
        (SIZES, replace(CONFIG, length=32)),
    ):
        with pytest.raises(TrainingError, match="began with"):
            check_resumable(tmp_path, sizes, config)


def test_held_out_songs_are_never_trained_on(data: Path) -> None:
    kept, held = load_music(data, CONFIG)
    assert [song.name for song in kept["tiny"]] == ["song0.mid", "song1.mid", "song2.mid"]
    assert {song.name for song in load_corpora(data)["tiny"] if song.valid} == {"song3.mid"}
    assert held["tiny"]


def test_songs_that_are_all_held_out_cannot_be_trained_on(tmp_path: Path) -> None:
    prepare([write_corpus(tmp_path / "tiny", songs=1)], tmp_path / "prepared", 1)
    with pytest.raises(TrainingError, match="every song here is held out"):
        train(tmp_path / "prepared", tmp_path / "run", SIZES, CONFIG)
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_checkpoint(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="lower rate"):
        train(data, tmp_path, SIZES, replace(CONFIG, rate=1e30, clip=1e30, warmup=0))
    assert not (tmp_path / "best.pt").exists()


def test_the_rate_warms_up_stays_and_falls_to_nothing() -> None:
    config = TrainConfig(rate=1.0, warmup=10, cooldown=0.2)
    rates = [rate_at(step, 100, config) for step in range(101)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert set(rates[10:81]) == {1.0}
    assert rates[80:] == pytest.approx([i / 20 for i in range(20, -1, -1)])


def test_a_run_that_has_not_cooled_down_yet_can_be_lengthened_as_if_it_had_been_longer_from_the_start() -> None:
    config = TrainConfig(cooldown=0.5)
    assert [rate_at(step, 1000, config) for step in range(500)] == [rate_at(step, 9000, config) for step in range(500)]


def test_a_training_that_gets_no_better_stops(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three steps without a better result are too many; this is seen at the next validation, and then for good."""
    found = iter([5.0, 4.0, 4.5, 4.0, 4.2])
    monkeypatch.setattr(train_room, "held_out_bits", lambda *_: next(found))
    config = replace(CONFIG, notes=10 * CONFIG.notes, patience=3)
    train(data, tmp_path, SIZES, config)
    assert read_metrics(tmp_path)["step"] == [2, 4, 6, 8]
    assert "Stopped at step 8: nothing was better than at step 4." in capsys.readouterr().out
    assert read_best(tmp_path).step == 4
    train(data, tmp_path, SIZES, config)
    assert read_metrics(tmp_path)["step"] == [2, 4, 6, 8]
    train(data, tmp_path, SIZES, replace(config, patience=5))
    assert read_metrics(tmp_path)["step"] == [2, 4, 6, 8, 10]


def test_the_best_checkpoint_is_that_of_the_best_step(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weights(run: Path, name: str) -> dict[str, torch.Tensor]:
        model: dict[str, torch.Tensor] = torch.load(run / f"{name}.pt", weights_only=True)["model"]
        return model

    def train_with(run: Path, bits: tuple[float, ...], patience: int) -> None:
        found = iter(bits)
        monkeypatch.setattr(train_room, "held_out_bits", lambda *_: next(found))
        train(data, run, SIZES, replace(CONFIG, notes=2 * CONFIG.notes, patience=patience))

    train_with(tmp_path / "whole", (4.0, 3.0, 5.0, math.nan), 1000)
    train_with(tmp_path / "stopped", (1.0, 3.0), 1)
    assert read_best(tmp_path / "whole").step == 4
    best, at_4 = weights(tmp_path / "whole", "best"), weights(tmp_path / "stopped", "checkpoint")
    newest = weights(tmp_path / "whole", "checkpoint")
    assert all(torch.equal(best[key], at_4[key]) for key in best)
    assert not all(torch.equal(best[key], newest[key]) for key in best)


def test_what_is_held_out_counts_by_its_share_of_what_is_heard() -> None:
    figures = {"one": [1.0, 0.0, 0.0, 1.0], "two": [4.0, 1.0, 1.0, 0.0]}
    assert held_out_bits(figures, {"one": 0.75, "two": 0.25}) == pytest.approx(3.0)
    assert held_out_bits(figures, {"one": 0.75}) == pytest.approx(2.0)  # of `two` nothing was trained on
    assert held_out_bits(figures, {}) == pytest.approx(4.0)


def test_shares_add_up_and_an_unknown_corpus_has_one_too() -> None:
    found = shares(["gm-ensembles", "my-songs"])
    assert sum(found.values()) == pytest.approx(1)
    assert found["gm-ensembles"] / found["my-songs"] == pytest.approx(WEIGHTS["gm-ensembles"] / OTHER_WEIGHT)


def test_an_older_configuration_is_read_with_defaults_for_what_is_new(tmp_path: Path) -> None:
    old = {"model": {"width": 32, "gone": 2}, "train": {"notes": 7, "gone": True}}
    (tmp_path / "config.json").write_text(json.dumps(old), encoding="utf-8")
    assert read_config(tmp_path) == (ModelConfig(32), TrainConfig(notes=7))
    for without_context in (False, True):  # earlier versions had this name for the opposite of `context`
        old = {"model": {}, "train": {"deaf": without_context}}
        (tmp_path / "config.json").write_text(json.dumps(old), encoding="utf-8")
        assert read_config(tmp_path)[1].context is not without_context
    for text in ("[]", '{"model": {"layers": 2}, "train": {}}'):
        (tmp_path / "config.json").write_text(text, encoding="utf-8")
        with pytest.raises(TrainingError, match="no configuration of a run"):
            read_config(tmp_path)


def test_the_best_step_is_known_where_rounded_figures_are_alike(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([3.00002, 3.00001])
    monkeypatch.setattr(train_room, "held_out_bits", lambda *_: next(found))
    train(data, tmp_path, SIZES, CONFIG)
    assert read_metrics(tmp_path)["held_out"] == [3.0, 3.0]
    assert read_best(tmp_path) == (3.00001, 4)


def test_nothing_is_best_where_nothing_was_trained(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there is no checkpoint here yet; train first"):
        read_best(tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="this is no checkpoint"):
        read_best(tmp_path)


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04", b"\x80\x02cos\nsystem\n."])
def test_a_damaged_checkpoint_is_told_and_left_as_it_is(data: Path, tmp_path: Path, content: bytes) -> None:
    write_config(tmp_path, SIZES, CONFIG)
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(TrainingError, match=r"checkpoint\.pt: this checkpoint is damaged .*remove it"):
        train(data, tmp_path, SIZES, CONFIG)
    assert (tmp_path / "checkpoint.pt").read_bytes() == content
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "checkpoint.pt"}


def test_a_checkpoint_of_something_else_is_told(data: Path, tmp_path: Path) -> None:
    write_config(tmp_path, SIZES, CONFIG)
    torch.save({"model": [1, 2], "step": "three"}, tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match="this checkpoint is damaged"):
        train(data, tmp_path, SIZES, CONFIG)


@pytest.mark.parametrize("text", ["step,train\n1,many\n", "step\n1,2,3\n", "no numbers\n1\n", 'step\n"1\n', "\0\n1\n"])
def test_damaged_metrics_stop_a_training_before_it_begins(data: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "metrics.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"metrics\.csv: these are no metrics of a run"):
        train(data, tmp_path, SIZES, CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]


def test_what_was_measured_after_the_newest_checkpoint_is_measured_once(data: Path, tmp_path: Path) -> None:
    """A training that is killed between its metrics and its checkpoint measures the same step again."""
    train(data, tmp_path, SIZES, CONFIG)
    append_metrics(tmp_path, 6, 1.0, 1, 9.0, 9.0, {"tiny": [9.0, 0.0, 0.0, 0.0]})
    train(data, tmp_path, SIZES, replace(CONFIG, notes=2 * CONFIG.notes))
    assert read_metrics(tmp_path)["step"] == [2, 4, 6, 8]
    assert 9.0 not in read_metrics(tmp_path)["held_out"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot lock a folder")
def test_a_folder_belongs_to_one_training(data: Path, tmp_path: Path) -> None:
    with hold_run(tmp_path), pytest.raises(TrainingError, match="another training writes into this folder"):
        train(data, tmp_path, SIZES, CONFIG)
    assert not any(tmp_path.iterdir())
    train(data, tmp_path, SIZES, CONFIG)


@pytest.mark.slow
def test_batches_are_the_same_whoever_makes_them(data: Path, tmp_path: Path) -> None:
    """One worker, in a process that is spawned, draws what the training itself would draw."""
    for name, workers in (("none", 0), ("one", 1)):
        train(data, tmp_path / name, SIZES, replace(CONFIG, workers=workers))
    assert read_metrics(tmp_path / "none")["held_out"] == read_metrics(tmp_path / "one")["held_out"]


def test_metrics_are_read_as_they_were_written(tmp_path: Path) -> None:
    assert read_metrics(tmp_path) == {}
    for step, bits in ((10, 3.0), (20, 1.0), (30, 2.0)):
        append_metrics(tmp_path, step, 2.0, 1000, 0.5, bits, {"one": [9 - bits, 0, 0, 0], "two": [bits, 1, 0, 0]})
    metrics = read_metrics(tmp_path)
    assert metrics["held_out"] == [3.0, 1.0, 2.0]
    assert metrics["two"] == [4.0, 2.0, 3.0]
    assert metrics["rows_per_second"] == [500.0] * 3
