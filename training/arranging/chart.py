"""The chart: what every musician of an arrangement gets: metre, key, sections and chords. And the words for a part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from bollylive.model.codec import TICKS_PER_BEAT
from training.arranging.metre import Metre
from training.data.tonality import Key


class Tone(NamedTuple):
    """A note of a part, in ticks of the song."""

    onset: int
    duration: int
    pitch: int
    velocity: int


Part: TypeAlias = list[Tone]


@dataclass(frozen=True)
class Chord:
    """A triad from `start` to `end` (ticks); a drone has no third and says so with `minor` None."""

    start: int
    end: int
    root: int  # pitch class
    minor: bool | None

    @property
    def classes(self) -> tuple[int, ...]:
        """Its pitch classes: root, third (unless a drone), fifth."""
        third = () if self.minor is None else ((self.root + (3 if self.minor else 4)) % 12,)
        return (self.root, *third, (self.root + 7) % 12)


@dataclass(frozen=True)
class Section:
    """A stretch of whole cycles: `intro`, `verse` (the melody is there), `interlude` or `outro`."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Chart:
    """An arrangement on paper; chords follow each other without a gap from the first section to the last."""

    metre: Metre
    key: Key
    sections: tuple[Section, ...]
    chords: tuple[Chord, ...]

    @property
    def end(self) -> int:
        """The tick at which the last section ends."""
        return self.sections[-1].end

    def chord_at(self, tick: int) -> Chord:
        """The chord that sounds at a tick; before the first and after the last it is those."""
        return next((chord for chord in self.chords if tick < chord.end), self.chords[-1])

    def section_at(self, tick: int) -> Section:
        """The section that a tick is in."""
        return next((section for section in self.sections if tick < section.end), self.sections[-1])


def swung(tick: int, late: int) -> int:
    """Where a straight tick falls when the second half of each beat comes `late` ticks late."""
    beat, place = divmod(tick, TICKS_PER_BEAT)
    half = TICKS_PER_BEAT // 2
    early = half + late
    moved = place * early // half if place < half else early + (place - half) * (half - late) // half
    return beat * TICKS_PER_BEAT + moved


def swing(part: Part, late: int) -> Part:
    """A part whose onsets and ends are both swung."""
    if not late:
        return part
    return [
        tone._replace(
            onset=swung(tone.onset, late),
            duration=max(1, swung(tone.onset + tone.duration, late) - swung(tone.onset, late)),
        )
        for tone in part
    ]
