"""The planned notes, and a record of every note that sounds: each note-on that leaves gets exactly one note-off.

Other messages are sent by `router.Router.tick`: to send MIDI clock, for example, begin there.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TypeAlias

from bollylive.midi.assembler import SHORTEST_BEATS
from bollylive.midi.messages import Note, NoteOff, NoteOn, Player

LATE_BOUND_S = 0.05

Outgoing: TypeAlias = tuple[NoteOn | NoteOff, Player]
_Key: TypeAlias = tuple[int, int]  # channel, pitch


class _Kind(IntEnum):
    """What is planned, in the order in which it is done at one beat.

    Offs go first, so that a repeated note is heard twice. A move ends a note before any begins, so two notes may swap.
    """

    OFF = 0
    MOVE = 1
    ON = 2


@dataclass(order=True, frozen=True, slots=True)
class _Planned:
    beat: float
    kind: _Kind
    serial: int  # then in the order of planning; an off carries the serial of its note
    note: Note = field(compare=False)  # the one that begins or ends
    early_beats: float = field(default=0.0, compare=False)
    successor: Note | None = field(default=None, compare=False)  # what begins in place of a note that is moved
    is_successor: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class _Sounding:
    serial: int  # of the model's note, or _MUSICIAN
    since_beat: float = -math.inf  # when it was planned to begin
    until_beat: float = math.inf  # when it will end by itself
    velocity: int = 0


class Scheduler:
    """Holds the model's notes until they are due, and decides which player owns a pitch.

    A pitch that is struck while it sounds is ended first, and the off of the earlier note is swallowed.
    The musician takes a pitch from the model; the model never takes one from the musician.
    `dropped_late` counts notes that came too late to begin, `dropped_held` those whose pitch the musician
    held. Not thread-safe.
    """

    def __init__(self, late_bound_s: float = LATE_BOUND_S) -> None:
        self.late_bound_s = late_bound_s
        self.dropped_late = 0
        self.dropped_held = 0
        self._planned: list[_Planned] = []
        self._sounding: dict[_Key, _Sounding] = {}
        self._serial = _MUSICIAN

    @property
    def sounding(self) -> int:
        """How many notes sound now, of both players."""
        return len(self._sounding)

    def plan(self, note: Note, early_beats: float = 0.0) -> None:
        """Add a planned note of the model; without a duration it sounds until it is released.

        `early_beats` is how long before its musical time it is to be sent; it counts as late only after that moment.
        """
        self._serial += 1
        heapq.heappush(self._planned, _Planned(note.onset_beats, _Kind.ON, self._serial, note, early_beats))

    def move(self, ending: Note, successor: Note | None, early_beats: float = 0.0) -> None:
        """Plan that a note of the model ends, and that `successor` begins in its place; None: nothing begins.

        `ending` has the channel and the pitch of the note that ends, and as its onset the beat at which it does. If no
        note of the model sounds there that began earlier, nothing happens. The successor keeps within what was left of
        the note, and within its velocity; it begins only if nothing sounds on its key. `early_beats` is as for `plan`.
        """
        self._serial += 1
        move = _Planned(ending.onset_beats, _Kind.MOVE, self._serial, ending, early_beats, successor)
        heapq.heappush(self._planned, move)

    def next_beat(self) -> float | None:
        """Return when the next message is due, perhaps in the past; None if nothing is planned."""
        return self._planned[0].beat if self._planned else None

    def due(self, beat: float, seconds_per_beat: float) -> Iterator[tuple[NoteOn | NoteOff, Player, float]]:
        """Take out all that is due at `beat`: messages in order, each with the beat at which it was due.

        A note-on that is more than `late_bound_s` late is dropped with its off; a note-off is never dropped.
        """
        while self._planned and self._planned[0].beat <= beat:
            item = heapq.heappop(self._planned)
            match item.kind:
                case _Kind.OFF:
                    events: list[NoteOn | NoteOff] = self._end(item)
                case _Kind.MOVE:
                    events = self._move(item)
                case _Kind.ON:
                    events = self._begin(item, beat, seconds_per_beat)
            for event in events:
                yield event, "model", item.beat

    def keys_down(self) -> list[NoteOff]:
        """Return the ends of the musician's notes that sound."""
        return [NoteOff(*key) for key, sounding in self._sounding.items() if sounding is _HELD]

    def press(self, event: NoteOn) -> list[Outgoing]:
        """The musician has pressed a key; return what to send for it now."""
        ended = self._silence((event.channel, event.pitch))
        self._sounding[event.channel, event.pitch] = _HELD
        return [*ended, (event, "musician")]

    def lift(self, event: NoteOff) -> list[Outgoing]:
        """The musician has lifted a key; return what to send now: nothing if their note does not sound."""
        key = (event.channel, event.pitch)
        if self._sounding.get(key) is not _HELD:
            return []
        del self._sounding[key]
        return [(event, "musician")]

    def fade(self, channel: int, beat: float) -> None:
        """Let the model's notes that sound on a channel end no later than at a beat.

        Notes that have not begun are forgotten, and so are moves.
        """
        self._planned = [item for item in self._planned if item.kind is _Kind.OFF or item.note.channel != channel]
        for key, sounding in self._sounding.items():
            if key[0] == channel and sounding is not _HELD:
                # The off that was planned finds another note there, or none, and does nothing.
                self._planned.append(_Planned(beat, _Kind.OFF, sounding.serial, Note(*key, 1, beat, None)))
                self._sounding[key] = replace(sounding, until_beat=min(sounding.until_beat, beat))
        heapq.heapify(self._planned)

    def release(self, channel: int | None = None, by: Player | None = None) -> list[Outgoing]:
        """End what sounds on `channel` (None: on all) of one player (None: of both); return what to send, now.

        If the model's notes are among them, its notes that have not begun are forgotten too, and so are moves.
        """
        if by != "musician":
            self._planned = [item for item in self._planned if channel not in (None, item.note.channel)]
            heapq.heapify(self._planned)
        keys = [
            key
            for key, sounding in self._sounding.items()
            if channel in (None, key[0]) and by in (None, _player(sounding))
        ]
        return [message for key in keys for message in self._silence(key)]

    def _begin(self, item: _Planned, beat: float, seconds_per_beat: float) -> list[NoteOn | NoteOff]:
        note, key = item.note, (item.note.channel, item.note.pitch)
        begin_beat = min(
            max(item.beat, beat), item.beat + item.early_beats
        )  # a note that is no longer early keeps its length
        if (beat - begin_beat) * seconds_per_beat > self.late_bound_s:
            self.dropped_late += 1
            return []
        if (there := self._sounding.get(key)) is _HELD:
            self.dropped_held += 1
            return []
        if there is not None and item.is_successor:
            return []
        ended = [event for event, _ in self._silence(key)]
        off_beat = math.inf
        if note.duration_beats is not None:
            off_beat = begin_beat + max(note.duration_beats, SHORTEST_BEATS)
            heapq.heappush(self._planned, _Planned(off_beat, _Kind.OFF, item.serial, note))
        self._sounding[key] = _Sounding(item.serial, item.beat, off_beat, note.velocity)
        return [*ended, NoteOn(note.channel, note.pitch, note.velocity)]

    def _move(self, item: _Planned) -> list[NoteOn | NoteOff]:
        key, successor = (item.note.channel, item.note.pitch), item.successor
        ending = self._sounding.get(key)
        if ending is None or ending is _HELD or ending.since_beat >= item.beat:
            return []
        if successor is not None:
            within = replace(
                successor,
                velocity=min(successor.velocity, ending.velocity),
                duration_beats=_shorter(successor.duration_beats, ending.until_beat - item.beat),
            )
            self._serial += 1  # a note that was planned meanwhile for the same beat goes first
            begin = _Planned(item.beat, _Kind.ON, self._serial, within, item.early_beats, is_successor=True)
            heapq.heappush(self._planned, begin)
        return [event for event, _ in self._silence(key)]

    def _end(self, item: _Planned) -> list[NoteOn | NoteOff]:
        key = (item.note.channel, item.note.pitch)
        sounding = self._sounding.get(key)
        if sounding is None or sounding.serial != item.serial:
            return []
        return [event for event, _ in self._silence(key)]

    def _silence(self, key: _Key) -> list[Outgoing]:
        sounding = self._sounding.pop(key, None)
        return [] if sounding is None else [(NoteOff(*key), _player(sounding))]


_MUSICIAN = 0  # in place of a serial for the musician's notes; serials of the model's notes begin at 1
_HELD = _Sounding(_MUSICIAN)  # a key that the musician holds


def _player(sounding: _Sounding) -> Player:
    return "musician" if sounding is _HELD else "model"


def _shorter(duration_beats: float | None, left_beats: float) -> float | None:
    """The shorter of two lengths; None for a duration, and infinity for what is left, are without an end."""
    if duration_beats is None:
        return None if math.isinf(left_beats) else left_beats
    return min(duration_beats, left_beats)
