from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from variants import Score, chances, sequence_of

from bollylive.model import codec
from training.baselines.flat import Flat, flatten
from training.baselines.lstm import LstmScorer, NoteLstm, load_lstm, lstm_loss, pad, save_lstm
from training.baselines.lstm_fit import draw, fit_lstm
from training.baselines.tokens import Vocabulary, commonest
from training.errors import TrainingError
from training.sequences.sequence import Sequence

torch.set_num_threads(1)


def _scale(seed: int, notes: int = 24, instrument: int = 73) -> Sequence:
    """Up a scale in quavers again and again, from any of its steps."""
    start = random.Random(seed).randrange(7)
    return sequence_of([(24 + 12 * i, 60 + 2 * ((start + i) % 7), 12, 80) for i in range(notes)], instrument)


def _chord() -> Sequence:
    return sequence_of([(24, 60, 12, 80), (24, 64, 30, 70), (36, 62, 12, 80), (200, 62, 12, 80)])


@pytest.fixture(scope="module")
def scorer() -> LstmScorer:
    torch.manual_seed(0)
    vocabulary = commonest([flatten([_scale(1), _chord()]).rows], [1.0], 9)
    return LstmScorer(NoteLstm(vocabulary, width=8, layers=2))


@pytest.fixture(scope="module")
def score(scorer: LstmScorer) -> Score:
    return lambda sequences: scorer.score(sequences)["lstm"]


def test_what_is_common_is_a_token_and_the_rest_escapes_by_its_onset() -> None:
    rows = _scale(1, notes=20).rows
    vocabulary = commonest([rows.astype(np.int16)], [1.0], 3)
    tokens = vocabulary.tokens(rows)
    assert vocabulary.size == 3 + codec.ONSETS
    assert tokens[0] == 3 + codec.WAIT  # the rest that begins each sequence
    assert {token for token in tokens if token < 3} == {0, 1, 2}
    assert set(tokens[2:].tolist()) - {0, 1, 2} == {3 + 12}
    for token in range(3):
        (words,) = {tuple(row) for row in rows[tokens == token][:, :4].tolist()}
        assert [*words[:3], words[3] // 4] == vocabulary.notes[token].tolist()


def test_a_corpus_counts_by_its_share_and_not_by_its_size() -> None:
    large, small = _scale(1, notes=40).rows.astype(np.int16), _chord().rows.astype(np.int16)
    tokens = commonest([large, small], [0.01, 0.99], 3).tokens(small)
    assert (tokens[small[:, codec.PITCH] != codec.REST] < 3).sum() >= 3


def test_an_empty_vocabulary_escapes_always() -> None:
    vocabulary = Vocabulary(np.zeros((0, 4), dtype=np.int64))
    rows = _chord().rows
    assert vocabulary.tokens(rows).tolist() == rows[:, codec.ONSET].tolist()


@pytest.mark.parametrize("field", ["pitch", "duration", "velocity", "onset"])
def test_the_chances_of_all_words_sum_to_one(score: Score, field: str) -> None:
    sequence = _chord()
    for row in (1, 2, 3):
        assert chances(score, sequence, row, field).sum() == pytest.approx(1, abs=1e-6)


def test_within_a_chord_only_what_lies_above_is_possible(score: Score) -> None:
    those = chances(score, _chord(), 2, "pitch")
    assert those[:61].max() < 1e-9
    assert those[61:].min() > 0


def test_rests_cost_onset_bits_only_and_an_unknown_end_nothing(scorer: LstmScorer) -> None:
    rows = _chord().rows
    bits = scorer.score([_chord()])["lstm"][0]
    assert (bits[rows[:, codec.PITCH] == codec.REST, :3] == 0).all()
    assert (bits[rows[:, codec.PITCH] != codec.REST, :3] > 0).all()
    assert (bits[:-1, 3] > 0).all()
    assert bits[-1, 3] == 0


def test_a_batch_scores_as_each_alone(scorer: LstmScorer) -> None:
    together = scorer.score([_scale(2), _chord()])["lstm"]
    assert np.allclose(together[1], scorer.score([_chord()])["lstm"][0])


def test_the_loss_is_never_less_than_the_bits(scorer: LstmScorer) -> None:
    """It follows one spelling of a note; what is scored sums over all, and knows what a chord excludes."""
    rows = pad([_chord().rows])
    nats, notes = lstm_loss(
        scorer.model, torch.from_numpy(rows), torch.from_numpy(scorer.model.vocabulary.tokens(rows))
    )
    bits = scorer.score([_chord()])["lstm"][0].sum()
    assert notes == 4
    assert bits <= nats.item() / np.log(2) + 1e-4 < 1.5 * bits


def test_what_is_drawn_is_transposed_and_stays_in_range() -> None:
    rng = np.random.default_rng(0)
    flat, drums = flatten([_scale(1)]), flatten([sequence_of([(24, 36, 12, 80)], instrument=codec.PERCUSSION)])
    drawn = [draw([flat], [1.0], rng) for _ in range(200)]
    shifts = {int(rows[1, codec.PITCH] - flat.rows[1, codec.PITCH]) for rows in drawn}
    assert shifts == set(range(-6, 6))
    for rows in drawn:
        assert (rows[2:, codec.PREVIOUS] == rows[1:-1, codec.PITCH]).all()
        assert rows[0, codec.PREVIOUS] == rows[0, codec.PITCH] == codec.REST
    assert {int(draw([drums], [1.0], rng)[1, 1]) for _ in range(10)} == {36}


@pytest.mark.slow
def test_it_learns_and_is_loaded_as_it_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.baselines.lstm_fit.EVERY", 8)
    drums = codec.PERCUSSION  # nobody transposes them
    corpora: dict[str, Flat] = {"scales": flatten([_scale(seed, instrument=drums) for seed in range(8)])}
    held = [_scale(9, instrument=drums)]
    path, step_rows = tmp_path / "lstm.pt", 32 * 25
    before = LstmScorer(fit_lstm(corpora, path, step_rows, 1, tokens=64, width=16)).score(held)["lstm"][0].sum()
    model = fit_lstm(corpora, path, 150 * step_rows, 1, tokens=64, width=16)
    assert LstmScorer(model).score(held)["lstm"][0].sum() < 0.6 * before
    assert not path.with_suffix(".checkpoint").exists()
    again = LstmScorer(load_lstm(path)).score(held)["lstm"][0]
    assert np.array_equal(again, LstmScorer(model).score(held)["lstm"][0])


@pytest.mark.slow
def test_a_stopped_training_goes_on_from_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.baselines.lstm_fit.EVERY", 2)
    corpora = {"scales": flatten([_scale(1)])}
    path = tmp_path / "lstm.pt"
    calls = []

    def save(model: NoteLstm, where: Path) -> None:
        save_lstm(model, where)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("training.baselines.lstm_fit.save_lstm", save)
    with pytest.raises(KeyboardInterrupt):
        fit_lstm(corpora, path, 32 * 25 * 8, 1, tokens=4, width=8)
    assert torch.load(path.with_suffix(".checkpoint"), weights_only=True)["step"] == 4
    fit_lstm(corpora, path, 32 * 25 * 8, 1, tokens=4, width=8)
    assert len(calls) == 3 + 3  # after steps 6 and 8, and at the end


def test_what_is_no_lstm_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lstm.pt").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="fit it again"):
        load_lstm(tmp_path / "lstm.pt")
