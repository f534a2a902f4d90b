"""What `bollylive check` says of an instrument; tests/commands/test_cli.py has the command itself."""

from __future__ import annotations

import pytest

from bollylive.check import describe_channel
from bollylive.sets.band import ChannelSet


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (ChannelSet(1, "Bass", "accompany", 35), "Bass, fretless bass: the model plays along all the time"),
        (ChannelSet(0, program=104, sound_program=105, role="player"), "sitar, sound banjo: only you play it"),
        (ChannelSet(9, "Percussion", "off"), "Percussion: nobody plays it"),
        (ChannelSet(9, "Drums", "off"), "Drums, percussion: nobody plays it"),
        (ChannelSet(3, role="off"), "any instrument: nobody plays it"),
    ],
)
def test_an_instrument_is_described_by_what_it_is_and_by_who_plays_it(own: ChannelSet, sentence: str) -> None:
    assert describe_channel(own) == sentence
