"""Prints what commands say to people: results on standard output, complaints on standard error."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TextIO

from bollylive.plain_text import plain


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
