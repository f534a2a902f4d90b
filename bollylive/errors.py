"""The errors that BollyLive raises on purpose, in sentences that a musician can act upon."""

from __future__ import annotations


class BollyLiveError(Exception):
    """The base of them all; its text says what is wrong, where, and how to solve it."""


class SetError(BollyLiveError):
    """A set file cannot be used; `problems` holds a sentence for each of its faults."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class PortError(BollyLiveError):
    """There is no such MIDI port, or no MIDI system."""


class PortsLostError(PortError):
    """The MIDI system died while in use: this process can have no ports any more."""


class CrashError(BollyLiveError):
    """A process of BollyLive crashes again and again: a fault of the program, not of the machine's MIDI system."""


class LinkError(BollyLiveError):
    """Ableton Link is asked for, but its library is not installed."""


class ModelError(BollyLiveError):
    """A model is missing, damaged, or made for another codec."""


class FileError(BollyLiveError):
    """A MIDI file, a journal or another file cannot be read or written."""
