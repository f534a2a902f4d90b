"""A room of BollyLive as a process of its own, at the other end of a pipe: the same way on every system."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

_END_LIMIT_S = 1.0


class Child:
    """A process that was started here. One thread."""

    def __init__(self, process: subprocess.Popen[bytes] | BaseProcess, leads: bool) -> None:
        self._process, self._leads = process, leads

    def end(self) -> None:
        """Kill it, with all that it has started if it leads them; safe to call again. Blocks for a second at most."""
        if isinstance(self._process, BaseProcess):
            self._process.kill()
            self._process.join(_END_LIMIT_S)
            return
        if self._leads and sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # the system is slow to bury it; it will
            self._process.wait(_END_LIMIT_S)


def spawn(room: str, connection: Connection, leads: bool = False) -> Child:
    """Run `bollylive.ROOM` on its end of a pipe, in a fresh interpreter; raises OSError. Returns before it runs.

    With `leads` it has a session of its own: what the terminal says (Ctrl-C, hang-up) is not for it and its children.
    The room has a function `serve(connection)`, and calls it on `inherited()` when it is run as a program.
    """
    if sys.platform == "win32":  # a pipe is no file there, and only multiprocessing knows how to hand it over
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_serve, args=(room, connection), daemon=not leads)
        process.start()
        return Child(process, leads)
    # multiprocessing would start a third process, which only watches for resources that nobody here has.
    number = connection.fileno()
    os.set_inheritable(number, True)
    command = [sys.executable, "-m", f"bollylive.{room}", str(number)]
    return Child(subprocess.Popen(command, pass_fds=[number], start_new_session=leads), leads)


def inherited() -> Connection:
    """The end of the pipe that a process was started with."""
    return Connection(int(sys.argv[1]))


def _serve(room: str, connection: Connection) -> None:
    import_module(f"bollylive.{room}").serve(connection)
