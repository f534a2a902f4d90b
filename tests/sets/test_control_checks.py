"""Controls that somebody would press in vain."""

from __future__ import annotations

import pytest

from bollylive.sets.control_checks import describe_idle_controls
from bollylive.sets.control_set import ControlSet
from bollylive.sets.settings import ChannelSet, Role, Set

CHANNELS = (ChannelSet(0, role="continue"), ChannelSet(1, role="accompany"), ChannelSet(2, role="player"))


def idle(
    does: str, on: int | None = None, default_role: Role = "off", channels: tuple[ChannelSet, ...] = CHANNELS
) -> list[str]:
    control = ControlSet("cc", 20, does, on=on)
    return list(describe_idle_controls(Set(channels=channels, controls=(control,), default_role=default_role)))


@pytest.mark.parametrize(
    ("does", "on"),
    [("hand over", None), ("hand over", 0), ("density", None), ("density", 1), ("tap", None), ("energy", None)],
)
def test_what_can_act_is_not_mentioned(does: str, on: int | None) -> None:
    assert idle(does, on) == []


@pytest.mark.parametrize(
    ("does", "on", "sentence"),
    [
        (
            "hand over",
            1,
            "number 1: hand over has no effect on channel 2, whose role is 'accompany'; it needs 'continue'",
        ),
        ("keep", 2, "keep has no effect on channel 3, whose role is 'player'"),
        ("again", 4, "again has no effect on channel 5, which the set does not name"),
        ("density", 4, "density has no effect on channel 5, which the set does not name"),
        ("density", 2, "density has no effect on channel 3, whose role is 'player'"),
        ("tap", 0, "tap acts on the whole band, so the line on has no effect"),
        ("energy", 0, "energy acts on the whole band"),
    ],
)
def test_what_has_no_effect_has_its_sentence(does: str, on: int, sentence: str) -> None:
    (problem,) = idle(does, on)
    assert sentence in problem


def test_a_band_without_turns_has_nothing_to_hand_over() -> None:
    (problem,) = idle("hand over", channels=CHANNELS[1:])
    assert "no instrument has the role" in problem


def test_a_channel_that_takes_turns_once_it_is_played_may_be_meant() -> None:
    assert idle("hand over", 4, default_role="continue") == []
    assert idle("hand over", default_role="respond", channels=()) == []
