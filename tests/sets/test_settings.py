"""The table of settings: what the rest of the program derives from it holds for every line."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import get_args

import pytest

from bollylive.errors import SetError
from bollylive.sets.control_set import ACTIONS
from bollylive.sets.schema import Setting, Unit
from bollylive.sets.setfile import parse_set
from bollylive.sets.settings import (
    CHANNEL_SETTINGS,
    CONTROL_SETTINGS,
    HANDOVERS,
    KNOBS,
    ROLES,
    SET_SETTINGS,
    ChannelSet,
    Handover,
    Role,
    Set,
)
from bollylive.sets.value_kinds import Kind

TABLES = (SET_SETTINGS, CHANNEL_SETTINGS, CONTROL_SETTINGS)
ALL = [pytest.param(known, id=name) for table in TABLES for name, known in table.items()]


def test_every_field_of_a_set_and_of_a_channel_is_a_setting_or_a_list_of_tables() -> None:
    assert [field.name for field in fields(Set)] == [*SET_SETTINGS, "channels", "controls"]
    assert [field.name for field in fields(ChannelSet)] == list(CHANNEL_SETTINGS)


def test_the_table_has_the_defaults_that_a_set_has() -> None:
    for owner, table in ((Set(), SET_SETTINGS), (ChannelSet(3), {**CHANNEL_SETTINGS, "channel": None})):
        assert {name: getattr(owner, name) for name, known in table.items() if known} == {
            name: known.default for name, known in table.items() if known
        }


@pytest.mark.parametrize("known", ALL)
def test_a_setting_explains_itself_with_a_legal_value(known: Setting) -> None:
    shown = known.default if known.example is None else known.example
    known.kind.read(shown)
    assert known.help_line
    assert known.unit in get_args(Unit)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ROLES, get_args(Role)),
        (HANDOVERS, get_args(Handover)),
        (CONTROL_SETTINGS["does"].kind, (*ACTIONS, *KNOBS)),
    ],
)
def test_every_word_of_a_choice_has_a_meaning_and_no_other(kind: Kind, words: tuple[str, ...]) -> None:
    assert tuple(kind.words) == words
    assert all(kind.words.values())


def test_a_knob_has_one_name_in_all_tables() -> None:
    assert not [knob for knob in KNOBS if knob in SET_SETTINGS and knob in CHANNEL_SETTINGS]
    assert not [knob for knob in KNOBS if knob in ACTIONS]


def test_what_can_be_turned_changes_while_the_band_plays() -> None:
    assert all({**SET_SETTINGS, **CHANNEL_SETTINGS}[knob].live for knob in KNOBS)


def test_all_that_is_set_for_a_channel_changes_while_the_band_plays() -> None:
    assert all(known.live for known in CHANNEL_SETTINGS.values())


def test_what_the_synthesiser_gets_is_the_sound_and_otherwise_the_program() -> None:
    band = Set(
        channels=(
            ChannelSet(0, program=104, sound_program=105),
            ChannelSet(1, program=33),
            ChannelSet(2, sound_program=40),
            ChannelSet(3),
            ChannelSet(4, role="player", program=5, sound_program=6),
        )
    )
    assert band.sounds() == [(0, 105), (1, 33), (2, 40)]


def test_the_channels_of_an_mpe_zone_are_one_player_and_no_instruments() -> None:
    band = Set(mpe=(3, 2), channels=(ChannelSet(1, program=33, density=1.0), ChannelSet(5, program=40)))
    assert [band.player_of(channel) for channel in range(16)] == [0, 0, 0, 0, *range(4, 13), 15, 15, 15]
    assert (band.channel(1).role, band.channel(1).density) == ("off", 1.0)
    assert not {1, 2, 3, 13, 14} & band.model_channels
    assert {0, 4, 5, 12, 15} <= band.model_channels
    assert band.sounds() == [(5, 40)]
    assert all(band.passes_thru(channel) for channel in range(16))
    alone = replace(band, thru=False, channels=(ChannelSet(15, thru=True), ChannelSet(14, thru=False)))
    assert [channel for channel in range(16) if alone.passes_thru(channel)] == [13, 14, 15]


@pytest.mark.parametrize(
    "value", ["true", "16", "-1", "'lower'", "1.0", "[]", "[1]", "[1, 2, 3]", "[8, 7]", "[1, true]"]
)
def test_a_zone_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(
        SetError, match=r"mpe must be a whole number from 0 to 15, or two for both zones as in \[7, 7\]"
    ):
        parse_set(f"mpe = {value}", "band.toml")


@pytest.mark.parametrize(("value", "zones"), [("0", (0, 0)), ("15", (15, 0)), ("[0, 15]", (0, 15)), ("[7, 7]", (7, 7))])
def test_a_zone_is_a_number_and_two_are_a_list(value: str, zones: tuple[int, int]) -> None:
    assert parse_set(f"mpe = {value}", "band.toml").mpe == zones
