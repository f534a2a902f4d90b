"""The content of a snapshot: the band at one moment, and the state of the process with the ports.

All values are frozen and may cross threads and processes freely.
"""

from __future__ import annotations

from dataclasses import dataclass

from bollylive.midi.messages import Note, Player
from bollylive.sets.controls import Command
from bollylive.sets.settings import Role

NEWEST_NOTES = 8  # in a snapshot, of each buffer


@dataclass(frozen=True, slots=True)
class Vitals:
    """What only the process with the ports knows; it sends this to the engine a few times a second, when it changes."""

    leader: str = "free"  # who leads the beat, see `clock.clock.Clock.source`
    planned: int = 0  # notes of the model that were sent as planned
    late: int = 0  # those sent more than `io.lateness.LATE_S` after they were due
    latest_s: float = 0.0  # how late the latest of them was
    dropped: int = 0  # planned notes that were not sent: too late, or their pitch was held
    sounding: int = 0  # notes that sound now, of both players
    hung: str | None = None  # the process that does not answer, if any
    asked: Command | None = None  # the newest command of the musician's, if there was one
    commands: int = 0  # how many there were, so that the same one twice is seen
    trouble: tuple[str, ...] = ()  # the newest sentences for the musician, the oldest first


@dataclass(frozen=True, slots=True)
class PartSnapshot:
    """One channel of the band."""

    channel: int  # 0-15
    name: str
    role: Role
    instrument: int  # General MIDI program 0-127, or 128 for percussion
    word: Player | None  # who is playing: the musician, the model, or nobody
    ahead: int  # planned notes that can still be withdrawn
    newest: tuple[Note, ...]  # the newest notes of the buffer, the oldest first, at most NEWEST_NOTES


@dataclass(frozen=True, slots=True)
class KnobSnapshot:
    """Where one knob stands."""

    name: str  # one of `settings.KNOBS`
    value: float
    channel: int | None = None  # 0-15, where each channel has its own


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole band at one moment."""

    name: str  # of the set
    beat: float
    bpm: float
    running: bool  # the song is not stopped
    awake: bool  # the musician has begun, and the band plays
    parts: tuple[PartSnapshot, ...]  # in order of channel
    failures: int  # model calls that failed
    skipped: int  # notes that were planned too late to be sent
    vitals: Vitals = Vitals()
    knobs: tuple[KnobSnapshot, ...] = ()  # those that a control of the set turns
    chord: str | None = None  # the band's chord now, such as `Am`; None: there is none
    next_chord: str | None = None  # the one that follows, if it is planned
