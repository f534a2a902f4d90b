"""Each MIDI library: which libjack it uses, that it is there without one, and what it lists."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from bollylive.io.midi_library import VARIABLE
from bollylive.io.rtmidi_backend import cure

MODULES = {"python-rtmidi": "rtmidi", "supriya-midi": "supriya_midi"}
INSTALLED = [name for name, module in MODULES.items() if importlib.util.find_spec(module) is not None]

# Prints the file that holds the function which rtmidi and `connections` call.
WHOSE = """
import ctypes
from bollylive.io import rtmidi_backend
from bollylive.io.connections import _libjack

rtmidi_backend.available_apis()
address = ctypes.cast(_libjack().jack_client_open, ctypes.c_void_p).value
for line in open("/proc/self/maps"):
    begin, _, end = line.split()[0].partition("-")
    if int(begin, 16) <= address < int(end, 16):
        print(line.split(maxsplit=5)[5])
"""

WITHOUT = """
import ctypes

def none(*_, **__):
    raise OSError("no such library")

ctypes.CDLL = none
from bollylive.io import rtmidi_backend
print("jack" in rtmidi_backend.available_apis())
"""


# Makes a port whose names are in Latin-1, and lists all ports.
LIST = """
import ctypes
from bollylive.io import rtmidi_backend

libjack = ctypes.CDLL("libjack.so.0")
libjack.jack_client_open.restype = ctypes.c_void_p
libjack.jack_port_register.argtypes = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong
client = libjack.jack_client_open("Flöte".encode("latin-1"), 1, None)
assert libjack.jack_port_register(client, b"in", b"8 bit raw midi", 1, 0)
print(rtmidi_backend.list_ports("jack")[1])
libjack.jack_client_close.argtypes = (ctypes.c_void_p,)
libjack.jack_client_close(client)
"""


@pytest.fixture(params=INSTALLED)
def run(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Runs a program with one of the libraries; returns what it prints."""

    def run(program: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, VARIABLE: request.param},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    return run


@pytest.mark.skipif(ctypes.util.find_library("jack") is None, reason="the machine has no libjack of its own")
def test_the_libjack_of_the_machine_goes_before_the_one_that_comes_with_the_library(run: Callable[[str], str]) -> None:
    path = run(WHOSE)
    assert "/libjack.so." in path
    assert "midi" not in path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there the libraries are built for JACK")
def test_without_a_libjack_of_the_machine_the_library_uses_its_own(run: Callable[[str], str]) -> None:
    assert run(WITHOUT) == "True"


@pytest.mark.ports
def test_a_port_whose_name_is_not_utf_8_is_listed_without_its_bad_bytes(
    jack_server: dict[str, str], run: Callable[[str], str]
) -> None:
    assert run(LIST) == "['Flte:in']"


def test_who_asks_for_one_midi_system_is_told_how_to_get_that_one() -> None:
    assert "modprobe snd-seq" in cure("alsa")
    assert "start JACK" not in cure("alsa")
    assert "start JACK" in cure("jack")
    assert "modprobe" not in cure("jack")
