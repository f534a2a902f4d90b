"""MIDI messages and notes as frozen values: what a MIDI stream and a MIDI file carry.

Channels are 0-15 in the code, and 1-16 in everything that people read. All values may cross threads and processes
freely. What the processes of BollyLive say to each other is in `protocol`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

# The control changes with a meaning here, by their numbers in the MIDI 1.0 specification.
PEDAL_DOWN = 64  # a pedal is down from this value on (MIDI 1.0, "Controllers 64 to 69")
SUSTAIN, SOSTENUTO, ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 64, 66, 120, 121, 123
MODE_CHANGES = (124, 125, 126, 127)  # omni off and on, mono, poly: each ends all notes as ALL_NOTES_OFF does

TICKS_PER_BEAT = 24  # of MIDI clock (MIDI 1.0, "System Real Time Messages"), and of all that is counted in ticks here

Player: TypeAlias = Literal["musician", "model"]


@dataclass(frozen=True, slots=True)
class Note:
    """One note in musical time; `duration_beats` is None while the key is held."""

    channel: int  # 0-15
    pitch: int  # 0-127
    velocity: int  # 1-127
    onset_beats: float
    duration_beats: float | None


@dataclass(frozen=True, slots=True)
class NoteOn:
    """A key goes down; `velocity` is 1-127, since a note-on of velocity 0 is a `NoteOff`."""

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
    """A control change; number and value are 0-127."""

    channel: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Program:
    """A program change; the General MIDI program is 0-127."""

    channel: int
    program: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A MIDI clock tick, 24 to the beat."""


@dataclass(frozen=True, slots=True)
class Start:
    """The song starts from its beginning; the next tick is beat 0."""


@dataclass(frozen=True, slots=True)
class Continue:
    """The song goes on from its current position; the next tick is that position."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The song stops."""


@dataclass(frozen=True, slots=True)
class Position:
    """A song position, 0-16383 sixteenths from the beginning."""

    sixteenths: int


@dataclass(frozen=True, slots=True)
class Tempo:
    """A new free tempo in beats per minute. A file carries it, a stream does not; a MIDI clock overrides it."""

    bpm: float


@dataclass(frozen=True, slots=True)
class Raw:
    """The bytes of any other message (pitch bend, aftertouch, SysEx): passed through without a meaning here."""

    data: bytes

    @property
    def channel(self) -> int | None:
        """The channel 0-15; None for SysEx and System messages (MIDI 1.0: status bytes from 0xF0 on)."""
        return self.data[0] & 0x0F if self.data[0] < 0xF0 else None


Event: TypeAlias = NoteOn | NoteOff | Control | Program | Tick | Start | Continue | Stop | Position | Tempo | Raw


@dataclass(frozen=True, slots=True)
class LostSourceRelease:
    """A release that no device sent: it ends something that an input held when its source disappeared.

    `event` is a note-off, a pedal that lifts or a wheel that goes back. It is never a command, whatever the set says.
    """

    event: Event
