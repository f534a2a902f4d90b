"""Ports by their names, as each MIDI system lists them."""

from __future__ import annotations

import pytest

from bollylive.errors import PortError
from bollylive.io.port_names import find, find_again, keep_apart, same, wanted_names, without


def test_no_name_is_a_port_of_our_own_and_that_comes_first() -> None:
    assert wanted_names(()) == ["virtual"]
    assert wanted_names("Keys") == ["Keys"]
    assert wanted_names(["Keys", "Virtual", "Pads"]) == ["virtual", "Keys", "Pads"]


def test_a_port_that_is_named_twice_is_refused() -> None:
    with pytest.raises(PortError, match="'keys' is named twice"):
        keep_apart(["Pads", "keys", "Keys"], ["virtual"], "jack")
    with pytest.raises(PortError, match="'virtual' is named twice"):
        keep_apart(["Pads"], wanted_names(["Virtual", "virtual"]), "jack")


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


def test_an_input_must_not_be_an_output() -> None:
    with pytest.raises(PortError, match="hear itself"):
        keep_apart(["Pads 0", "Loop 1"], ["Loop 0"], "winmm")
    keep_apart(["virtual"], ["virtual"], "jack")
    keep_apart(["Loop 1"], ["Loop 0"], "core")
