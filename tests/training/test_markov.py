from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from variants import Score, chances, sequence_of

from bollylive.model import codec
from training.baselines.chains import CHAINS, mixed
from training.baselines.counts import Table, blend, count, count_so_far, smear
from training.baselines.flat import UNKNOWN, Hashes, flatten, pasts
from training.baselines.markov import _GRADES, _LEAST, COUNTED, LIVE, SCORERS, Markov, MarkovScorer, fit_markov
from training.baselines.markov_file import load_markov, save_markov
from training.baselines.mixing import Opinions, fit_weights, mix
from training.baselines.views import FIELDS
from training.errors import TrainingError
from training.sequences.sequence import Sequence

_SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def _melody(seed: int, notes: int = 40, shift: int = 0) -> Sequence:
    """Steps up and down a scale in quavers, a crotchet now and then."""
    rng = random.Random(seed)
    degree, tick, rows = 3, 24, []
    for _ in range(notes):
        duration = rng.choice((12, 12, 24))
        rows.append((tick, _SCALE[degree] + shift, duration, rng.choice((70, 90))))
        degree, tick = max(0, min(7, degree + rng.choice((-1, 1)))), tick + duration
    return sequence_of(rows)


def _chords(seed: int, roots: int = 10) -> Sequence:
    rng = random.Random(seed)
    chosen = [rng.choice(_SCALE) for _ in range(roots)]
    return sequence_of([(24 + 48 * i, root + third, 40, 64) for i, root in enumerate(chosen) for third in (0, 4, 7)])


def _riff(seed: int) -> Sequence:
    """Eight pitches by chance, five times."""
    rng = random.Random(seed)
    riff = [rng.randrange(40, 90) for _ in range(8)]
    return sequence_of([(24 + 12 * i, riff[i % 8], 12, 80) for i in range(40)])


_TUNED = [*(_melody(seed, shift=seed % 12 - 6) for seed in range(30, 36)), _chords(30), _riff(1), _riff(2), _riff(3)]


@pytest.fixture(scope="module")
def markov() -> Markov:
    counted = [_melody(seed, shift=seed % 12 - 6) for seed in range(24)] + [_chords(seed) for seed in range(4)]
    return fit_markov(flatten(counted), _TUNED, [1.0] * len(_TUNED))


@pytest.fixture(params=SCORERS)
def score(markov: Markov, request: pytest.FixtureRequest) -> Score:
    return lambda sequences: MarkovScorer(markov).score(sequences)[request.param]


def test_columns_look_back_within_their_sequence() -> None:
    one = sequence_of([(24, 60, 12, 64), (36, 64, 12, 72), (36, 67, 12, 80), (200, 62, 24, 64)])
    notes, rows = pasts(flatten([one, one]))
    assert notes.column("p").tolist() == [60, 64, 67, 62] * 2
    assert notes.column("p1").tolist() == [UNKNOWN, 60, 64, 67] * 2
    assert notes.column("i").tolist() == [0, 4, 3, -5] * 2
    assert notes.column("g").tolist() == [24, 12, 0, codec.WAIT + 3] * 2
    assert notes.column("x").tolist() == [0, 0, 1, 0] * 2
    assert rows.column("k").tolist()[:4] == [0, 0, 0, 1]
    assert rows.columns["e"][1:4].tolist() == [12, 12, 12]


def test_rests_know_how_long_the_note_before_still_sounds() -> None:
    _, rows = pasts(flatten([sequence_of([(24, 60, 96, 64), (130, 62, 12, 64)])]))
    assert rows.column("e").tolist() == [0, codec.WAIT, 48, 0, 12]
    assert rows.column("r").tolist() == [0, 0, 1, 2, 0]


def test_contexts_are_the_same_where_their_columns_are() -> None:
    notes, _ = pasts(
        flatten([sequence_of([(24 * i, pitch, 12, 64) for i, pitch in enumerate((60, 62, 60, 62, 64), 1)])])
    )
    contexts = notes.contexts("p1 p2")
    assert notes.contexts("p1")[1] == notes.contexts("p1")[3]
    assert len(set(contexts.tolist())) == 4
    assert contexts[4] == contexts[2] != notes.contexts("p2 p1")[2]


