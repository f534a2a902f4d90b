"""Ports by their names, as each MIDI system lists them."""

from __future__ import annotations

import pytest

from bollylive.errors import PortError
from bollylive.io.port_names import find, find_again, free_suffix, refuse_repeats, same, wanted_names, without


def test_no_name_is_a_port_of_our_own_and_that_comes_first() -> None:
    assert wanted_names(()) == ["virtual"]
    assert wanted_names("Keys") == ["Keys"]
    assert wanted_names(["Keys", "Virtual", "Pads"]) == ["virtual", "Keys", "Pads"]


def test_a_port_that_is_named_twice_is_refused() -> None:
    with pytest.raises(PortError, match="'keys' is named twice"):
        refuse_repeats(["Pads", "keys", "Keys"], ["virtual"])
    with pytest.raises(PortError, match="'virtual' is named twice"):
        refuse_repeats(["Pads"], wanted_names(["Virtual", "virtual"]))
    refuse_repeats(["Pads"], ["Pads"])


def test_a_whole_name_goes_before_a_part_and_case_does_not_matter_in_a_part() -> None:
    assert find(["Synth 2", "Synth"], "Synth", "output") == 1
    assert find(["Moog:in", "Korg:in"], "korg", "output") == 1


def test_what_is_hidden_keeps_its_place_but_is_neither_found_nor_told() -> None:
    names = without(["BollyLive In:in", "Synth in:in"], {"BollyLive In:in"})
    assert find(names, "in:in", "output") == 1
    with pytest.raises(PortError, match="there are: 'Synth in:in'"):
        find(names, "BollyLive", "output")


@pytest.mark.parametrize(
    ("api", "names", "known", "wanted", "number"),
    [
        ("jack", ["Pads:out", "Keys:out"], "Keys:out", "keys", 1),
        ("jack", ["Keys-01:out"], "Keys:out", "keys", 0),
        ("jack", ["Pads:out"], "Keys:out", "keys", None),
        ("alsa", ["Keys:Keys MIDI 1 28:0", "Keys:Keys MIDI 2 28:1"], "Keys:Keys MIDI 1 20:0", "Keys MIDI 1", 0),
        ("winmm", ["Pads 0", "Keys 2"], "Keys 1", "keys", 1),
        ("winmm", ["Keys 0", "Keys 2"], "Keys 1", "keys", None),  # nobody knows which
        ("core", ["Keys Port 2", "Keys Port 1"], "Keys Port 1", "Keys", 1),
    ],
)
def test_a_port_is_found_again(api: str, names: list[str], known: str, wanted: str, number: int | None) -> None:
    assert find_again(names, known, wanted, api) == number


def test_a_number_that_changed_is_another_port_but_on_windows() -> None:
    assert same("Keys 1", "Keys 0", "winmm")
    assert not same("Keys 20:0", "Keys 24:0", "alsa")
    assert not same("Keys 1", "Keys 0", "core")


@pytest.mark.parametrize(
    ("api", "saved", "names", "number"),
    [
        ("alsa", "Keys:Keys MIDI 1 20:0", ["Pads 20:0", "Keys:Keys MIDI 1 24:0"], 1),
        ("alsa", "Keys MIDI 1 20:0", ["Keys:Keys MIDI 1 24:0"], 0),
        ("alsa", "Two:A 20:0", ["Two:A 24:0", "Two:A 20:0"], 1),  # a number that is right does count
        ("alsa", "FLUID Synth (1234):port (1234:0) 128:0", ["FLUID Synth (987):port (987:0) 130:0"], 0),
        ("jack", "a2j:Keys [20] (capture): Keys", ["a2j:Keys [24] (capture): Keys", "a2j:Pads [20] (capture): P"], 0),
        ("winmm", "Keystation 1", ["Pads 1", "Keystation 0"], 1),
        ("winmm", "Synth 2", ["Synth 0", "Synth 2 1"], 1),  # here, 2 belongs to the device
    ],
)
def test_a_number_in_a_saved_name_that_has_changed_does_not_count(
    api: str, saved: str, names: list[str], number: int
) -> None:
    assert find(names, saved, "input", api) == number


def test_two_that_differ_only_by_their_numbers_are_both_told() -> None:
    with pytest.raises(PortError, match="could be any of these MIDI inputs: 'Two:A 24:0', 'Two:A 28:0'"):
        find(["Two:A 24:0", "Two:A 28:0"], "Two:A 20:0", "input", "alsa")


@pytest.mark.parametrize("part", ["bolly", "BollyLive", "out", "bollylive ou"])
def test_a_part_of_a_name_never_means_another_bollylive(part: str) -> None:
    names = ["BollyLive Out:out 129:0", "BollyLive Out-01:out 131:0", "BollyLive 2 Out:out 132:0"]
    with pytest.raises(PortError, match="Give the whole name to join another BollyLive"):
        find(names, part, "input", "alsa")
    assert find_again(names, "Bolly keys 20:0", part, "alsa") is None
    assert find([*names, "Boutique bollylive output"], part, "input", "alsa") == 3


def test_another_bollylive_that_is_named_in_full_is_found() -> None:
    names = ["Pads:out", "BollyLive Out:out", "BollyLive 2 Out:out"]
    assert find(names, "bollylive out", "input", "jack") == 1
    assert find(names, "BollyLive 2 Out", "input", "jack") == 2
    assert find(["BollyLive Out-01:out"], "BollyLive Out", "input", "jack") == 0


def test_of_two_bands_the_second_gets_a_number_in_both_directions() -> None:
    assert free_suffix("BollyLive", []) == ""
    assert free_suffix("BollyLive", ["BollyLive Input:in 128:0", "My BollyLive In:in 129:0"]) == ""
    assert free_suffix("BollyLive", ["BollyLive In:in 128:0"]) == "-01"
    assert free_suffix("BollyLive", ["BollyLive Out:out 129:0", "BollyLive In-01:in 130:0", "x"]) == "-02"
    assert free_suffix("BollyLive", ["BollyLive In"]) == "-01"  # macOS
