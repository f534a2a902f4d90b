from __future__ import annotations

import pytest
import torch
from tiny import little_song

from training.errors import TrainingError
from training.network.layers import KINDS, make_layers
from training.network.model import BandModel
from training.recipe import ModelConfig
from training.sequences.dataset import collate
from training.sequences.sequence import Augment, make_sequence
from training.trainer.train import field_bits


@pytest.mark.parametrize("letter", KINDS)
def test_row_by_row_a_layer_says_the_same_as_all_at_once(letter: str) -> None:
    torch.manual_seed(0)
    layer = KINDS[letter](8)
    below = torch.randn(2, 20, 8)
    state = torch.zeros(2, layer.state_rows, 8)
    with torch.no_grad():
        whole = layer(below)
        for t in range(20):
            said, states = layer.go_on(below[:, t : t + 1], state)
            assert states.shape == (2, 1, layer.state_rows, 8)
            state = states[:, -1]
            assert torch.allclose(said[:, 0], whole[:, t], atol=1e-5)


@pytest.mark.parametrize("letter", KINDS)
def test_a_layer_hears_nothing_of_what_comes_later(letter: str) -> None:
    torch.manual_seed(0)
    layer = KINDS[letter](8)
    below = torch.randn(2, 10, 8)
    changed = below.clone()
    changed[:, 6:] += 1
    with torch.no_grad():
        before, after = layer(below), layer(changed)
    assert torch.allclose(before[:, :6], after[:, :6], atol=1e-6)
    assert not torch.allclose(before[:, 6:], after[:, 6:], atol=1e-2)


@pytest.mark.parametrize("letter", [letter for letter, kind in KINDS.items() if not kind.many_rows])
def test_a_rival_refuses_more_rows_than_it_can_hear_at_once(letter: str) -> None:
    layer = KINDS[letter](8)
    with pytest.raises(ValueError, match="one row at a time, not by 2"):
        layer.go_on(torch.zeros(1, 2, 8), torch.zeros(1, layer.state_rows, 8))


@pytest.mark.parametrize("letters", ["r", "g", "a", "ra"])
def test_a_network_of_any_layers_learns(tmp_path_factory: pytest.TempPathFactory, letters: str) -> None:
    song = little_song(tmp_path_factory.mktemp("song"), bars=2)
    batch = collate([make_sequence(song, voice, 0, 16, Augment()) for voice in range(4)], 16)
    torch.manual_seed(1)
    model = BandModel(ModelConfig(16, letters))
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(12):
        bits, notes = field_bits(model(batch.rows, batch.echoes, batch.context, batch.heard), batch.rows)
        losses.append(bits.sum() / notes)
        optimiser.zero_grad()
        losses[-1].backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert losses[-1] < 0.7 * losses[0]
    assert all(weight.grad is not None and weight.grad.any() for weight in model.layers.parameters())


@pytest.mark.parametrize("letters", ["", "x", "rR", "2"])
def test_a_letter_that_means_no_layer_is_refused(letters: str) -> None:
    with pytest.raises(TrainingError, match="use the letters r, g, a"):
        make_layers(letters, 8)


def test_a_width_that_the_heads_of_attention_cannot_share_is_refused() -> None:
    make_layers("rg", 30)
    make_layers("ra", 32)
    with pytest.raises(TrainingError, match="width 30: a layer of the kind a needs a multiple of 4, such as 32"):
        make_layers("ra", 30)
