"""The words that all rooms speak: notes, what a MIDI cable carries, and what relay and engine tell each other.

Channels are 0-15 here and 1-16 wherever a person reads them. Everything is frozen, so a word may cross
threads and processes freely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

# The control changes that mean something here, by their numbers in the MIDI 1.0 specification.
SUSTAIN, ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 64, 120, 121, 123

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
class Command:
    """The musician asks for something beside the music: a deed of `band.DEEDS`, or that a knob be turned."""

    does: str
    channel: int | None = None  # 0-15, the one that it is for; None: all that it can be for
    value: float = 1.0  # of a knob: where it stands in its range, 0-1


@dataclass(frozen=True, slots=True)
class Raw:
    """Anything else a cable carries (bend, aftertouch, SysEx): passed through, without meaning here."""

    data: bytes


Event: TypeAlias = NoteOn | NoteOff | Control | Program | Tick | Start | Continue | Stop | Position | Tempo | Raw


@dataclass(frozen=True, slots=True)
class LetGo:
    """What lets go of something that an input held whose source has gone; it is no command, whatever the set says."""

    event: Event


@dataclass(frozen=True, slots=True)
class Anchor:
    """The beat as one point and one slope: at `at_s` it is `beat`, and a beat lasts `seconds_per_beat`.

    While `running` is false musical time stands still at `beat`. `epoch` counts the jumps (Start, Song
    Position): notes planned under another epoch belong to a time that is gone.
    """

    beat: float
    seconds_per_beat: float
    at_s: float
    running: bool = True
    epoch: int = 0
    followed: bool = False  # a MIDI clock leads, so beat 0 is a bar line of the DAW's
    bar_beat: float | None = None  # where it is not: a bar line of the Link session that leads

    @property
    def is_free(self) -> bool:
        """Whether nobody says where the bars are."""
        return not self.followed and self.bar_beat is None

    def beat_at(self, now_s: float) -> float:
        """The beat at `now_s`."""
        if not self.running:
            return self.beat
        return self.beat + (now_s - self.at_s) / self.seconds_per_beat

    def seconds_at(self, beat: float) -> float:
        """When `beat` falls, in the seconds of `at_s`; only meaningful while `running`."""
        return self.at_s + (beat - self.beat) * self.seconds_per_beat


@dataclass(frozen=True, slots=True)
class LinkBeat:
    """Where an Ableton Link session is at `at_s`; its multiples of `beats_per_bar` are bar lines."""

    beat: float
    bpm: float
    at_s: float
    peers: int  # the others in it
    playing: bool = False  # as those say who share start and stop
    beats_per_bar: int = 4


@dataclass(frozen=True, slots=True)
class PlayerBeat:
    """Engine to relay: where the musician's playing says that the beat is, as an `Anchor` says it."""

    beat: float
    seconds_per_beat: float
    at_s: float
    epoch: int


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
Cue: TypeAlias = Play | Release | PlayerBeat


@dataclass(frozen=True, slots=True)
class Ready:
    """Engine to relay: the model is loaded and warm; from now on the band hears."""

    model: str
    buffer_notes: int


@dataclass(frozen=True, slots=True)
class Bearing:
    """Engine to relay: where its bars begin and whether the band plays, written down for an engine that comes after."""

    zero_beats: float = 0.0  # a beat on which a bar begins
    awake: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
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
