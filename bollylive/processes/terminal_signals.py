"""What a terminal may do to the processes that play: end them, stop them, or be closed.

On POSIX only the supervisor belongs to the terminal. Ctrl-C, a closed terminal and a shutdown are signals that end the
band. Ctrl-Z would stop only the supervisor, while the band played on without anybody who could end it or replace what
dies, so it stops nothing. On Windows all processes belong to the console. When its window is closed, when the user logs
off or the system shuts down, a process is killed as soon as its handler for that returns, and after five seconds at
most. So the handlers do not return, and meanwhile the supervisor ends the band as always. Not tried on Windows. Source:
"HandlerRoutine callback function" in Microsoft's documentation of the console.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], None]

_ENDS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")
_CONSOLE_ENDS: Final = (2, 5, 6)  # CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT of wincon.h
_LONGEST_S: Final = 10.0  # longer than Windows waits
_BREAK: Final = 21  # what Windows calls SIGBREAK

_console_handlers: list[Any] = []  # Windows calls them for as long as the process runs


@contextmanager
def signals(end: Handler, note: Callable[[str], None]) -> Iterator[None]:
    """Call `end` at the signals that end a program, and restore the earlier handlers at the end of the block.

    `note` gets a sentence at Ctrl-Z, which then stops nothing. Both are called in the midst of whatever the main thread
    does, or on Windows on another thread. A hang-up that is ignored, as under `nohup`, stays so.
    """

    def refuse_stop(_number: int, _frame: FrameType | None) -> None:
        note("Ctrl-Z does not stop the band, because its notes would go on; Ctrl-C ends it.")

    wanted: dict[str, Any] = {
        **dict.fromkeys(_ENDS, end),
        "SIGTSTP": refuse_stop,
        "SIGTTOU": signal.SIG_IGN,  # in the background it may print all the same
    }
    before = {}
    for name, handler in wanted.items():
        number = getattr(signal, name, None)  # each system has only some of them
        if number is not None and not (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):
            before[number] = signal.signal(number, handler)
    _outlast_console(lambda: end(_BREAK, None))
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def leave_to_supervisor() -> None:
    """Let the supervisor alone decide when this process ends, where the terminal's signals reach all processes."""
    for name in ("SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _outlast_console(lambda: None)


def _outlast_console(end: Callable[[], None]) -> None:
    if sys.platform == "win32":
        outlast(end, ctypes.WinDLL("kernel32"), ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_ulong))


def outlast(
    end: Callable[[], None],
    kernel32: Any,
    callback: Callable[[Callable[[int], bool]], Any],
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Call `end` when the console is closed, and let this process live on until it ends by itself.

    `kernel32` is the library of that name, and `callback` makes what it can call; a test has fakes.
    """

    def handle(event: int) -> bool:
        if event not in _CONSOLE_ENDS:
            return False
        end()
        wait(_LONGEST_S)  # once this returns, the process is killed
        return True

    handler = callback(handle)
    _console_handlers.append(handler)
    kernel32.SetConsoleCtrlHandler(handler, True)
