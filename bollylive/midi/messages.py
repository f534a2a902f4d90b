"""The words that all rooms speak: notes, what a MIDI cable carries, and what relay and engine tell each other.

Channels are 0-15 here and 1-16 wherever a person reads them. Everything is frozen, so a word may cross
threads and processes freely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

# The control changes that mean something here, by their numbers in the MIDI 1.0 specification.
SUSTAIN, ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 64, 120, 121, 123

TICKS_PER_BEAT = 24  # of MIDI clock (MIDI 1.0, "System Real Time Messages"), and of all that is counted in ticks here

Player: TypeAlias = Literal["musician", "model"]


@dataclass(frozen=True, slots=True)
class Note:
    """One note in musical time; `duration_beats` is None while it is still held."""

    channel: int  # 0-15
    pitch: int  # 0-127
    velocity: int  # 1-127
    onset_beats: float
    duration_beats: float | None


@dataclass(frozen=True, slots=True)
class NoteOn:
    """A key goes down; `velocity` is 1-127 (0 is a `NoteOff` on the wire)."""

    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class NoteOff:
    """A key comes up."""

    channel: int
    pitch: int
    velocity: int = 64


@dataclass(frozen=True, slots=True)
class Control:
    """A control change, number and value 0-127."""

    channel: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Program:
    """A program change: General MIDI program 0-127."""

    channel: int
    program: int


@dataclass(frozen=True, slots=True)
class Tick:
    """MIDI clock, 24 to the beat."""


@dataclass(frozen=True, slots=True)
class Start:
    """The song starts from its beginning; the next tick is beat 0."""


@dataclass(frozen=True, slots=True)
class Continue:
    """The song goes on from where it is; the next tick is that place."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The song stands still."""


@dataclass(frozen=True, slots=True)
class Position:
    """Song position, in sixteenths since the beginning, 0-16383."""

    sixteenths: int


@dataclass(frozen=True, slots=True)
class Tempo:
    """A new free tempo, in beats per minute; a MIDI clock overrides it."""

    bpm: float


@dataclass(frozen=True, slots=True)
class Raw:
    """Anything else a cable carries (bend, aftertouch, SysEx): passed through, without meaning here."""

    data: bytes


Event: TypeAlias = NoteOn | NoteOff | Control | Program | Tick | Start | Continue | Stop | Position | Tempo | Raw


@dataclass(frozen=True, slots=True)
class LetGo:
    """What lets go of something that an input held whose source has gone; it is no command, whatever the set says."""

    event: Event
