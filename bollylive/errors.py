"""The errors that BollyLive raises on purpose. Their texts are sentences that a musician can act on."""

from __future__ import annotations

import math
from reprlib import Repr
from typing import Final

MOST_CHARACTERS: Final = 60  # of a quoted value
_MOST_BITS: Final = 64


class BollyLiveError(Exception):
    """The base class of these errors; the text says what is wrong, where, and how to solve it."""


class SetError(BollyLiveError):
    """A set file cannot be used; `problems` holds a sentence for each of its faults."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class PortError(BollyLiveError):
    """There is no such MIDI port, or no MIDI system."""


class PortsLostError(PortError):
    """The MIDI system died while in use: this process can no longer have any ports."""


class PortsHangError(PortError):
    """The MIDI system does not answer at all."""


class CrashError(BollyLiveError):
    """A process of BollyLive crashes again and again: a fault of the program, not of the machine's MIDI system."""


class LinkError(BollyLiveError):
    """Ableton Link is asked for, but its library is not installed."""


class ModelError(BollyLiveError):
    """A model is missing, damaged, or made for another codec."""


class FileError(BollyLiveError):
    """A MIDI file, a journal or another file cannot be read or written."""


class PrintError(BollyLiveError):
    """The result of a command cannot be printed."""


class ReaderGoneError(PrintError):
    """Nobody reads the result of a command any more, as behind `| head -1`: nothing is left to do."""


class _Short(Repr):
    """Python's own `Repr`, except for whole numbers with thousands of digits, for which that one raises an error."""

    def repr_int(self, x: int, level: int) -> str:  # noqa: ARG002 - the signature is reprlib's
        if x.bit_length() <= _MOST_BITS:
            return str(x)
        return f"a number of about {math.ceil(x.bit_length() * math.log10(2))} digits"


_SHORT: Final = _Short()
_SHORT.maxstring = _SHORT.maxother = MOST_CHARACTERS
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxdict = 2, 4, 3


def quoted(value: object) -> str:
    """Return a value as Python writes it, in at most 60 characters; `...` stands for what is left out."""
    text = _SHORT.repr(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."


def quoted_key(key: str) -> str:
    """Return a key as it is written in a TOML file: in quotes if it needs them, and shortened if it is too long."""
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum() and len(key) <= MOST_CHARACTERS
    return key if bare else quoted(key)
