"""Which MIDI library is used."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from bollylive.errors import PortError
from bollylive.io.midi_library import VARIABLE, wanted_loaders

# Uses the library as if the modules that are named were not installed, and tells which one it is.
USES = """
import sys
from bollylive.errors import PortError
from bollylive.io.midi_library import midi_library

sys.modules.update(dict.fromkeys(sys.argv[1:]))
try:
    print(midi_library().__name__)
except PortError as error:
    print(error)
"""


def used(*missing: str) -> str:
    command = [sys.executable, "-c", USES, *missing]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("version", "first"),
    [((3, 11), "python-rtmidi"), ((3, 12), "python-rtmidi"), ((3, 13), "supriya-midi"), ((3, 14), "supriya-midi")],
)
def test_the_version_of_python_says_which_library_is_tried_first(version: tuple[int, int], first: str) -> None:
    order = list(wanted_loaders("", version))
    assert order[0] == first
    assert sorted(order) == ["python-rtmidi", "supriya-midi"]


@pytest.mark.parametrize("name", ["python-rtmidi", "supriya-midi"])
@pytest.mark.parametrize("version", [(3, 11), (3, 13)])
def test_the_one_that_is_named_is_the_only_one(name: str, version: tuple[int, int]) -> None:
    assert list(wanted_loaders(name, version)) == [name]


def test_a_library_that_is_not_known_is_refused() -> None:
    with pytest.raises(PortError, match=r"BOLLYLIVE_MIDI_LIBRARY is 'portmidi'; .*python-rtmidi, supriya-midi\."):
        wanted_loaders("portmidi", (3, 11))


def test_the_other_one_is_used_where_only_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("rtmidi", "supriya_midi"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed.")
    monkeypatch.delenv(VARIABLE, raising=False)
    assert used("rtmidi") == "bollylive.io.supriya_rtmidi"
    assert used("supriya_midi") == "bollylive.io.python_rtmidi"


def test_without_any_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert "No MIDI library can be loaded" in (said := used("rtmidi", "supriya_midi"))
    assert "pip install" in said
    monkeypatch.setenv(VARIABLE, "supriya-midi")
    assert used("rtmidi", "supriya_midi").endswith("pip install supriya-midi.")
