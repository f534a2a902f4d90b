from __future__ import annotations

import pytest
import torch

from training.network.words import WordSum

SIZES = (3, 1, 5)


def _draw(count: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(1)
    return torch.stack([torch.randint(size, (2, count), generator=random) for size in SIZES], dim=-1)


def test_a_sum_is_that_of_one_vector_for_each_word() -> None:
    summed = WordSum(SIZES, 4)
    tables = torch.split(summed.table.weight, list(SIZES))
    words = _draw(6)
    expected = sum(table[words[..., i]] for i, table in enumerate(tables))
    assert torch.allclose(summed(words), torch.as_tensor(expected), atol=1e-6)


def test_the_exported_way_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    summed, words = WordSum(SIZES, 4), _draw(6)
    several = (words, words[0], words[0, 0])
    trained = [summed(some) for some in several]
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    for some, expected in zip(several, trained, strict=True):
        assert expected.shape == (*some.shape[:-1], 4)
        assert torch.allclose(summed(some), expected, atol=1e-6)


def test_each_word_stays_within_its_own_table() -> None:
    """The last word of one kind and the first of the next are neighbours, and different vectors."""
    summed = WordSum(SIZES, 4)
    used = set()
    for kind, size in enumerate(SIZES):
        for word in range(size):
            words = torch.zeros(1, len(SIZES), dtype=torch.int64)
            words[0, kind] = word
            summed.zero_grad()
            summed(words).sum().backward()
            gradient = summed.table.weight.grad
            assert gradient is not None
            touched = set(gradient.abs().sum(dim=1).nonzero().flatten().tolist())
            assert sum(SIZES[:kind]) + word in touched
            used |= touched
    assert used == set(range(sum(SIZES)))
