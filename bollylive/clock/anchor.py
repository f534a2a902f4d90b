"""The beat as a point and a slope; also the reports about it from a Link session and from the musician's playing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

# The band's own tempo; the musician's playing; an Ableton Link session; a MIDI clock; one that has fallen silent.
Leader: TypeAlias = Literal["free", "player", "link", "midi", "lost"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """The beat as a point and a slope: at `at_s` it is `beat`, and a beat lasts `seconds_per_beat`.

    While `running` is false musical time stands still at `beat`. `epoch` counts the jumps (Start, Song
    Position): notes that were planned under an earlier epoch are no longer valid.
    """

    beat: float
    seconds_per_beat: float
    at_s: float
    running: bool = True
    epoch: int = 0
    followed: bool = False  # a MIDI clock leads, so beat 0 is a bar line of the DAW's
    bar_beat: float | None = None  # a bar line of the Link session, if one leads

    @property
    def is_free(self) -> bool:
        """Whether nobody outside the band says where the bars are."""
        return not self.followed and self.bar_beat is None

    def beat_at(self, now_s: float) -> float:
        """Return the beat at `now_s`."""
        if not self.running:
            return self.beat
        return self.beat + (now_s - self.at_s) / self.seconds_per_beat

    def seconds_at(self, beat: float) -> float:
        """Return when `beat` falls, in the seconds of `at_s`; only meaningful while `running`."""
        return self.at_s + (beat - self.beat) * self.seconds_per_beat


@dataclass(frozen=True, slots=True)
class LinkBeat:
    """Where an Ableton Link session is at `at_s`; its multiples of `beats_per_bar` are bar lines."""

    beat: float
    bpm: float
    at_s: float
    peers: int  # how many others are in the session
    playing: bool = False  # according to the peers that share start and stop
    beats_per_bar: float = 4

    def as_of(self, now_s: float) -> LinkBeat:
        """Return where the session is at `now_s`, if its tempo stays."""
        return replace(self, beat=self.beat + (now_s - self.at_s) * self.bpm / 60.0, at_s=now_s)


@dataclass(frozen=True, slots=True)
class ClockGone:
    """The input that led the beat is gone, or nothing is connected to it any more."""


@dataclass(frozen=True, slots=True)
class PlayerBeat:
    """Where the musician's playing puts the beat, in the form of an `Anchor`; a message of the engine's."""

    beat: float
    seconds_per_beat: float
    at_s: float
    epoch: int
