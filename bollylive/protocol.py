"""The messages between the processes: the supervisor, the io process and the engine.

Supervisor to io process: `StartUp`, a new `Set`, `Heartbeat`, `InputLost`, `Finish`.
Io process to supervisor: `Heartbeat`, `Notice`, `NoPorts`, `Crashed`, `Done`, and what is played and may be needed by
a process that takes over: `Sent`, `Anchor`, `EngineStatus`, `Ready`, and the knobs that were turned.
Io process to engine: `EngineStartUp`, `Heard`, `Anchor`, a new `Set`, `Vitals`.
Engine to io process: `Play`, `Move`, `Release`, `PlayerBeat`, `EngineStatus`, `Ready`, `Problem`, `Heartbeat`,
`Restoring`.

All are frozen. Channels are 0-15; seconds are those of `time.perf_counter`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from bollylive.clock.anchor import Anchor, PlayerBeat
from bollylive.midi.messages import Control, Event, Note, NoteOff, NoteOn, Player, Program, Raw
from bollylive.sets.controls import Command
from bollylive.sets.settings import Set


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that the musician did, with the second and the beat at which it happened."""

    event: Event | Command
    at_s: float
    beat: float


@dataclass(frozen=True, slots=True)
class Play:
    """A note of the model's that the planner has fixed, in the beats of `epoch`."""

    note: Note
    epoch: int


@dataclass(frozen=True, slots=True)
class Move:
    """A note of the model's that sounds is to end at a beat, and another one to begin there in its place.

    `channel` 0-15 and `pitch` 0-127 are those of the note that ends, which has begun before `at_beat`, in the beats of
    `epoch`. If no such note sounds then, nothing happens. `note` begins at `at_beat` on the same channel; None: nothing
    begins. It sounds no longer than the other note would have, and is no louder.
    """

    channel: int
    pitch: int
    at_beat: float
    note: Note | None
    epoch: int


@dataclass(frozen=True, slots=True)
class Release:
    """Forget the model's notes on this channel that have not begun or moved, and end those that sound.

    A note that would sound longer ends after `within_beats`.
    """

    channel: int
    within_beats: float = 0.0


# What the engine tells the io process to do.
Instruction: TypeAlias = Play | Move | Release | PlayerBeat


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded and warm; from now on the band listens."""

    model: str
    buffer_notes: int


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Where bars begin, whether the band plays, and its chord; the journal keeps it for an engine that takes over."""

    zero_beats: float = 0.0  # a beat on which a bar begins
    awake: bool = False
    chord: tuple[float, int] | None = None  # the newest chord's first beat, and its word; None: there is none


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence from the engine for the musician; `fatal` if the engine can never go on."""

    text: str
    fatal: bool = False


# What comes from the engine to the router.
FromEngine: TypeAlias = Instruction | EngineStatus | Ready | Problem


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it was sent: who played it, at which second and beat, and how late it was.

    On a member channel of an MPE zone `part` is the channel on which the band hears it.
    """

    event: Event
    by: Player
    at_s: float
    beat: float
    late_s: float = 0.0
    part: int | None = None


def is_recorded(event: Event) -> bool:
    """Return whether a message that was sent goes into the journal, and to a process that takes over.

    Channel messages do. SysEx does not, because it may be long and leaves nothing held; nor do clock messages.
    """
    if isinstance(event, Raw):
        return event.channel is not None
    return isinstance(event, NoteOn | NoteOff | Control | Program)


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Where a new engine finds its buffers: in a journal, up to the second from which on it gets messages directly."""

    journal: str  # its path
    until_s: float
    keys_held: bool  # whether keys may still be down, with their note-offs yet to come


@dataclass(frozen=True, slots=True)
class EngineStartUp:
    """What an engine needs to begin."""

    band: Set
    seed: int
    journal: str | None = None  # the path of the journal, for an engine that takes over
    replay: ReplayRequest | None = None
    model: int | None = None  # the number of an open file with a copy of the model; None: it is where the set says


@dataclass(frozen=True, slots=True)
class InheritedState:
    """What a process that is gone may have left sounding, pedalled or bent."""

    releases: tuple[tuple[Event, Player], ...] = ()  # messages that end it, in sending order, each with its player
    channels: tuple[int, ...] = ()  # the channels that are reset as well

    def __bool__(self) -> bool:
        """Whether there is anything at all."""
        return bool(self.releases or self.channels)


@dataclass(frozen=True, slots=True)
class StartUp:
    """What an io process needs to begin."""

    band: Set
    seed: int
    api: str | None = None
    journal: str | None = None  # the path of the journal, in which a new engine finds its buffers
    model: int | None = None  # the number of an open file with a copy of the model; None: it is where the set says
    musician: tuple[tuple[float, Event], ...] = ()  # the demo's events, in seconds since the band is ready
    anchor: Anchor | None = None  # where the beat was; None for the first process of a performance
    left: InheritedState = InheritedState()
    given_s: float = 0.0  # when this was sent; shows whether the processes share a clock


@dataclass(frozen=True, slots=True)
class Finish:
    """End all notes, close the ports, and exit."""


@dataclass(frozen=True, slots=True)
class InputLost:
    """The MIDI system says, on standard error, that it lost input so many times since this was said last."""

    times: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life, in every direction; from the io process, `lost` counts messages that found no room so far."""

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
    """The MIDI system or a port is missing, or was lost, and why; the io process has ended."""

    text: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """The io process ran into a fault of its own, and why; it has ended."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The io process has ended on purpose and left silence; `figures` are what happened, in numbers."""

    figures: dict[str, float] = field(default_factory=dict)