def test_a_table_gives_back_what_was_counted() -> None:
    contexts = np.array([7, 7, 7, 9, 8, 8], dtype=np.uint32)
    words = np.array([1, 1, 4, 0, 2, 3], dtype=np.uint8)
    asked = np.array([8, 7, 9, 1000], dtype=np.uint32)
    assert count(contexts, words, 1).look_up(asked, 5).tolist() == [
        [0, 0, 1, 1, 0],
        [0, 2, 0, 0, 1],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    assert count(contexts, words, 2).look_up(asked, 5)[2].tolist() == [0] * 5
    assert not count(contexts[:0], words[:0], 1).look_up(asked, 5).any()


def test_counts_so_far_are_of_earlier_rows_alone() -> None:
    contexts = np.array([[5, 6, 5, 5], [5, 5, 6, 6]], dtype=np.uint32)
    onehot = np.eye(3, dtype=np.float32)[[[0, 1, 2, 0], [1, 1, 2, 0]]]
    counts = count_so_far(contexts, onehot)
    assert counts[0].tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 0, 1]]
    assert counts[1].tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]]


@given(arrays.arrays(np.int64, (3, 2, 6), elements=st.integers(0, 4)), st.floats(0.1, 0.9))
def test_a_blend_is_a_distribution_in_which_nothing_is_impossible(counts: NDArray[np.int64], discount: float) -> None:
    blended, met = blend([level.astype(np.float32) for level in counts], discount)
    assert blended.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (blended > 0).all()
    assert met.tolist() == (counts.sum(axis=2) > 0).sum(axis=0).tolist()


def test_a_blend_trusts_the_special_context_the_more_it_was_met() -> None:
    general = np.array([[8.0, 8.0]], dtype=np.float32)
    seldom, often = (blend([general, np.array([[n, 0.0]], dtype=np.float32)], 0.5)[0] for n in (1, 20))
    assert 0.5 < seldom[0, 0] < often[0, 0] < 1


def test_smearing_keeps_the_sum_and_favours_neighbours() -> None:
    smeared = smear(np.eye(16, dtype=np.float32), 1.0)
    assert smeared.sum(axis=1) == pytest.approx(1)
    assert smeared[8, 8] > smeared[8, 9] > smeared[8, 10] > smeared[8, 12] > 0


def test_the_expert_that_is_right_gets_the_weight() -> None:
    rng = np.random.default_rng(0)
    words = rng.integers(0, 4, 200)
    right = np.where(np.eye(4)[words] > 0, 0.7, 0.1)
    wrong = rng.dirichlet(np.ones(4), 200)
    opinions = Opinions(np.log([right, wrong]).astype(np.float32), np.zeros((2, 200), int), np.ones((200, 4), bool))
    weights = fit_weights(opinions, words, np.ones(200, dtype=np.float32), 1)
    assert weights[0, 0] > 1
    assert abs(weights[1, 0]) < 0.2


def test_a_mixture_gives_nothing_to_the_impossible() -> None:
    opinions = Opinions(
        np.log(np.full((2, 1, 4), 0.25, dtype=np.float32)),
        np.zeros((2, 1), int),
        np.array([[False, True, True, False]]),
    )
    assert np.exp(mix(opinions, np.ones((2, 1), dtype=np.float32)))[0].tolist() == pytest.approx([0, 0.5, 0.5, 0])


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("row", [1, 6])
def test_the_chances_of_all_words_sum_to_one(score: Score, field: str, row: int) -> None:
    for sequence in (_melody(40, notes=7), _chords(40, roots=3)):
        those = chances(score, sequence, row, field)
        assert those.sum() == pytest.approx(1, abs=1e-4)
        if not (field == "pitch" and sequence.rows[row, codec.ONSET] == 0):
            assert (those > 0).all()


