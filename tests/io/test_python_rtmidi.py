"""python-rtmidi lists ports while some of them go."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from bollylive.io.midi_library import wanted_loaders

if importlib.util.find_spec("rtmidi") is None:
    pytest.skip("python-rtmidi is not installed.", allow_module_level=True)

library: Any = wanted_loaders("python-rtmidi", (3, 11))["python-rtmidi"]()  # after the machine's libjack


class Ports:
    """A list in which so many looks find that a port has gone since it was counted."""

    def __init__(self, bad_looks: int, *names: str | None) -> None:
        self._bad_looks, self._names = bad_looks, names

    def look(self) -> list[str | None]:
        self._bad_looks -= 1
        if self._bad_looks >= 0:
            raise library.ERRORS[0]("MidiInJack::getPortName: no ports available!")
        return list(self._names)


def test_a_port_that_goes_while_the_list_is_read_makes_it_read_again() -> None:
    assert library._listed(Ports(2, "Keys:out", "Synth:out").look) == ["Keys:out", "Synth:out"]


def test_a_list_that_is_never_read_to_its_end_is_empty() -> None:
    assert library._listed(Ports(99, "Keys:out").look) == []


def test_a_port_without_a_name_keeps_its_number() -> None:
    assert library._listed(Ports(0, "Keys:out", None, "Synth:out").look) == ["Keys:out", "", "Synth:out"]
