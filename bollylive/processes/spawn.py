"""Runs a module of BollyLive as a process of its own, at the other end of a pipe: the same way on every system."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

_END_LIMIT_S = 1.0
_POLL_S = 0.005


class Child:
    """A process that was started here. One thread."""

    def __init__(self, process: subprocess.Popen[bytes] | BaseProcess, leads: bool) -> None:
        self._process, self._leads = process, leads

    def wait(self, limit_s: float) -> str | None:
        """Let it end by itself within `limit_s`; return half a sentence that says how it ended, None if it has not."""
        if isinstance(self._process, BaseProcess):
            self._process.join(limit_s)
            status = self._process.exitcode
        else:
            deadline_s = time.monotonic() + limit_s
            while (status := self._process.poll()) is None and time.monotonic() < deadline_s:
                time.sleep(_POLL_S)
        if status is None:
            return None
        return f"with status {status}" if status >= 0 else f"by {_signal_name(-status)}"

    def end(self) -> None:
        """Kill it, and all that it started if it leads a session; safe to call again. Blocks for a second at most."""
        if isinstance(self._process, BaseProcess):
            self._process.kill()
            self._process.join(_END_LIMIT_S)
            return
        if self._leads and sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # the system is slow to end it, but will
            self._process.wait(_END_LIMIT_S)


def spawn(
    module: str, connection: Connection, leads: bool = False, files: Sequence[int] = (), log: int | None = None
) -> Child:
    """Run `bollylive.MODULE` on its end of a pipe, in a fresh interpreter; raises OSError. Returns before it runs.

    With `leads` it has its own session: signals of the terminal (Ctrl-C, hang-up) do not reach it or its children.
    It inherits the open `files` under their numbers (not on Windows). `log` is the open file for what it and its
    children write on standard error; None: ours.
    The module has a function `serve(connection)`, and calls it on `inherited()` when it is run as a program.
    """
    if sys.platform == "win32":  # a pipe is no file there, and only multiprocessing can hand it over
        os.environ["PYTHONSAFEPATH"] = "1"  # multiprocessing passes on only the options of this process
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_serve, args=(module, connection), daemon=not leads)
        process.start()
        return Child(process, leads)
    # multiprocessing would start a third process, to track resources that are not used here.
    number = connection.fileno()
    os.set_inheritable(number, True)
    command = program(f"bollylive.{module}", str(number))
    process = subprocess.Popen(command, pass_fds=[number, *files], start_new_session=leads, stderr=log)
    return Child(process, leads)


def program(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours as a program, without the current folder on its path."""
    return [sys.executable, "-P", str(Path(__file__).with_name("launcher.py")), module, *arguments]


def inherited() -> Connection:
    """Return the end of the pipe that this process was started with.

    It gets the lowest free number, because waiting for a number from 1024 on is exact only to a millisecond.
    """
    number = os.dup(int(sys.argv[1]))
    os.close(int(sys.argv[1]))
    return Connection(number)


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _serve(module: str, connection: Connection) -> None:
    import_module(f"bollylive.{module}").serve(connection)
