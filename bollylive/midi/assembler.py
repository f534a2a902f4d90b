"""Pair note-ons with note-offs, by the same rules for live input and for MIDI files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bollylive.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    RESET_CONTROLLERS,
    SUSTAIN,
    Control,
    Note,
    NoteOff,
    NoteOn,
)

SHORTEST_BEATS = 1 / 960  # no note is shorter


@dataclass(slots=True)
class _OpenNote:
    note: Note
    key_down: bool = True


class Assembler:
    """Combines the note-ons and note-offs of one input into notes, on all channels. For one thread.

    Every note is returned twice, otherwise equal: without a duration when it opens, and with one when it closes. A note
    closes at its note-off or, under the sustain pedal, when the pedal lifts; and whenever its pitch is struck again. A
    note-off for which no note is open is ignored.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], _OpenNote] = {}  # by channel and pitch
        self._pedals: set[int] = set()

    def handle(self, event: NoteOn | NoteOff | Control, beat: float) -> list[Note]:
        """Return the notes that `event` closes, and then the one that it opens."""
        match event:
            case NoteOn(channel, pitch, velocity):
                closed = self._close([(channel, pitch)], beat)
                note = Note(channel, pitch, velocity, beat, None)
                self._open[channel, pitch] = _OpenNote(note)
                return [*closed, note]
            case NoteOff(channel, pitch):
                return self._lift((channel, pitch), beat)
            case Control(channel, number, value):
                return self._control(channel, number, value, beat)

    def close_all(self, beat: float) -> list[Note]:
        """Close every open note, as at the end of a piece; a pedal that is down stays down."""
        return self._close(list(self._open), beat)

    def held(self, channel: int) -> bool:
        """Whether a key of `channel` is down; notes that only the pedal sustains do not count."""
        return any(key[0] == channel and open_.key_down for key, open_ in self._open.items())

    def _lift(self, key: tuple[int, int], beat: float) -> list[Note]:
        if key in self._open and key[0] in self._pedals:
            self._open[key].key_down = False
            return []
        return self._close([key], beat)

    def _control(self, channel: int, number: int, value: int, beat: float) -> list[Note]:
        keys = [key for key in self._open if key[0] == channel]
        if number == ALL_SOUND_OFF:
            return self._close(keys, beat)
        if number == ALL_NOTES_OFF:
            return [note for key in keys for note in self._lift(key, beat)]
        if number == SUSTAIN and value >= 64:
            self._pedals.add(channel)
        elif number in (SUSTAIN, RESET_CONTROLLERS):
            self._pedals.discard(channel)
            return self._close([key for key in keys if not self._open[key].key_down], beat)
        return []

    def _close(self, keys: list[tuple[int, int]], beat: float) -> list[Note]:
        notes = [self._open.pop(key).note for key in keys if key in self._open]
        return [replace(note, duration_beats=max(beat - note.onset_beats, SHORTEST_BEATS)) for note in notes]
