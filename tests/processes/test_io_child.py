"""The io process before its ports are open, in a process of its own, with ports and an engine that are fakes."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Ports in whose opening a signal comes, as when the system shuts down; then the engine must end too.
CHILD = """
import multiprocessing, os, signal
from bollylive.processes import io_child
from bollylive.protocol import StartUp
from bollylive.sets.settings import Set

class Opening:
    def __init__(self, *args, **options):
        os.kill(os.getpid(), signal.{name})

class Engine:
    def __init__(self, *args, **options):
        pass
    def end(self):
        print("the engine is ended", flush=True)

io_child.PortSet, io_child.EngineLink, io_child.wake_first = Opening, Engine, lambda: None
ours, theirs = multiprocessing.Pipe()
ours.send([StartUp(Set(), 1)])
io_child.serve(theirs)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_shutdown_while_the_ports_open_ends_it_in_order_and_does_not_kill_it(name: str) -> None:
    ended = subprocess.run([sys.executable, "-c", CHILD.format(name=name)], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "the engine is ended\n", "")


# An io process that plays, with a Windows timer: what it says when the band plays, and at its end.
TIMED = """
import multiprocessing
from contextlib import contextmanager
from bollylive.processes import io_child
from bollylive.processes.timer import fine_waits
from bollylive.protocol import StartUp
from bollylive.sets.settings import Set

class Winmm:
    def timeBeginPeriod(self, period_ms):
        print("begin", period_ms, flush=True)
        return 0
    def timeEndPeriod(self, period_ms):
        print("end", period_ms, flush=True)

def play(start_up, link):
    print("play", flush=True)
    {ending}

io_child._play, io_child.wake_first, io_child.fine_waits = play, lambda: None, lambda: fine_waits(Winmm())
ours, theirs = multiprocessing.Pipe()
ours.send([StartUp(Set(), 1)])
io_child.serve(theirs)
"""


@pytest.mark.parametrize("ending", ["pass", "raise ValueError('a fault of our own')", "raise io_child.PortError('x')"])
def test_waits_are_fine_for_as_long_as_the_band_plays_however_that_ends(ending: str) -> None:
    code = TIMED.format(ending=ending)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.split("\n")[:3]) == (0, ["begin 1", "play", "end 1"])
