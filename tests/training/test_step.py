from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny import little_song, tiny_network
from torch import Tensor
from write_tiny import STATE_SHAPE

from bollylive.model import codec
from bollylive.model.bar_echoes import ECHOES, NO_ECHO
from bollylive.model.metadata import INPUTS
from bollylive.model.onnx_model import blank_question
from bollylive.model.predictor import Question
from training.exporting.graph import random_question
from training.network.step import Step, choose
from training.sequences.dataset import collate
from training.sequences.sequence import Augment, make_sequence


def _choose(scores: list[float], nucleus: float, noise: list[float], temperature: float = 1.0) -> list[int]:
    """One word for each noise from the same scores."""
    many = len(noise)
    words = choose(
        torch.tensor(scores).repeat(many, 1),
        torch.full((many, 1), temperature),
        torch.full((many, 1), nucleus),
        torch.tensor(noise).unsqueeze(1),
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


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("nucleus", [0.0, 0.5, 1.0])
def test_the_least_and_the_most_noise_choose_a_possible_word(noise: float, nucleus: float) -> None:
    scores = [-1e9, 1.0, 2.0, -1e9, 0.5, *[-1e9] * 30]
    word = _choose(scores, nucleus, [noise])[0]
    assert word == (4 if noise == nucleus == 1 else 2)


def test_only_the_most_probable_words_are_drawn_of_many() -> None:
    words = _choose([0.0] * 20 + [1.0] * 16, 1.0, _even_noise())
    assert set(words) == set(range(20, 36))


def _ask(step: Step, question: Question) -> tuple[Tensor, Tensor, Tensor]:
    with torch.no_grad():
        chosen, logp, state = step(*(torch.from_numpy(getattr(question, name)) for name in INPUTS))
    return chosen, logp, state


def test_what_is_given_is_kept_and_what_is_open_is_chosen() -> None:
    question = random_question(8, 3, STATE_SHAPE, 1)
    chosen, logp, states = _ask(Step(tiny_network()), question)
    given_rows = question.rows[1::2, -1, codec.CHOSEN]
    assert np.array_equal(chosen[1::2].numpy(), given_rows)
    sizes = torch.tensor([codec.PITCHES, codec.DURATIONS, codec.VELOCITIES, codec.ONSETS])
    assert ((chosen[::2] >= 0) & (chosen[::2] < sizes)).all()
    assert (logp <= 0).all()
    assert states.shape == (8, 2, *STATE_SHAPE)


def test_a_temperature_of_nothing_takes_the_most_probable_whatever_the_noise() -> None:
    step, question = Step(tiny_network()), random_question(8, 2, STATE_SHAPE, 2)
    question.knobs[:, :4] = 0
    found = []
    for noise in (0.0, 0.5, 1.0):
        question.noise[:] = noise
        found.append(_ask(step, question)[0])
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_the_same_noise_gives_the_same_words() -> None:
    step, question = Step(tiny_network()), random_question(8, 4, STATE_SHAPE, 2)
    assert torch.equal(_ask(step, question)[0], _ask(step, question)[0])


def test_voices_of_a_batch_do_not_touch_each_other() -> None:
    step, question = Step(tiny_network()), random_question(6, 4, STATE_SHAPE, 3)
    together = _ask(step, question)
    for i in range(6):
        one = Question(**{name: getattr(question, name)[i : i + 1] for name in INPUTS})
        for whole, alone in zip(together, _ask(step, one), strict=True):
            assert torch.allclose(whole[i : i + 1].double(), alone.double(), atol=1e-5)


@pytest.mark.parametrize("rows", [3, 4, 11, 20])
def test_many_rows_at_once_are_heard_like_one_after_another(rows: int) -> None:
    """T = n equals n times T = 1, from any state."""
    step, question = Step(tiny_network()), random_question(2, rows, STATE_SHAPE, rows)
    chosen, logp, states = _ask(step, question)
    state = torch.from_numpy(question.state)
    for t in range(1, rows):
        part = slice(t - 1, t + 1)
        one = replace(question, rows=question.rows[:, part], context=question.context[:, part], state=state.numpy())
        one_chosen, one_logp, one_states = _ask(step, one)
        state = one_states[:, -1]
        assert torch.allclose(states[:, t - 1], state, atol=1e-5)
    assert torch.equal(chosen, one_chosen)
    assert torch.allclose(logp, one_logp, atol=1e-4)


@pytest.mark.parametrize("voice", range(4))
def test_row_by_row_scores_the_same_as_all_at_once(tmp_path: Path, voice: int) -> None:
    """Also where notes are still held when the state hears them."""
    model = tiny_network()
    step = Step(model)
    sequence = make_sequence(little_song(tmp_path), voice, 0, 24, Augment())
    rows, heard, echoes, context = collate([sequence], len(sequence.rows))
    heard[0, 5::3, codec.DURATION] = torch.where(
        heard[0, 5::3, codec.PITCH] == codec.REST, heard[0, 5::3, codec.DURATION], codec.HELD
    )
    with torch.no_grad():
        scores = model(rows, echoes, context, heard)
    blank = blank_question(1, STATE_SHAPE)
    state = torch.from_numpy(blank.state)
    for t in range(1, rows.shape[1]):
        part = slice(t - 1, t + 1)
        question = replace(
            blank,
            rows=heard[:, part].numpy(),
            echoes=echoes[:, t].numpy(),
            context=context[:, part].numpy(),
            state=state.numpy(),
        )
        _, logp, states = _ask(step, question)
        state = states[:, -1]
        word = rows[0, t]
        if word[4] != codec.CHOOSE:
            expected = torch.log_softmax(scores.next[0, t], -1)[word[4]]
            assert torch.isclose(logp[0, 3], expected, atol=1e-5)
        if word[1] == codec.REST:
            assert not logp[0, :3].any()
            continue
        assert torch.isclose(logp[0, 0], torch.log_softmax(scores.pitch[0, t], -1)[word[1]], atol=1e-5)
        if heard[0, t, codec.DURATION] == codec.HELD:
            assert logp[0, 1] == 0
            continue
        assert torch.isclose(logp[0, 1], torch.log_softmax(scores.duration[0, t], -1)[word[2]], atol=1e-5)
        assert torch.isclose(logp[0, 2], torch.log_softmax(scores.velocity[0, t], -1)[word[3]], atol=1e-5)


@pytest.mark.parametrize(("field", "column", "word"), [(0, 0, 61), (1, 2, 7), (2, 4, 9)])
def test_an_echo_votes_for_its_own_word(field: int, column: int, word: int) -> None:
    """An echo that knows nothing votes for nothing, however much it counts."""
    model, question = tiny_network(), random_question(6, 2, STATE_SHAPE, 6)
    asked, nothing = question.rows[:, -1], question.echoes[:, :-1]
    asked[:, codec.ONSET], asked[:, codec.CHOSEN] = 6, codec.CHOOSE
    nothing[:] = NO_ECHO
    question.echoes[:, -1, column] = word
    with torch.no_grad():
        model.heads.bias[field * ECHOES : (field + 1) * ECHOES] = 1e4
    chosen, _, _ = _ask(Step(model), question)
    assert set(chosen[:, (0, 1, 3)[field]].tolist()) == {word}


def test_within_a_chord_only_higher_notes_are_possible() -> None:
    question = random_question(64, 2, STATE_SHAPE, 4)
    asked = question.rows[:, -1]
    asked[:, codec.ONSET], asked[:, codec.PREVIOUS], asked[:, codec.PITCH] = 0, 70, codec.CHOOSE
    question.knobs[:, 4] = 1
    chosen, _, _ = _ask(Step(tiny_network()), question)
    assert (chosen[:, 0] > 70).all()


def test_a_pitch_with_a_large_negative_bias_is_not_chosen() -> None:
    question = random_question(64, 2, STATE_SHAPE, 5)
    question.rows[:, -1, codec.PITCH], question.rows[:, -1, codec.ONSET] = codec.CHOOSE, 6
    question.pitch_bias[:] = -1e9
    question.pitch_bias[:, [60, 64, 67]] = 0
    chosen, _, _ = _ask(Step(tiny_network()), question)
    assert set(chosen[:, 0].tolist()) <= {60, 64, 67}
