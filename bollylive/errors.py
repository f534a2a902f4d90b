"""What can go wrong, in sentences that a musician can act upon."""

from __future__ import annotations


class BollyLiveError(Exception):
    """The base of every error that BollyLive raises on purpose; its text says what, where, and the cure."""


class SetError(BollyLiveError):
    """A set file that cannot be used; `problems` holds one sentence each, all of them at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class PortError(BollyLiveError):
    """A MIDI port that is not there, or a machine without a MIDI system."""


class PortsLostError(PortError):
    """The MIDI system died while it was in use: no port works any more, and this process cannot have others."""


class CrashError(BollyLiveError):
    """A process of BollyLive's own crashes again and again: a fault of the program, not of the machine's MIDI."""


class LinkError(BollyLiveError):
    """Ableton Link is asked for, and its library is not installed."""


class ModelError(BollyLiveError):
    """A model that is missing, damaged, or made for another codec."""


class FileError(BollyLiveError):
    """A MIDI file or a journal that cannot be read or written."""
