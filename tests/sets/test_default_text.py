"""A set file that is written from the table of settings."""

from __future__ import annotations

import re

from bollylive.sets.default_file import PATH, default_text
from bollylive.sets.default_text import set_text
from bollylive.sets.setfile import default_set, parse_set, read_toml
from bollylive.sets.settings import CHANNEL_SETTINGS, CONTROL_SETTINGS, SET_SETTINGS, Set

SET = r"""
name = "Duo \"two\" ♪"
seed = 3
temperature = 0.5
thru = false
out_port = ["Synth", "virtual"]

[[channel]]
channel = 3
percussion = { 60 = 36, 64 = 38 }
density = -1.5

[[control]]
cc = 20
does = "memory"
"""


def test_the_file_of_the_default_set_is_as_the_table_has_it() -> None:
    cure = "run `python -m bollylive.sets.default_file`, and commit the file that it writes"
    assert PATH.read_text(encoding="utf-8") == default_text(), cure


def test_a_set_is_the_same_when_it_is_written_anew() -> None:
    for table, name in ((read_toml(SET, "my.toml"), "my.toml"), ({}, "empty.toml")):
        text = set_text(table)
        assert read_toml(text, name) == table
        assert set_text(read_toml(text, name)) == text
    assert parse_set(set_text(read_toml(SET, "my.toml")), "my.toml") == parse_set(SET, "my.toml")


def test_the_file_shows_every_setting_once_or_in_a_table_of_its_own() -> None:
    head, channels, controls = re.split(r"\n# \[\[\w+\]\]\n", set_text({}))
    for text, settings in ((head, SET_SETTINGS), (channels, CHANNEL_SETTINGS), (controls, CONTROL_SETTINGS)):
        assert re.findall(r"^# (\w+) = ", text, re.MULTILINE) == list(settings)


def test_what_the_comments_show_may_be_uncommented() -> None:
    text = re.sub(r"^# (\w+ = |\[\[)", r"\1", set_text({}), flags=re.MULTILINE)
    text = re.sub(r"^(note|program) = \d+ .*\n", "", text, flags=re.MULTILINE)  # a command has only one of three
    text = re.sub(r"^percussion = .*\n", "", text, flags=re.MULTILINE)  # the part that is shown is not percussion's
    band = parse_set(text, "my.toml")
    assert (band.in_port, band.seed, band.link) == (("IAC",), 7, True)
    assert (band.channels[0].program, band.channels[0].sound_program) == (104, 105)
    assert (band.controls[0].does, band.controls[0].on) == ("again", 0)


def test_the_comments_fit_an_editor_and_give_range_unit_and_what_waits() -> None:
    lines = default_text().splitlines()
    assert max(map(len, lines)) <= 120
    assert [line for line in lines if line.startswith("beats_per_bar")] == [
        "beats_per_bar = 4           # 4 for keherwa, 3 for dadra, 16 for tintal (1 to 16 beats) *"
    ]


def test_words_are_explained_once() -> None:
    assert set_text({}).count("only you play it") == 1


def test_the_default_set_has_the_defaults_of_the_table() -> None:
    assert default_set().channels
    assert {**{name: getattr(default_set(), name) for name in SET_SETTINGS}, "name": ""} == {
        **{name: known.default for name, known in SET_SETTINGS.items()},
        "name": "",
    }
    assert Set().name == "untitled"
