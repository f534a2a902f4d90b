"""Which libjack python-rtmidi uses, and that it is there without one."""

from __future__ import annotations

import ctypes.util
import subprocess
import sys

import pytest

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


def _run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.skipif(ctypes.util.find_library("jack") is None, reason="the machine has no libjack of its own")
def test_the_libjack_of_the_machine_goes_before_the_one_that_comes_with_rtmidi() -> None:
    path = _run(WHOSE)
    assert "/libjack.so." in path
    assert "rtmidi" not in path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there rtmidi is built for JACK")
def test_without_a_libjack_of_the_machine_rtmidi_uses_its_own() -> None:
    assert _run(WITHOUT) == "True"
