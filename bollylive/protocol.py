"""What the warden and the port process tell each other, beside the words of `note`, of which what is played goes up.

Down go `Duty`, a new `Set`, `Alive`, `Finish`; up come `Alive`, `Said`, `NoPorts`, `Crashed`, `Done`, and the
knobs that are turned. A `Memoir` goes on to the engine, which answers with `Alive` and `Restoring`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bollylive.midi.messages import Anchor, Event, Player
from bollylive.sets.band import Set


@dataclass(frozen=True, slots=True)
class Memoir:
    """Where a new engine finds its buffers: in a journal, up to the second from which on it hears for itself."""

    journal: str  # its path
    until_s: float
    keys_held: bool  # whether keys that were down may still be, and will be heard to come up


@dataclass(frozen=True, slots=True)
class Left:
    """What a process that is gone may have left sounding, pedalled or bent."""

    words: tuple[tuple[Event, Player], ...] = ()  # what lets go of it, in the order of sending, and whose it is
    channels: tuple[int, ...] = ()  # 0-15, that are reset besides

    def __bool__(self) -> bool:
        """Whether there is anything at all."""
        return bool(self.words or self.channels)


@dataclass(frozen=True, slots=True)
class Duty:
    """All that a port process must know to begin."""

    band: Set
    seed: int
    api: str | None = None
    journal: str | None = None  # the path of the file in which a new engine finds its buffers
    model: int | None = None  # the number of the open file that holds the model; None: it lies where the set says
    musician: tuple[tuple[float, Event], ...] = ()  # who plays by itself, in seconds since the band is ready
    anchor: Anchor | None = None  # where the beat was; None for the first one of a performance
    left: Left = Left()
    given_s: float = 0.0  # when the duty was given; shows whether the processes share a clock


@dataclass(frozen=True, slots=True)
class Finish:
    """End all notes, close the ports, and be done."""


@dataclass(frozen=True, slots=True)
class Alive:
    """The heartbeat, in every direction; from the port process, `lost` counts its words that found no room so far."""

    lost: int = 0


@dataclass(frozen=True, slots=True)
class Restoring:
    """The engine reads the journal, which may take longer than a heartbeat."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence for the musician."""

    text: str


@dataclass(frozen=True, slots=True)
class NoPorts:
    """The MIDI system or the port is not there, or no longer, and why; the port process has ended."""

    text: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """The port process has run into a fault of its own, and why; it has ended."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The port process has ended on purpose and left silence; `figures` are what happened, in numbers."""

    figures: dict[str, float] = field(default_factory=dict)