def test_within_a_chord_only_what_lies_above_is_possible(score: Score) -> None:
    sequence = _chords(41, roots=2)
    those = chances(score, sequence, 3, "pitch")
    below = int(sequence.rows[3, codec.PREVIOUS])
    assert those[: below + 1].max() == 0
    assert those[below + 1 :].min() > 0
    assert those[below + 1 :].sum() == pytest.approx(1, abs=1e-4)


def test_music_like_what_was_counted_is_cheap_in_any_key(score: Score) -> None:
    here, there = (score([_melody(50, shift=shift)])[0][5:, 0].mean() for shift in (0, 3))
    rng = random.Random(0)
    chance = sequence_of([(24 + 12 * i, rng.randrange(40, 90), 12, 80) for i in range(40)])
    assert max(here, there) < 2
    assert score([chance])[0][5:, 0].mean() > 6


def test_what_is_repeated_becomes_cheap_to_the_live_one_alone(markov: Markov) -> None:
    scored = MarkovScorer(markov).score([_riff(4)])
    counted, live = (scored[name][0][:, 0] for name in (COUNTED, LIVE))
    assert live[33:].mean() < live[1:9].mean() / 3
    assert counted[33:] == pytest.approx(counted[25:33])


def test_the_counted_ones_weights_were_fitted_without_the_live_chains(markov: Markov) -> None:
    taken = {field: weights[mixed(field, live=False)] for field, weights in markov.weights[LIVE].items()}
    own, others = (
        np.concatenate(MarkovScorer(replace(markov, weights=weights)).score(_TUNED)[COUNTED]).sum(axis=0)
        for weights in (markov.weights, {**markov.weights, COUNTED: taken})
    )
    assert (own < others).all()


def test_rests_cost_onset_bits_only_and_an_unknown_end_nothing(score: Score) -> None:
    bits = score([sequence_of([(24, 60, 12, 64), (80, 62, 12, 64)])])[0]
    assert (bits[[0, 2], :3] == 0).all()
    assert (bits[:3, 3] > 0).all()
    assert bits[3, 3] == 0


def test_sequences_do_not_hear_each_other(score: Score) -> None:
    together, alone = score([_melody(50), _chords(50)]), score([_chords(50)])
    assert np.allclose(together[1], alone[0], atol=1e-5)


def test_what_both_scorers_mix_is_looked_up_once(markov: Markov, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[Table] = []
    look_up = Table.look_up

    def count_look_ups(table: Table, contexts: Hashes, vocabulary: int) -> NDArray[np.float32]:
        looked_up.append(table)
        return look_up(table, contexts, vocabulary)

    monkeypatch.setattr(Table, "look_up", count_look_ups)
    assert set(MarkovScorer(markov).score([_melody(60)])) == {COUNTED, LIVE}
    assert len(looked_up) == sum(len(tables) for chains in markov.tables.values() for tables in chains)


def test_a_saved_model_scores_the_same(markov: Markov, tmp_path: Path) -> None:
    save_markov(markov, tmp_path / "markov.npz")
    again, before = (MarkovScorer(some).score([_melody(60)]) for some in (load_markov(tmp_path / "markov.npz"), markov))
    for name in SCORERS:
        assert np.array_equal(again[name][0], before[name][0])


def test_what_is_no_markov_model_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "markov.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(TrainingError, match="fit it again"):
        load_markov(path)
    with path.open("wb") as file:
        np.savez(file, something=np.zeros(3))
    with pytest.raises(TrainingError, match="other contexts"):
        load_markov(path)


@pytest.mark.parametrize("name", SCORERS)
def test_a_model_of_other_chains_is_an_error(markov: Markov, name: str, tmp_path: Path) -> None:
    fewer = {field: weights[1:] for field, weights in markov.weights[name].items()}
    save_markov(Markov(markov.tables, {**markov.weights, name: fewer}), tmp_path / "markov.npz")
    with pytest.raises(TrainingError, match="other chains"):
        load_markov(tmp_path / "markov.npz")


def test_no_chain_is_longer_than_it_is_counted_and_graded() -> None:
    assert max(len(chain.contexts) for chains in CHAINS.values() for chain in chains) <= len(_LEAST) < _GRADES
