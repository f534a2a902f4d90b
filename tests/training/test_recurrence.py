from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import logsigmoid

from training.network.recurrence import Recurrence, recur_at_once, recur_row_by_row


def _loop(keep: Tensor, new: Tensor, state: Tensor) -> Tensor:
    states = []
    for t in range(new.shape[1]):
        state = keep[:, t] * state + new[:, t]
        states.append(state)
    return torch.stack(states, dim=1)


def _draw(rows: int, seed: int, spread: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """What goes into the keep gate's sigmoid [2, T, 3], what is new, and a state [2, 3]."""
    random = torch.Generator().manual_seed(seed)
    gate, new = (torch.randn(2, rows, 3, generator=random, dtype=torch.double) for _ in range(2))
    return spread * gate, new, torch.randn(2, 3, generator=random, dtype=torch.double)


@given(rows=st.integers(1, 20), seed=st.integers(0, 1000), spread=st.sampled_from([1.0, 10.0, 1000.0]))
def test_at_once_is_the_same_as_row_by_row(rows: int, seed: int, spread: float) -> None:
    """Also with gates that are all but shut or open."""
    gate, new, state = (value.float() for value in _draw(rows, seed, spread))
    by_row = recur_row_by_row(torch.sigmoid(gate), new, state)
    assert torch.allclose(by_row, _loop(torch.sigmoid(gate), new, state), atol=1e-6)
    assert torch.allclose(recur_at_once(logsigmoid(gate), new, state.unsqueeze(1)), by_row, atol=1e-4)


def test_what_is_long_gone_does_not_blur_what_is_kept_now() -> None:
    """A hundred rows that forget all leave large sums behind, from which the last rows must still be told apart."""
    gate = torch.cat([torch.full((1, 100, 1), -1e4), torch.full((1, 30, 1), 3.0)], dim=1)
    new, state = torch.full((1, 130, 1), 0.1), torch.zeros(1, 1)
    at_once = recur_at_once(logsigmoid(gate), new, state.unsqueeze(1))
    assert torch.allclose(at_once, _loop(torch.sigmoid(gate), new, state), atol=1e-3)


def test_an_open_gate_keeps_a_state_and_a_shut_one_nothing_of_it() -> None:
    state, new = torch.ones(1, 1, 1), torch.zeros(1, 50, 1)
    assert recur_at_once(logsigmoid(torch.full((1, 50, 1), 1e5)), new, state)[0, -1, 0] == 1
    assert recur_at_once(logsigmoid(torch.full((1, 50, 1), -1e5)), new, state)[0, 0, 0] < 1e-8


def test_the_gradient_written_out_is_that_of_a_plain_loop() -> None:
    gate, new, state = (value.requires_grad_() for value in _draw(6, 0))
    inputs = (torch.sigmoid(gate), new, state)
    assert torch.autograd.gradcheck(recur_row_by_row, inputs)
    weight = torch.randn(2, 6, 3, dtype=torch.double)
    by_hand, by_autograd = (
        torch.autograd.grad((weight * recur(torch.sigmoid(gate), new, state)).sum(), (gate, new, state))
        for recur in (recur_row_by_row, _loop)
    )
    assert all(torch.allclose(a, b) for a, b in zip(by_hand, by_autograd, strict=True))


@pytest.mark.parametrize("cut", [1, 7, 15])
def test_a_layer_goes_on_where_it_was(cut: int) -> None:
    torch.manual_seed(0)
    layer, below = Recurrence(8), torch.randn(3, 16, 8)
    with torch.no_grad():
        whole = layer(below)
        first, states = layer.go_on(below[:, :cut], torch.zeros(3, 1, 8))
        second, _ = layer.go_on(below[:, cut:], states[:, -1])
    assert torch.allclose(torch.cat([first, second], dim=1), whole, atol=1e-5)
