"""What a terminal may do: Ctrl-Z, a hang-up, and the closed console of a Windows that a fake stands for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType

import pytest

from bollylive.processes.terminal_signals import leave_to_supervisor, outlast, signals

posix_alone = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
CLOSE, LOGOFF, SHUTDOWN, CTRL_C = 2, 5, 6, 0


@posix_alone
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def test_what_ends_a_program_ends_the_band_and_the_earlier_handlers_come_back(name: str) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)
    ended: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        ended.append(number)

    with signals(end, ended.clear):  # type: ignore[arg-type]  # nothing is noted
        os.kill(os.getpid(), number)
        assert ended == [number]
    assert signal.getsignal(number) == before


@posix_alone
def test_ctrl_z_stops_nothing_and_is_answered_and_printing_in_the_background_stops_nothing() -> None:
    noted: list[str] = []
    with signals(lambda *_: None, noted.append):
        os.kill(os.getpid(), signal.SIGTSTP)
        os.kill(os.getpid(), signal.SIGTTOU)
    assert noted == ["Ctrl-Z does not stop the band, because its notes would go on; Ctrl-C ends it."]


@posix_alone
def test_a_hang_up_that_is_ignored_stays_so() -> None:
    code = """if True:
        import os, signal
        from bollylive.processes.terminal_signals import signals
        ended = []
        with signals(lambda number, _: ended.append(number), print):
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
        print(*ended)
    """
    command = ["nohup", sys.executable, "-c", code]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ended.stdout == f"{int(signal.SIGTERM)}\n"


class FakeConsole:
    """The console of a Windows: the newest handler goes first, and if one has handled its end the process is killed."""

    def __init__(self) -> None:
        self.killed = threading.Event()
        self._handlers: list[Callable[[int], bool]] = []

    def SetConsoleCtrlHandler(self, handler: Callable[[int], bool], add: bool) -> int:  # noqa: N802
        assert add
        self._handlers.append(handler)
        return 1

    def send(self, event: int) -> threading.Thread:
        """Tell the process in a thread of its own, as Windows does."""

        def tell() -> None:
            handled = any(handler(event) for handler in reversed(self._handlers))
            if event != CTRL_C or not handled:
                self.killed.set()

        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        return thread


@pytest.mark.parametrize("event", [CLOSE, LOGOFF, SHUTDOWN])
def test_on_windows_a_closed_console_ends_the_band_and_nothing_is_killed_before_that(event: int) -> None:
    console, band_ends, is_over = FakeConsole(), threading.Event(), threading.Event()
    outlast(band_ends.set, console, lambda handler: handler, lambda _: is_over.wait())
    thread = console.send(event)
    assert band_ends.wait(60.0)
    assert not console.killed.is_set()  # now the notes end, and the files are written
    is_over.set()
    thread.join()
    assert console.killed.is_set()


def test_on_windows_ctrl_c_remains_a_signal() -> None:
    console, ends = FakeConsole(), threading.Event()
    outlast(ends.set, console, lambda handler: handler, lambda _: None)
    console.send(CTRL_C).join()
    assert not ends.is_set()


def test_the_other_processes_leave_ctrl_c_to_the_supervisor() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        leave_to_supervisor()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
