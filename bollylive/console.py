"""Prints what commands say to people: results on standard output, complaints on standard error.

A terminal may take no text for a while or for ever: after Ctrl-S, while text is selected in a Windows console, or where
nobody reads a pipe. Then printing blocks. A command that must not wait calls `print_in_background` first.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Final, TextIO

from bollylive.errors import PrintError, ReaderGoneError
from bollylive.plain_text import plain
from bollylive.threads import ends_within

MOST_WAITING: Final = 1000  # lines; what does not fit is counted, and reported later

_FINISH_LIMIT_S: Final = 1.0


class BackgroundPrinter:
    """Prints lines on a thread of its own, in order. One thread calls its methods; only `finish` waits.

    `print_line` prints one line, and may block for ever.
    """

    def __init__(self, print_line: Callable[[str, TextIO | None], None], most_waiting: int = MOST_WAITING) -> None:
        self._print_line, self._most_waiting = print_line, most_waiting
        self._queue: SimpleQueue[tuple[str, TextIO | None] | None] = SimpleQueue()
        self._left_out = 0
        self._finishing = False
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)
        self._thread.start()

    def put(self, text: str, stream: TextIO | None) -> None:
        """Queue a line; if too many wait already, it is left out and counted."""
        if self._finishing or self._queue.qsize() >= self._most_waiting:
            self._left_out += 1
            return
        self._report_left_out(stream)
        self._queue.put((text, stream))

    def finish(self, limit_s: float) -> bool:
        """Let the thread print what waits, and end; return False if it has not within `limit_s`. May be repeated."""
        if not self._finishing:
            self._report_left_out(sys.stdout)
            self._finishing = True
            self._queue.put(None)
        return ends_within(self._thread, limit_s)

    def _report_left_out(self, stream: TextIO | None) -> None:
        if self._left_out:
            self._queue.put((f"({self._left_out} lines are left out here, because nothing could be printed.)", stream))
            self._left_out = 0

    def _run(self) -> None:
        while (line := self._queue.get()) is not None:
            self._print_line(*line)


_background: list[BackgroundPrinter] = []  # one at most; standard output belongs to the whole program, so does this


def say(text: str) -> None:
    """Print a line on standard output that says how something goes on; never raises."""
    _print(text, sys.stdout)


def show(text: str, end: str = "\n") -> None:
    """Print a line of a command's result on standard output. Blocks until it is taken.

    Raises PrintError if it cannot be written, such as to a full disk, and ReaderGoneError if its reader has gone.
    """
    try:
        _write(text, sys.stdout, end)
    except BrokenPipeError as error:
        raise ReaderGoneError("Nobody reads standard output any more.") from error
    except OSError as error:
        raise PrintError(
            f"The result cannot be written to standard output ({error.strerror or error}); send it to a terminal, or "
            "to a file on a disk that has room."
        ) from error
    except ValueError:  # the file is closed: nobody wants the result
        return


def show_the_rest() -> int:
    """Write what was printed in another way and is held back yet; return 0. Blocks, and raises as `show` does."""
    show("", end="")
    return 0


def complain(*texts: str) -> None:
    """Print each text as a line on standard error; never raises."""
    for text in texts:
        _print(f"bollylive: {text}", sys.stderr)


def print_in_background() -> None:
    """From now on, until `finish_printing`, `say` and `complain` do not block. Call them on one thread."""
    if not _background:
        _background.append(BackgroundPrinter(_print_now))


def finish_printing(limit_s: float = _FINISH_LIMIT_S) -> bool:
    """Wait for `limit_s` at most until everything is printed; return False if it is not, and may never be.

    After False nothing else may be printed in another way, since that would block.
    """
    if _background and _background[0].finish(limit_s):
        _background.clear()
    return not _background


def _print(text: str, stream: TextIO | None) -> None:
    if _background:
        _background[0].put(text, stream)
    else:
        _print_now(text, stream)


def _print_now(text: str, stream: TextIO | None) -> None:
    with suppress(OSError, ValueError):  # a terminal that is gone must not stop the program before its notes are ended
        _write(text, stream)


def _write(text: str, stream: TextIO | None, end: str = "\n") -> None:
    """Print a line; characters that the terminal cannot show are escaped. Raises OSError, and ValueError if closed."""
    if stream is not None:
        encoding = stream.encoding or "utf-8"
        print(plain(text).encode(encoding, "backslashreplace").decode(encoding), end=end, file=stream, flush=True)
