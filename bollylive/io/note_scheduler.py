"""The planned notes, and a record of every note that sounds: each note-on that leaves gets exactly one note-off.

Other messages are sent by `router.Router.tick`: to send MIDI clock, for example, begin there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from bollylive.midi.assembler import SHORTEST_BEATS
from bollylive.midi.messages import Note, NoteOff, NoteOn, Player

LATE_BOUND_S = 0.05

Outgoing: TypeAlias = tuple[NoteOn | NoteOff, Player]
_Key: TypeAlias = tuple[int, int]  # channel, pitch


@dataclass(order=True, frozen=True, slots=True)
class _Planned:
    beat: float
    is_on: bool  # at the same beat offs go first, so that a repeated note is heard twice
    serial: int  # then in the order of planning; an off carries the serial of its note
    note: Note = field(compare=False)
    early_beats: float = field(default=0.0, compare=False)


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
        self._sounding: dict[_Key, int] = {}  # the serial of the model's note, or _MUSICIAN
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
        heapq.heappush(self._planned, _Planned(note.onset_beats, True, self._serial, note, early_beats))

    def next_beat(self) -> float | None:
        """Return when the next message is due, perhaps in the past; None if nothing is planned."""
        return self._planned[0].beat if self._planned else None

    def due(self, beat: float, seconds_per_beat: float) -> Iterator[tuple[NoteOn | NoteOff, Player, float]]:
        """Take out all that is due at `beat`: messages in order, each with the beat at which it was due.

        A note-on that is more than `late_bound_s` late is dropped with its off; a note-off is never dropped.
        """
        while self._planned and self._planned[0].beat <= beat:
            item = heapq.heappop(self._planned)
            for event in self._begin(item, beat, seconds_per_beat) if item.is_on else self._end(item):
                yield event, "model", item.beat

    def keys_down(self) -> list[NoteOff]:
        """Return the ends of the musician's notes that sound."""
        return [NoteOff(*key) for key, owner in self._sounding.items() if owner == _MUSICIAN]

    def press(self, event: NoteOn) -> list[Outgoing]:
        """The musician has pressed a key; return what to send for it now."""
        ended = self._silence((event.channel, event.pitch))
        self._sounding[event.channel, event.pitch] = _MUSICIAN
        return [*ended, (event, "musician")]

    def lift(self, event: NoteOff) -> list[Outgoing]:
        """The musician has lifted a key; return what to send now: nothing if their note does not sound."""
        key = (event.channel, event.pitch)
        if self._sounding.get(key) != _MUSICIAN:
            return []
        del self._sounding[key]
        return [(event, "musician")]

    def fade(self, channel: int, beat: float) -> None:
        """Let the model's notes that sound on a channel end no later than at a beat.

        Notes that have not begun are forgotten.
        """
        self._planned = [item for item in self._planned if not item.is_on or item.note.channel != channel]
        for key, serial in self._sounding.items():
            if key[0] == channel and serial != _MUSICIAN:
                # The off that was planned finds another note there, or none, and does nothing.
                self._planned.append(_Planned(beat, False, serial, Note(*key, 1, beat, None)))
        heapq.heapify(self._planned)

    def release(self, channel: int | None = None, by: Player | None = None) -> list[Outgoing]:
        """End what sounds on `channel` (None: on all) of one player (None: of both); return what to send, now.

        If the model's notes are among them, its notes that have not begun are forgotten too.
        """
        if by != "musician":
            self._planned = [item for item in self._planned if channel not in (None, item.note.channel)]
            heapq.heapify(self._planned)
        keys = [
            key for key, owner in self._sounding.items() if channel in (None, key[0]) and by in (None, _player(owner))
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
        if self._sounding.get(key) == _MUSICIAN:
            self.dropped_held += 1
            return []
        ended = [event for event, _ in self._silence(key)]
        self._sounding[key] = item.serial
        if note.duration_beats is not None:
            off_beat = begin_beat + max(note.duration_beats, SHORTEST_BEATS)
            heapq.heappush(self._planned, _Planned(off_beat, False, item.serial, note))
        return [*ended, NoteOn(note.channel, note.pitch, note.velocity)]

    def _end(self, item: _Planned) -> list[NoteOn | NoteOff]:
        key = (item.note.channel, item.note.pitch)
        if self._sounding.get(key) != item.serial:
            return []
        return [event for event, _ in self._silence(key)]

    def _silence(self, key: _Key) -> list[Outgoing]:
        owner = self._sounding.pop(key, None)
        return [] if owner is None else [(NoteOff(*key), _player(owner))]


_MUSICIAN = 0  # in place of a serial for the musician's notes; serials of the model's notes begin at 1


def _player(owner: int) -> Player:
    return "musician" if owner == _MUSICIAN else "model"
