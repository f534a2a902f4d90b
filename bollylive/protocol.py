"""What the warden and the port process tell each other, beside the words of `note`, of which what is played goes up.

Down go `StartUp`, a new `Set`, `Heartbeat`, `Finish`; up come `Heartbeat`, `Notice`, `NoPorts`, `Crashed`, `Done`, and
the knobs that are turned. A `ReplayRequest` goes on to the engine, which answers with `Heartbeat` and `Restoring`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from bollylive.clock.anchor import Anchor, PlayerBeat
from bollylive.midi.messages import Event, Note, Player
from bollylive.sets.band import Set
from bollylive.sets.controls import Command


@dataclass(frozen=True, slots=True)
class Heard:
    """Relay to engine: the musician's event, with the second and the beat at which it came."""

    event: Event | Command
    at_s: float
    beat: float


@dataclass(frozen=True, slots=True)
class Play:
    """Engine to relay: a committed note, in the beats of `epoch`."""

    note: Note
    epoch: int


@dataclass(frozen=True, slots=True)
class Release:
    """Engine to relay: forget the model's notes on this channel that have not begun, and end those that sound.

    Those that would sound longer end after `within_beats`.
    """

    channel: int
    within_beats: float = 0.0


# What the engine tells the relay to do.
Instruction: TypeAlias = Play | Release | PlayerBeat


@dataclass(frozen=True, slots=True)
class Ready:
    """Engine to relay: the model is loaded and warm; from now on the band hears."""

    model: str
    buffer_notes: int


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Engine to relay: where its bars begin and whether the band plays, written down for an engine that comes after."""

    zero_beats: float = 0.0  # a beat on which a bar begins
    awake: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Engine to relay: a sentence for the musician; `fatal` if the engine cannot go on, whatever is tried."""

    text: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it left: who played it, at which beat, how much after it was due."""

    event: Event
    by: Player
    at_s: float
    beat: float
    late_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Where a new engine finds its buffers: in a journal, up to the second from which on it hears for itself."""

    journal: str  # its path
    until_s: float
    keys_held: bool  # whether keys that were down may still be, and will be heard to come up


@dataclass(frozen=True, slots=True)
class InheritedState:
    """What a process that is gone may have left sounding, pedalled or bent."""

    words: tuple[tuple[Event, Player], ...] = ()  # what lets go of it, in the order of sending, and whose it is
    channels: tuple[int, ...] = ()  # 0-15, that are reset besides

    def __bool__(self) -> bool:
        """Whether there is anything at all."""
        return bool(self.words or self.channels)


@dataclass(frozen=True, slots=True)
class StartUp:
    """All that a port process must know to begin."""

    band: Set
    seed: int
    api: str | None = None
    journal: str | None = None  # the path of the file in which a new engine finds its buffers
    model: int | None = None  # the number of the open file that holds the model; None: it lies where the set says
    musician: tuple[tuple[float, Event], ...] = ()  # who plays by itself, in seconds since the band is ready
    anchor: Anchor | None = None  # where the beat was; None for the first one of a performance
    left: InheritedState = InheritedState()
    given_s: float = 0.0  # when the duty was given; shows whether the processes share a clock


@dataclass(frozen=True, slots=True)
class Finish:
    """End all notes, close the ports, and be done."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The heartbeat, in every direction; from the port process, `lost` counts its words that found no room so far."""

    lost: int = 0


@dataclass(frozen=True, slots=True)
class Restoring:
    """The engine reads the journal, which may take longer than a heartbeat."""


@dataclass(frozen=True, slots=True)
class Notice:
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
