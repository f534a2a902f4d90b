from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny import SIZES, little_song, tiny_network
from torch import Tensor

from bollylive import codec
from bollylive.predictor import Question
from bollylive.sidecar import INPUTS
from training.dataset import collate
from training.graph import random_question
from training.sequence import Augment, make_sequence
from training.step import Step, choose

STATE = (SIZES.layers, SIZES.width)


def _choose(scores: list[float], nucleus: float, noise: list[float], temperature: float = 1.0) -> list[int]:
    """One word for each noise from the same scores."""
    many = len(noise)
    words = choose(
        torch.tensor(scores).repeat(many, 1),
        torch.full((many,), temperature),
        torch.full((many,), nucleus),
        torch.tensor(noise),
    )
    return [int(word) for word in words]


def _even_noise(count: int = 1000) -> list[float]:
    return [(i + 0.5) / count for i in range(count)]


def test_words_are_drawn_as_often_as_they_are_probable() -> None:
    probable = torch.tensor([0.1, 0.6, 0.3])
    words = _choose(probable.log().tolist(), 1.0, _even_noise())
    assert [words.count(word) for word in range(3)] == [100, 600, 300]


def test_the_nucleus_keeps_the_fewest_words_that_reach_it() -> None:
    scores = torch.tensor([0.1, 0.6, 0.3]).log().tolist()
    assert set(_choose(scores, 0.5, _even_noise())) == {1}
    kept = _choose(scores, 0.8, _even_noise(900))
    assert [kept.count(word) for word in range(3)] == [0, 600, 300]


def test_no_nucleus_at_all_still_leaves_the_most_probable_word() -> None:
    assert set(_choose([0.0, 3.0, 1.0], 0.0, _even_noise(50))) == {1}


def test_cold_is_greedy_and_hot_is_even() -> None:
    scores = [0.0, 1.0, 0.5]
    assert set(_choose(scores, 1.0, _even_noise(50), temperature=0.01)) == {1}
    hot = _choose(scores, 1.0, _even_noise(), temperature=1000.0)
    assert all(abs(hot.count(word) - 333) < 5 for word in range(3))


@given(
    scores=st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=20),
    nucleus=st.floats(0, 1, width=32),
    noise=st.floats(0, 1, width=32),
    masked=st.integers(1, 19),
)
def test_a_masked_word_is_never_chosen_whatever_the_noise(
    scores: list[float], nucleus: float, noise: float, masked: int
) -> None:
    masked = min(masked, len(scores) - 1)
    biased = [score if word < masked else -1e9 for word, score in enumerate(scores)]
    word = _choose(biased, nucleus, [noise])[0]
    assert 0 <= word < masked
    assert _choose(biased, nucleus, [noise])[0] == word


def _ask(step: Step, question: Question) -> tuple[Tensor, Tensor, Tensor]:
    with torch.no_grad():
        chosen, logp, state = step(*(torch.from_numpy(getattr(question, name)) for name in INPUTS))
    return chosen, logp, state


def test_what_is_given_is_kept_and_what_is_open_is_chosen() -> None:
    question = random_question(8, STATE, 1)
    chosen, logp, _ = _ask(Step(tiny_network()), question)
    given_rows = question.row[1::2, 1:5]
    assert np.array_equal(chosen[1::2].numpy(), given_rows)
    sizes = torch.tensor([codec.PITCHES, codec.DURATIONS, codec.VELOCITIES, codec.ONSETS])
    assert ((chosen[::2] >= 0) & (chosen[::2] < sizes)).all()
    assert (logp <= 0).all()


def test_the_same_noise_gives_the_same_words() -> None:
    step, question = Step(tiny_network()), random_question(8, STATE, 2)
    assert torch.equal(_ask(step, question)[0], _ask(step, question)[0])


def test_voices_of_a_batch_do_not_touch_each_other() -> None:
    step, question = Step(tiny_network()), random_question(6, STATE, 3)
    together = _ask(step, question)
    for i in range(6):
        one = Question(**{name: getattr(question, name)[i : i + 1] for name in INPUTS})
        for whole, alone in zip(together, _ask(step, one), strict=True):
            assert torch.allclose(whole[i : i + 1].double(), alone.double(), atol=1e-5)


@pytest.mark.parametrize("voice", range(4))
def test_row_by_row_scores_the_same_as_all_at_once(tmp_path: Path, voice: int) -> None:
    """Also where notes are still held when the state hears them."""
    model = tiny_network()
    step = Step(model)
    sequence = make_sequence(little_song(tmp_path), voice, 0, 24, Augment())
    rows, heard, context = collate([sequence], len(sequence.rows))
    heard[0, 5::3, 2] = torch.where(heard[0, 5::3, 1] == codec.REST, heard[0, 5::3, 2], codec.HELD)
    with torch.no_grad():
        scores = model(rows, context, heard)
    state = torch.zeros(1, *STATE)
    blank = random_question(1, STATE, 0)
    for t in range(rows.shape[1]):
        row = heard[:, t].numpy().copy()
        question = Question(
            row=row,
            context=context[:, t].numpy(),
            state=state.numpy(),
            knobs=blank.knobs,
            pitch_bias=np.zeros_like(blank.pitch_bias),
            onset_bias=np.zeros_like(blank.onset_bias),
            noise=blank.noise,
        )
        _, logp, state = _ask(step, question)
        word = rows[0, t]
        if word[4] != codec.CHOOSE:
            expected = torch.log_softmax(scores.next[0, t], -1)[word[4]]
            assert torch.isclose(logp[0, 3], expected, atol=1e-5)
        if word[1] == codec.REST:
            assert not logp[0, :3].any()
            continue
        assert torch.isclose(logp[0, 0], torch.log_softmax(scores.pitch[0, t], -1)[word[1]], atol=1e-5)
        if row[0, 2] == codec.HELD:
            assert logp[0, 1] == 0
            continue
        assert torch.isclose(logp[0, 1], torch.log_softmax(scores.duration[0, t], -1)[word[2]], atol=1e-5)
        assert torch.isclose(logp[0, 2], torch.log_softmax(scores.velocity[0, t], -1)[word[3]], atol=1e-5)


def test_within_a_chord_only_higher_notes_are_possible() -> None:
    question = random_question(64, STATE, 4)
    question.row[:, 0], question.row[:, 8], question.row[:, 1] = 0, 70, codec.CHOOSE
    question.knobs[:, 4] = 1
    chosen, _, _ = _ask(Step(tiny_network()), question)
    assert (chosen[:, 0] > 70).all()


def test_a_pitch_with_a_large_negative_bias_is_not_chosen() -> None:
    question = random_question(64, STATE, 5)
    question.row[:, 1], question.row[:, 0] = codec.CHOOSE, 6
    question.pitch_bias[:] = -1e9
    question.pitch_bias[:, [60, 64, 67]] = 0
    chosen, _, _ = _ask(Step(tiny_network()), question)
    assert set(chosen[:, 0].tolist()) <= {60, 64, 67}
