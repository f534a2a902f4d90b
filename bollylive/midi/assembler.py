"""Pair note-ons with note-offs, by the same rules for live input and for MIDI files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bollylive.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    MODE_CHANGES,
    PEDAL_DOWN,
    RESET_CONTROLLERS,
    SOSTENUTO,
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
    lifted_beat: float | None = None  # when its key came up; None: the key is down
    sostenuto: bool = False  # its key was down when the sostenuto pedal went down


class Assembler:
    """Combines the note-ons and note-offs of one input into notes, on all channels. For one thread.

    Every note is returned twice, otherwise equal: without a duration when it opens, and with one when it closes. A note
    closes at its note-off or, under a pedal, when the pedal lifts; and whenever its pitch is struck again. The sustain
    pedal (64) holds every note, the sostenuto pedal (66) those whose keys were down when it went down. As the MIDI 1.0
    specification says, "all notes off" and the mode messages lift the keys and not the pedals; "all sound off" ends
    everything. A note-off for which no note is open is ignored.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], _OpenNote] = {}  # by channel and pitch
        self._pedals: set[int] = set()  # the channels whose sustain pedal is down
        self._cut: set[tuple[int, int]] = set()  # keys that are down although their notes have closed

    def handle(self, event: NoteOn | NoteOff | Control, beat: float) -> list[Note]:
        """Return the notes that `event` closes, and then the one that it opens."""
        match event:
            case NoteOn(channel, pitch, velocity):
                closed = self._close([(channel, pitch)], beat)
                note = Note(channel, pitch, velocity, beat, None)
                self._cut.discard((channel, pitch))
                self._open[channel, pitch] = _OpenNote(note)
                return [*closed, note]
            case NoteOff(channel, pitch):
                self._cut.discard((channel, pitch))
                return self._lift([(channel, pitch)], beat)
            case Control(channel, number, value):
                return self._control(channel, number, value, beat)

    def close_all(self, beat: float) -> list[Note]:
        """Close every open note, as at the end of a piece: no key is down any more; a pedal that is down stays down."""
        self._cut.clear()
        return self._close(list(self._open), beat)

    def cut_all(self, beat: float) -> list[Note]:
        """Close every open note, as where the song stops: a key that is down stays down until it comes up."""
        self._cut.update(key for key, open_ in self._open.items() if open_.lifted_beat is None)
        return self._close(list(self._open), beat)

    def close_lifted(self, beat: float) -> list[Note]:
        """Close the notes that only a pedal holds."""
        return self._close([key for key, open_ in self._open.items() if open_.lifted_beat is not None], beat)

    def held(self, channel: int) -> bool:
        """Whether a key of `channel` is down; notes that only a pedal holds do not count."""
        keys = (key for key, open_ in self._open.items() if open_.lifted_beat is None)
        return any(key[0] == channel for key in (*keys, *self._cut))

    def lifted_beat(self, channel: int) -> float | None:
        """When the newest key came up among those whose notes only a pedal holds; None if there are none."""
        lifted = (open_.lifted_beat for key, open_ in self._open.items() if key[0] == channel)
        return max((beat for beat in lifted if beat is not None), default=None)

    def _lift(self, keys: list[tuple[int, int]], beat: float) -> list[Note]:
        """Lift some keys; close the notes that no pedal holds."""
        for key in keys:
            if key in self._open and self._open[key].lifted_beat is None:
                self._open[key].lifted_beat = beat
        return self._release(keys, beat)

    def _release(self, keys: list[tuple[int, int]], beat: float) -> list[Note]:
        return self._close([key for key in keys if key in self._open and not self._is_held(key)], beat)

    def _is_held(self, key: tuple[int, int]) -> bool:
        open_ = self._open[key]
        return open_.lifted_beat is None or open_.sostenuto or key[0] in self._pedals

    def _control(self, channel: int, number: int, value: int, beat: float) -> list[Note]:
        keys = [key for key in self._open if key[0] == channel]
        if number in (ALL_SOUND_OFF, ALL_NOTES_OFF, *MODE_CHANGES):
            self._cut = {key for key in self._cut if key[0] != channel}
            return self._close(keys, beat) if number == ALL_SOUND_OFF else self._lift(keys, beat)
        if number == SUSTAIN and value >= PEDAL_DOWN:
            self._pedals.add(channel)
        elif number == SOSTENUTO and value >= PEDAL_DOWN:
            for key in keys:
                self._open[key].sostenuto |= self._open[key].lifted_beat is None
        elif number in (SUSTAIN, SOSTENUTO, RESET_CONTROLLERS):
            if number != SOSTENUTO:
                self._pedals.discard(channel)
            if number != SUSTAIN:
                for key in keys:
                    self._open[key].sostenuto = False
            return self._release(keys, beat)
        return []

    def _close(self, keys: list[tuple[int, int]], beat: float) -> list[Note]:
        notes = [self._open.pop(key).note for key in keys if key in self._open]
        return [replace(note, duration_beats=max(beat - note.onset_beats, SHORTEST_BEATS)) for note in notes]
