"""Held notes that move with the harmony: to a tone of the new chord, or they are let go.

    a chord changes                    → what is held and is not in the new chord moves
    the musician holds a new note      → what grinds against it, a semitone away, moves a sixteenth later

A moved note really sounds, so it is an entry of its own in its voice's buffer and in what the others hear. The voice's
own rhythm stays: when its next note is due does not depend on what has moved.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, Protocol

from bollylive.engine.band_state import BandState
from bollylive.engine.grid import ticks_of
from bollylive.engine.history import Entry
from bollylive.engine.part import Part
from bollylive.engine.planner import Planner
from bollylive.midi.messages import Note
from bollylive.model.codec import TICKS_PER_BEAT
from bollylive.protocol import Instruction, Move
from bollylive.sets.parts import PartName

SIXTEENTH_TICKS: Final = TICKS_PER_BEAT // 4
LONGEST_TICKS: Final = 8 * TICKS_PER_BEAT  # of a moved note
SOFTER: Final = 0.8  # the velocity of a moved note, of that of the note before it
MOST_MOVES, MOVES_TICKS = 4, 4 * TICKS_PER_BEAT  # so many in so long, of one part: more is another figure
_FURTHEST: Final = 7  # semitones; each pitch class has a pitch within six
_SEMITONE: Final = (1, 11)  # apart, of 12: what grinds
_OF_CHORDS: Final[frozenset[PartName]] = frozenset(("pad", "comp"))
_LONG_AGO: Final = -(1 << 62)


class Harmony(Protocol):
    """The chords of the band; all ticks are the grid's. Called on the engine's thread, and must not block."""

    def tones_at(self, tick: int) -> frozenset[int] | None:
        """The pitch classes 0-11 of the chord that stands at a tick; None if there is none."""

    def next_change(self, tick: int) -> int | None:
        """The first tick after `tick` at which another chord begins; None if none is known to be near."""


def may_move(part: Part) -> bool:
    """Whether the notes of a part may move: it is there for chords."""
    return not _OF_CHORDS.isdisjoint(part.setting.part)


class MovingNotes:
    """Decides which held notes move, and when. Owned by the engine; all times are ticks of its grid.

    Those of a part move that is set to "pad" or "comp", and only while there is a chord. `counts` has how many notes of
    each channel 0-15 were moved or let go.
    """

    def __init__(self, state: BandState, planner: Planner, harmony: Harmony) -> None:
        self.counts: Counter[int] = Counter()
        self._state, self._planner, self._harmony = state, planner, harmony
        self._followed_tick = _LONG_AGO  # chord changes up to here have been followed
        self._looked_tick = _LONG_AGO  # what the musician has begun up to here has been looked at
        self._recent: dict[int, deque[int]] = {}  # when the newest moves of each channel were

    def next_tick(self, earliest: int) -> int | None:
        """When `advance` has something to do, perhaps in the past; None if nothing is known yet."""
        ticks = [onset + SIXTEENTH_TICKS - 1 for onset, _ in self._new_onsets(earliest)[:1]]
        if (change := self._next_change(earliest)) is not None:
            ticks.append(change - self._state.commit_ticks)
        return min(ticks, default=None)

    def advance(self, earliest: int) -> list[Instruction]:
        """Move or let go what has to; everything from `earliest` on can be changed.

        It waits until all notes up to the commit line are chosen, so that a chord that the part itself strikes there is
        known. What comes more than a sixteenth too late by that is left as it is.
        """
        due = self.next_tick(earliest)
        if due is None or due > earliest or not self._planner.has_chosen(earliest):
            return []
        soonest = earliest + 1  # so that it reaches the ports before its beat
        instructions: list[Instruction] = []
        while (change := self._next_change(earliest)) is not None and change <= earliest + self._state.commit_ticks:
            self._followed_tick = change
            instructions += self._follow(change, max(change, soonest))
        return [*instructions, *self._give_way(soonest, earliest)]

    def _next_change(self, earliest: int) -> int | None:
        """The first chord change that has not been followed and is not over."""
        over = earliest - SIXTEENTH_TICKS - 1
        return self._harmony.next_change(max(self._followed_tick, over))

    def _follow(self, change: int, at: int) -> Iterator[Instruction]:
        """The chord changes: what is foreign to the new one moves."""
        tones = self._tones(change)
        return self._move(at, tones, lambda pitch: bool(tones) and pitch % 12 not in tones)

    def _new_onsets(self, earliest: int) -> list[tuple[int, int]]:
        """The (tick, pitch) of the musician's newest notes not looked at yet; none while there is no chord."""
        if not self._tones(earliest):
            return []
        return self._state.band_notes.musician_onsets(max(self._looked_tick, earliest - 2 * SIXTEENTH_TICKS))

    def _give_way(self, at: int, earliest: int) -> Iterator[Instruction]:
        """The musician has held new pitches for a sixteenth by a tick: what is a semitone from them moves."""
        until = at - SIXTEENTH_TICKS
        new = {pitch for onset, pitch in self._new_onsets(earliest) if onset <= until}
        self._looked_tick = max(self._looked_tick, until)
        held = new & self._state.band_notes.musician_pitches(at)
        return self._move(at, self._tones(at), lambda pitch: _grinds(pitch, held))

    def _tones(self, tick: int) -> frozenset[int]:
        """The pitch classes of the chord at a tick; none if there is no chord."""
        return self._harmony.tones_at(tick) or frozenset()

    def _move(self, at: int, tones: frozenset[int], must_move: Callable[[int], bool]) -> Iterator[Instruction]:
        """Let the held pitches that must move do so at a tick, to these tones."""
        held = self._state.band_notes.musician_pitches(at)
        for part in self._state.parts:
            if not part.is_playing or not may_move(part):
                continue
            sounding = part.history.lasting(at)
            busy = {entry.pitch for entry in sounding}
            for entry in sounding:
                left = _left(part, entry, at)
                is_settled = left >= SIXTEENTH_TICKS and at - entry.tick >= SIXTEENTH_TICKS
                if not is_settled or not must_move(entry.pitch) or not self._may_move(part.channel, at):
                    continue
                pitch = _nearest(entry.pitch, part, tones, held, busy)
                busy.discard(entry.pitch)
                if pitch is not None:
                    busy.add(pitch)
                yield self._replace(part, entry, at, pitch, min(left, LONGEST_TICKS))

    def _may_move(self, channel: int, at: int) -> bool:
        """Whether one more note of a channel may move; counts it."""
        recent = self._recent.setdefault(channel, deque(maxlen=MOST_MOVES))
        if len(recent) == MOST_MOVES and at - recent[0] < MOVES_TICKS:
            return False
        recent.append(at)
        self.counts[channel] += 1
        return True

    def _replace(self, part: Part, entry: Entry, at: int, pitch: int | None, ticks: int) -> Instruction:
        """End a note at a tick, and begin a softer one for so many ticks; None: only end it."""
        state, channel = self._state, part.channel
        beat = state.grid.beat_of(at)
        state.end_early(part, entry, at)
        note: Note | None = None
        if pitch is not None:
            velocity, played = (max(1, round(SOFTER * each)) for each in (entry.velocity, entry.played_velocity))
            state.add(part, Entry(at, pitch, ticks, velocity, by_model=True, played_velocity=played))
            note = Note(channel, pitch, played, beat, ticks / TICKS_PER_BEAT)
        return Move(channel, entry.pitch, beat, note, state.grid.anchor.epoch)


def _grinds(pitch: int, held: Iterable[int]) -> bool:
    return any((pitch - other) % 12 in _SEMITONE for other in held)


def _left(part: Part, note: Entry, tick: int) -> int:
    """How long a note that the model plays still sounds at a tick; 0 for those of the musician or only planned."""
    if not note.played_velocity:
        return 0
    ends = [note.tick + note.duration_ticks]
    if part.setting.longest_beats is not None:
        ends.append(note.tick + ticks_of(part.setting.longest_beats))
    if part.playing is not None and part.playing.until_tick is not None:
        ends.append(part.playing.until_tick)
    return max(0, min(ends) - tick)


def _nearest(
    pitch: int, part: Part, tones: Collection[int], held: Collection[int], busy: Collection[int]
) -> int | None:
    """The nearest pitch to which a note may move; of two that are as near, one whose class does not sound yet."""
    near = range(max(0, pitch - _FURTHEST), min(127, pitch + _FURTHEST) + 1)
    free = [
        other
        for other in near
        if other % 12 in tones and other not in busy and part.pitch_bias.allows(other) and not _grinds(other, held)
    ]
    doubled = {other % 12 for other in busy}
    return min(free, key=lambda other: (abs(other - pitch), other % 12 in doubled, other), default=None)
