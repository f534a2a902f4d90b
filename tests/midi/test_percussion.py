"""The keys of percussion."""

from __future__ import annotations

import pytest

from bollylive.midi.percussion import INSTRUMENTS, read_keys
from bollylive.sets.settings import ChannelSet
from training.arranging import bols


@pytest.mark.parametrize(("name", "strokes"), [("tabla", bols.TABLA), ("dholak", bols.DHOLAK)])
def test_a_named_instrument_has_the_keys_that_the_model_learned_it_on(name: str, strokes: dict[str, int]) -> None:
    assert read_keys(name) == tuple((key, key) for key in sorted(set(strokes.values())))


def test_a_list_of_names_has_the_keys_of_all() -> None:
    assert read_keys(["dholak", "tabla"]) == tuple((key, key) for key in (60, 61, 62, 63, 64))
    assert read_keys("kit") == tuple((key, key) for key in sorted(INSTRUMENTS["kit"].values()))


def test_a_table_keeps_its_order() -> None:
    assert read_keys({"64": 36, "60": 36}) == ((64, 36), (60, 36))


def test_a_channel_is_percussion_by_its_number_or_by_its_keys() -> None:
    assert ChannelSet(9).is_percussion
    assert not ChannelSet(8).is_percussion
    assert ChannelSet(8, percussion=read_keys("tabla")).is_percussion
