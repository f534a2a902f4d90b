"""Chooses the library that speaks to the MIDI systems of this machine.

Both libraries are bindings of RtMidi. python-rtmidi is used below Python 3.13, and supriya-midi from there on, where
the former has no builds; if only one of the two is installed, that one. `BOLLYLIVE_MIDI_LIBRARY` in the environment
names the one that must be used.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Final

from bollylive.errors import PortError
from bollylive.io.midi_clients import MidiLibrary

VARIABLE: Final = "BOLLYLIVE_MIDI_LIBRARY"


@cache
def midi_library() -> MidiLibrary:
    """Load and return the MIDI library; raises PortError if there is none, or none of the wanted name."""
    loaders = wanted_loaders(os.environ.get(VARIABLE, ""), sys.version_info[:2])
    reasons = []
    for name, load in loaders.items():
        try:
            return load()
        except ImportError as error:
            reasons.append(f"{name}: {error}")
    raise PortError(
        f"No MIDI library can be loaded ({'; '.join(reasons)}); install one: pip install {next(iter(loaders))}."
    )


def wanted_loaders(wanted: str, version: tuple[int, int]) -> dict[str, Callable[[], MidiLibrary]]:
    """Return the libraries to try, in order: the `wanted` one alone, or if that is "", those for a Python version.

    Raises PortError if there is no library of that name.
    """
    loaders: dict[str, Callable[[], MidiLibrary]] = {"python-rtmidi": _python_rtmidi, "supriya-midi": _supriya_midi}
    if wanted:
        if wanted not in loaders:
            raise PortError(f"{VARIABLE} is '{wanted}'; it must be one of {', '.join(loaders)}.")
        return {wanted: loaders[wanted]}
    return dict(sorted(loaders.items(), reverse=version >= (3, 13)))


def _python_rtmidi() -> MidiLibrary:
    _load_libjack()
    from bollylive.io import python_rtmidi

    return python_rtmidi


def _supriya_midi() -> MidiLibrary:
    _load_libjack()
    from bollylive.io import supriya_rtmidi

    return supriya_rtmidi


def _load_libjack() -> None:
    """Load the machine's own libjack if there is one, so that the MIDI library uses it.

    Each MIDI library brings a libjack that speaks to one kind of jackd only. The machine's own one is PipeWire's under
    `pw-jack`, and that of its jackd otherwise. It goes first, because it is loaded first and its names are global.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            ctypes.CDLL("libjack.so.0", mode=ctypes.RTLD_GLOBAL)
