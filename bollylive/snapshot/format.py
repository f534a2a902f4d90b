"""What others may see of a performance: the band at one moment, and how the process with the ports fares.

Everything is frozen, so a snapshot may cross threads and processes freely.
"""

from __future__ import annotations

from dataclasses import dataclass

from bollylive.midi.messages import Note, Player
from bollylive.sets.band import Role

NEWEST_NOTES = 8  # of each buffer are shown


@dataclass(frozen=True, slots=True)
class Vitals:
    """What only the process with the ports knows; it tells the engine a few times a second, if anything is new."""

    leader: str = "free"  # who leads the beat, see `clock.Clock.source`
    planned: int = 0  # notes of the model that left as planned
    late: int = 0  # those of them that left more than `lateness.LATE_S` after they were due
    latest_s: float = 0.0  # how late the latest of them left
    dropped: int = 0  # planned notes that were not played: too late, their pitch held, or their time gone
    sounding: int = 0  # notes of both players
    hung: str | None = None  # which process gives no sign of life any more
    trouble: tuple[str, ...] = ()  # the newest sentences for the musician, oldest first


@dataclass(frozen=True, slots=True)
class PartSnapshot:
    """One channel of the band."""

    channel: int  # 0-15
    name: str
    role: Role
    instrument: int  # General MIDI program 0-127, or 128 for percussion
    word: Player | None  # who has the word: the musician, the model, or nobody
    ahead: int  # notes that are planned and can still be taken back
    newest: tuple[Note, ...]  # the newest notes of the buffer, oldest first, at most NEWEST_NOTES


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole band at one moment."""

    name: str  # the set's
    beat: float
    bpm: float
    running: bool  # musical time goes on
    awake: bool  # the musician has begun, and the band plays
    parts: tuple[PartSnapshot, ...]  # in order of channel
    failures: int  # calls of the model that failed
    skipped: int  # notes whose time had passed before they were planned
    vitals: Vitals = Vitals()
