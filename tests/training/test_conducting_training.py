"""The conductor's network, its examples, its free runs and its training, on little pieces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from leads import FOUR, broken_chords
from write_tiny_conductor import TINY_CONDUCTOR, tiny_conductor

from bollylive.model.chord_predictor import SILENCE
from bollylive.model.chord_words import NO_CHORD, transpose
from bollylive.model.plan_rows import COLUMNS, REFERENCES, column_places
from training.conducting.examples import Batch, Examples, collate, example, frame_of
from training.conducting.fit import fit, losses, measure, some_of_each, train
from training.conducting.form import Form, form_of
from training.conducting.free_runs import judge, own_histories
from training.conducting.graph import check_graph
from training.conducting.network import ChordNetwork, Sizes
from training.conducting.pieces import silenced
from training.conducting.recipe import ConductConfig
from training.conducting.run import State, load_best, read_config, read_music
from training.errors import ExportError, TrainingError

SMALL = Sizes(entry=16, hidden=16)
PIECES = [broken_chords(f"p{i}", bars=16 + 2 * i, seed=i, semitones=i % 3) for i in range(4)]


def network(seed: int = 0) -> ChordNetwork:
    torch.manual_seed(seed)
    return ChordNetwork(SMALL).eval()


def drawn(piece_seed: int, seed: int, own: np.ndarray | None = None) -> Batch:
    return Examples(np.random.default_rng(seed), 24).draw(broken_chords(seed=piece_seed), own)


def test_an_example_foretells_the_next_chord_and_what_the_lead_plays_then() -> None:
    piece = PIECES[0]
    rows = example(piece, piece.chords, 0, 0, None)
    assert rows.lead.shape == (len(piece), COLUMNS)
    assert rows.words[5].tolist()[:2] == piece.chords[[5, 4]].tolist()
    assert rows.chord[:-1].tolist() == piece.chords[1:].tolist()
    assert rows.quarters[:-1].tolist() == piece.lead_words[1:].tolist()
    assert rows.weight.tolist() == [1.0] * (len(piece) - 1) + [0.0]


def test_an_example_in_a_frame_is_the_moved_music_in_another() -> None:
    here, there = (broken_chords(semitones=semitones) for semitones in (0, 5))
    one, other = example(here, here.chords, 0, 3, None), example(there, there.chords, 5, 3, None)
    for a, b in zip(one, other, strict=True):
        assert torch.allclose(a.float(), b.float(), atol=1e-5)


def test_the_frame_is_the_signature_of_the_lead() -> None:
    assert [frame_of(broken_chords(semitones=semitones), 31) for semitones in (0, 3, 7)] == [0, 3, 7]


def test_some_rows_of_some_examples_hear_a_part_of_the_step_that_they_foretell() -> None:
    places = column_places()
    heard = slice(places["known"], places["known"] + 12)
    batches = [drawn(0, seed) for seed in range(40)]
    hearing = [batch.lead[:, places["is_known"]] > 0 for batch in batches]
    assert 10 < sum(bool(some.any()) for some in hearing) < 30
    assert not any(bool(some[-1]) for some in hearing), "nothing comes after the last"
    for batch, some in zip(batches, hearing, strict=True):
        assert not batch.lead[~some, heard].any()
    parts = torch.cat([batch.lead[some, heard].sum(dim=1) for batch, some in zip(batches, hearing, strict=True)])
    assert {0.25, 0.5, 0.75, 1.0} <= set(parts.tolist())


def test_a_lead_that_falls_silent_is_silent_in_all_that_is_heard_of_it() -> None:
    piece = silenced(PIECES[0], 10)
    for array in (piece.lead.chroma, piece.lead.early, piece.lead.held, piece.lead.first, piece.so_far):
        assert array.dtype == np.float32
        assert array[:10].any()
        assert not array[10:].any()
    assert (piece.lead_words[10:] == SILENCE).all()
    assert (piece.lead_words[:10] == PIECES[0].lead_words[:10]).all()
    assert np.array_equal(piece.chords, PIECES[0].chords)


def test_half_of_the_histories_are_its_own() -> None:
    own = np.full(32, 2)  # a chord that the piece does not have
    shares = [float((drawn(0, seed, own).words[:, 0] % 5 == 2).float().mean()) for seed in range(200)]
    assert 70 < sum(share == 1 for share in shares) < 110, "but none of a lead that falls silent"
    assert all(share in (0, 1) for share in shares)


def test_a_true_history_is_wrong_in_places() -> None:
    piece = broken_chords(seed=0)
    wrong = []
    for seed in range(100):
        batch = Examples(np.random.default_rng(seed), 96).draw(piece, None)
        true = torch.roll(batch.chord, 1)
        wrong.append(float((batch.words[1:, 0] != true[1:]).float().mean()))
    silent = sum(share == 1 for share in wrong)
    assert 10 < silent < 35, "one in five has no history at all"
    assert 0.02 < np.mean([share for share in wrong if share < 1]) < 0.3


def test_a_batch_is_padded_with_rows_that_count_nothing() -> None:
    batch = collate([drawn(0, 1), example(PIECES[3], PIECES[3].chords, 0, 0, None)])
    assert batch.lead.shape[:2] == batch.words.shape[:2] == (2, len(PIECES[3]))
    assert batch.weight[0, 24:].sum() == 0
    assert (batch.words[0, 24:] == NO_CHORD).all()
    assert (batch.quarters[0, 24:] == SILENCE).all()


def test_padding_changes_no_loss() -> None:
    one = example(PIECES[0], PIECES[0].chords, 0, 0, None)
    long = example(PIECES[3], PIECES[3].chords, 0, 0, None)
    silent = long._replace(weight=torch.zeros_like(long.weight))
    for a, b in zip(losses(network(), collate([one])), losses(network(), collate([one, silent])), strict=True):
        assert float(a.detach()) == pytest.approx(float(b.detach()), abs=1e-5)


def test_steps_one_by_one_are_the_steps_at_once() -> None:
    batch = collate([example(PIECES[0], PIECES[0].chords, 0, 0, None)])
    net, state = network(), None
    chords, lead, _ = net(batch.lead, batch.words)
    for step in range(len(PIECES[0])):
        now = slice(step, step + 1)
        one, quarters, state = net(batch.lead[:, now], batch.words[:, now], state)
        assert torch.allclose(one, chords[:, now], atol=1e-5)
        assert torch.allclose(quarters, lead[:, now], atol=1e-5)


def test_a_graph_does_what_its_network_does_for_any_number_of_pieces_and_steps() -> None:
    check_graph(tiny_conductor(), TINY_CONDUCTOR)
    other = tiny_conductor()
    with torch.no_grad():
        other.chord.bias[0] += 0.01
    with pytest.raises(ExportError, match="with 1 pieces of 1 steps, log_p differs by"):
        check_graph(other, TINY_CONDUCTOR)


def test_a_copy_gate_raises_the_chord_that_its_reference_has() -> None:
    net = network()
    batch = collate([example(PIECES[0], PIECES[0].chords, 0, 0, None)])
    before = net(batch.lead, batch.words)[0]
    with torch.no_grad():
        net.copy.bias[REFERENCES.index("before")] += 3
    raised = net(batch.lead, batch.words)[0] - before
    place = batch.words[0, 9, REFERENCES.index("before")]
    assert raised[0, 9].argmax() == place
    assert float(raised[0, 9].sum().detach()) == pytest.approx(3, abs=1e-4)


def test_a_free_run_hears_itself_as_a_training_would() -> None:
    net = network()
    [own] = own_histories(net, PIECES[:1], np.random.default_rng(1))
    assert own[0] == NO_CHORD
    assert len(own) == len(PIECES[0])
    again = own_histories(net, PIECES, np.random.default_rng(1))
    assert [len(chords) for chords in again] == [len(piece) for piece in PIECES]
    same = own_histories(net, PIECES, np.random.default_rng(1))
    assert all(np.array_equal(a, b) for a, b in zip(again, same, strict=True))


def test_a_free_run_of_a_sure_network_is_what_it_would_choose() -> None:
    net, piece = network(3), PIECES[0]
    with torch.no_grad():
        for head in (net.chord, net.copy):
            for weight in head.parameters():
                weight.mul_(1000)
    [own] = own_histories(net, [piece], np.random.default_rng(0))
    rows = example(replace(piece, chords=own), own, frame_of(piece, len(piece) - 1), 0, None)
    with torch.no_grad():
        chosen = net(rows.lead[None], rows.words[None])[0].argmax(dim=-1)[0, :-1]
    assert chosen.tolist() == rows.chord[:-1].tolist()


def test_the_form_of_chords_is_what_a_listener_counts() -> None:
    chroma = np.zeros((32, 12), dtype=np.float32)
    chroma[:, 0] = 1
    held = form_of(np.zeros(32, dtype=np.int64), chroma, 2)
    assert held == Form(changes=0.0, again=1.0, rub=0.0, inside=1.0, longest=16.0)
    words = np.array(FOUR * 8)
    moving = form_of(words, chroma, 2)
    assert moving.changes == 2.0
    assert moving.again == 1.0
    assert moving.inside == 0.75
    assert moving.longest == 0.5
    assert moving.rub == pytest.approx(1 / 12)  # B in the chord of G
    assert form_of(np.full(32, NO_CHORD), chroma, 2).inside == 0
    assert held.badness > moving.badness
    assert form_of(transpose(words, 6), chroma, 2).badness > moving.badness


@pytest.mark.slow
def test_it_learns_which_chords_follow_and_plays_them(tmp_path: Path) -> None:
    config = ConductConfig(true_epochs=12, own_epochs=6, renew=3, batch=2, length=32, rate=0.02, label_share=1.0)
    before = measure(network(), PIECES)
    form = judge(network(), PIECES)
    train(PIECES * 2, PIECES, tmp_path, SMALL, config)
    net, epoch = load_best(tmp_path)
    assert 12 < epoch <= 18
    assert measure(net, PIECES) < before / 3
    assert judge(net, PIECES).inside > form.inside + 0.2
    rows = (tmp_path / "metrics.csv").read_text().splitlines()
    assert len(rows) == 19
    assert rows[0] == "epoch,seconds,train,apart,changes,again,rub,inside,longest,badness"


def test_a_training_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    config = ConductConfig(true_epochs=1, own_epochs=2, renew=1, batch=2, length=24)
    for run in ("whole", "parts"):
        (tmp_path / run).mkdir()
    train(PIECES, PIECES, tmp_path / "whole", SMALL, config)
    state = State(network(1), torch.optim.AdamW(network(1).parameters()))
    state.resume(tmp_path / "whole")
    assert state.epoch == 3

    class StopError(Exception):
        pass

    def stop(*_: object) -> None:
        raise StopError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.conducting.fit.own_histories", stop)
        with pytest.raises(StopError):
            train(PIECES, PIECES, tmp_path / "parts", SMALL, config)
    train(PIECES, PIECES, tmp_path / "parts", SMALL, config)
    assert load_best(tmp_path / "parts")[1] == load_best(tmp_path / "whole")[1]
    epochs = [line.split(",")[0] for line in (tmp_path / "parts" / "metrics.csv").read_text().splitlines()[1:]]
    assert epochs == ["1", "2", "3"]


def test_pieces_to_judge_by_are_some_of_each_corpus() -> None:
    pieces = [replace(PIECES[0], corpus=name) for name in ("a",) * 10 + ("b",) * 2]
    assert [piece.corpus for piece in some_of_each(pieces, 4)] == ["a"] * 4 + ["b"] * 2


def test_damaged_runs_are_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there is no checkpoint here yet"):
        load_best(tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes(b"no")
    with pytest.raises(TrainingError, match="this checkpoint is damaged"):
        State(network(), torch.optim.AdamW(network().parameters())).resume(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(TrainingError, match="this is no configuration of a conductor"):
        read_config(tmp_path)
    with pytest.raises(TrainingError, match="this does not say what a run learned from"):
        read_music(tmp_path)
    (tmp_path / "music.json").write_text('{"pop909": {"train": 1}}')
    with pytest.raises(TrainingError, match="each corpus must have train, choose, test"):
        read_music(tmp_path)
    with pytest.raises(TrainingError, match="there is no prepared corpus here"):
        fit(tmp_path, tmp_path / "run", SMALL, ConductConfig())
