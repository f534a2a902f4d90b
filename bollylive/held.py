"""What one cable has set going and not ended: notes, pedals and programs, for the moment when it is pulled out."""

from __future__ import annotations

from collections.abc import Iterable

from bollylive.note import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    RESET_CONTROLLERS,
    SUSTAIN,
    Control,
    Event,
    NoteOff,
    NoteOn,
    Program,
)


class Held:
    """Watches the events of one cable, in order. Not thread-safe."""

    def __init__(self) -> None:
        self.notes: set[tuple[int, int]] = set()  # channel, pitch
        self.pedals: set[int] = set()  # channels on which the sustain pedal is down
        self._programs: dict[int, int] = {}

    def note(self, event: Event) -> None:
        """Takes in one event that has passed."""
        match event:
            case NoteOn(channel, pitch):
                self.notes.add((channel, pitch))
            case NoteOff(channel, pitch):
                self.notes.discard((channel, pitch))
            case Program(channel, program):
                self._programs[channel] = program
            case Control(channel, number, value):
                if number in (ALL_NOTES_OFF, ALL_SOUND_OFF):
                    self.notes = {key for key in self.notes if key[0] != channel}
                if number == RESET_CONTROLLERS or (number == SUSTAIN and value < 64):
                    self.pedals.discard(channel)
                elif number == SUSTAIN:
                    self.pedals.add(channel)

    def end(self, others: Iterable[Held] = ()) -> list[Event]:
        """What ends every note and lifts every pedal that none of `others` holds too; from now on nothing is held."""
        kept = list(others)
        notes = self.notes.difference(*(other.notes for other in kept))
        pedals = self.pedals.difference(*(other.pedals for other in kept))
        self.notes, self.pedals = set(), set()
        return [
            *(Control(channel, SUSTAIN, 0) for channel in sorted(pedals)),
            *(NoteOff(*key) for key in sorted(notes)),
        ]

    def programs(self) -> list[Event]:
        """The last program of each channel, as a synthesizer that was without power needs it again."""
        return [Program(channel, program) for channel, program in sorted(self._programs.items())]
