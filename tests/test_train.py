from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from music import write_corpus
from tiny import little_song

from bollylive import codec
from training.corpus import load_corpora
from training.dataset import collate
from training.errors import TrainingError
from training.model import BandModel
from training.prepare import prepare
from training.recipe import ModelConfig, TrainConfig, shares
from training.runfolder import append_metrics, best_step, read_config, read_metrics, write_config
from training.sequence import Augment, make_sequence
from training.train import check_resumable, device_of, field_bits, load_music, rate_at, train

SIZES = ModelConfig(width=16, layers=1)
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
    rows, heard, context = collate([make_sequence(song, voice, 0, 24, Augment()) for voice in range(4)], 24)
    model = BandModel(ModelConfig(width=64, layers=1))
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    loss = torch.tensor(math.inf)
    for _ in range(150):
        bits, notes = field_bits(model(rows, context, heard), rows)
        loss = bits.sum() / notes
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert loss.item() < 0.3


def test_bits_are_counted_for_what_was_asked_only(tmp_path: Path) -> None:
    """Scores that are all even cost the logarithm of the vocabulary for each word that counts."""
    sequence = make_sequence(little_song(tmp_path), 0, 0, 10, Augment())
    rows, _, _ = collate([sequence], 16)
    rows[0, 3, 2] = codec.HELD
    sizes = (codec.PITCHES, codec.DURATIONS, codec.VELOCITIES, codec.ONSETS)
    scores = [torch.zeros(1, 16, size) for size in sizes]
    bits, notes = field_bits(tuple(scores), rows)  # type: ignore[arg-type]
    assert int(notes) == 9
    counted = [value / math.log2(size) for value, size in zip(bits.tolist(), sizes, strict=True)]
    assert counted == pytest.approx([9, 8, 9, 10])


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
    assert best_step(run) in (2, 4)
    assert torch.load(run / "best.pt", weights_only=True)["config"] == {"width": 16, "layers": 1}


def test_a_stopped_run_goes_on_where_it_was(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(data, run, SIZES, CONFIG)
    before = torch.load(run / "checkpoint.pt", weights_only=True)
    train(data, run, SIZES, replace(CONFIG, notes=2 * CONFIG.notes))
    after = torch.load(run / "checkpoint.pt", weights_only=True)
    assert (before["step"], after["step"]) == (4, 8)
    assert after["seconds"] > before["seconds"]
    assert after["best"] <= before["best"]
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
    with pytest.raises(TrainingError, match="began with width 16, layers 1, batch 4 and length 16"):
        check_resumable(tmp_path, ModelConfig(width=32), CONFIG)
    with pytest.raises(TrainingError, match="began with"):
        check_resumable(tmp_path, SIZES, replace(CONFIG, batch=8))


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


def test_the_rate_warms_up_and_falls() -> None:
    config = TrainConfig(rate=1.0, warmup=10)
    rates = [rate_at(step, 110, config) for step in range(111)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[110] == pytest.approx(0.01)


def test_a_device_that_is_not_there_is_refused_in_a_sentence() -> None:
    assert device_of("cpu") == torch.device("cpu")
    assert device_of("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(TrainingError, match="the device 'abacus' cannot be used here"):
        device_of("abacus")


def test_shares_add_up_and_an_unknown_corpus_has_one_too() -> None:
    found = shares(["gm-ensembles", "my-songs"])
    assert sum(found.values()) == pytest.approx(1)
    assert found["gm-ensembles"] == pytest.approx(12 * found["my-songs"])


def test_an_older_configuration_is_read_with_defaults_for_what_is_new(tmp_path: Path) -> None:
    old = {"model": {"width": 32, "layers": 2}, "train": {"notes": 7, "gone": True}}
    (tmp_path / "config.json").write_text(json.dumps(old), encoding="utf-8")
    assert read_config(tmp_path) == (ModelConfig(32, 2), TrainConfig(notes=7))
    (tmp_path / "config.json").write_text("[]", encoding="utf-8")
    with pytest.raises(TrainingError, match="no configuration of a run"):
        read_config(tmp_path)


def test_the_best_step_is_that_of_the_lowest_mean(tmp_path: Path) -> None:
    assert best_step(tmp_path) == 0
    for step, bits in ((10, 3.0), (20, 1.0), (30, 2.0)):
        append_metrics(tmp_path, step, 1.0, bits, {"one": [bits, 0, 0, 0], "two": [bits, 1, 0, 0]})
    assert best_step(tmp_path) == 20
    assert read_metrics(tmp_path)["two"] == [4.0, 2.0, 3.0]
