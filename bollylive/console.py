"""Prints what commands say to people: results on standard output, complaints on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

from bollylive.plain_text import plain

PROGRESS_S: Final = 3.0


def say(text: str) -> None:
    """Print a line on standard output; never raises."""
    _print(text, sys.stdout)


def complain(*texts: str) -> None:
    """Print each text as a line on standard error; never raises."""
    for text in texts:
        _print(f"bollylive: {text}", sys.stderr)


def _print(text: str, stream: TextIO | None) -> None:
    """Print a line; characters that the terminal cannot show, or that control it, are escaped."""
    with suppress(OSError, ValueError):  # a terminal that is gone must not stop the program before its notes are ended
        if stream is not None:
            encoding = stream.encoding or "utf-8"
            print(plain(text).encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


class Progress:
    """Says how far a long piece of work is, every few seconds, and nothing of a short one.

    `clock` gives seconds that never go back. Call it with the part that is done, from 0 to 1, as often as you like.
    """

    def __init__(self, what: str, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._what, self._say, self._clock = what, say, clock
        self._due_s = clock() + PROGRESS_S

    def __call__(self, part: float) -> None:
        """Say how much is done, if it is time."""
        if (now_s := self._clock()) >= self._due_s:
            self._due_s = now_s + PROGRESS_S
            self._say(f"{self._what}: {100 * min(part, 1.0):.0f} %")
