"""Which of the musician's controllers, keys and program changes are commands, as the set says."""

from __future__ import annotations

from dataclasses import dataclass

from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Program
from bollylive.sets.band import DEEDS, ControlSet, Set

PRESSED = 64  # a controller is down from this value on, as the MIDI 1.0 specification has it for switches


@dataclass(frozen=True, slots=True)
class Command:
    """The musician asks for something beside the music: a deed of `band.DEEDS`, or that a knob be turned."""

    does: str
    channel: int | None = None  # 0-15, the one that it is for; None: all that it can be for
    value: float = 1.0  # of a knob: where it stands in its range, 0-1


class Controls:
    """Tells commands from playing; feed it every event. Not thread-safe.

    By another set it goes on from the one `before`: a pedal that is down then is not pressed by going further down.
    """

    def __init__(self, band: Set, before: Controls | None = None) -> None:
        self._controls: dict[tuple[str, int, int | None], ControlSet] = {
            (control.kind, control.number, control.channel): control for control in band.controls
        }
        # Of every controller, by number and channel: the next set may make any of them a command.
        self._values: dict[tuple[int, int], int] = {} if before is None else dict(before._values)

    def read(self, event: Event) -> Command | bool:
        """The command that an event is; True if it is part of one, as when a key comes up; False if it is none."""
        match event:
            case NoteOn(channel, number):
                return self._press(self._find("note", number, channel))
            case NoteOff(channel, number):
                return self._find("note", number, channel) is not None
            case Program(channel, number):
                return self._press(self._find("program", number, channel))
            case Control(channel, number, value):
                before = self._values.get((number, channel), 0)
                self._values[number, channel] = value
                return self._turn(self._find("cc", number, channel), before, value)
        return False

    def claims(self, event: Event) -> bool:
        """Whether an event is a command or part of one, without taking it for one."""
        match event:
            case NoteOn(channel, number) | NoteOff(channel, number):
                return self._find("note", number, channel) is not None
            case Control(channel, number):
                return self._find("cc", number, channel) is not None
        return False

    def forget(self, event: Event) -> None:
        """What this event is about is up again, though nobody lifted it."""
        if isinstance(event, Control):
            self._values.pop((event.number, event.channel), None)

    def _find(self, kind: str, number: int, channel: int) -> ControlSet | None:
        return self._controls.get((kind, number, channel)) or self._controls.get((kind, number, None))

    def _press(self, control: ControlSet | None) -> Command | bool:
        return Command(control.does, control.on) if control else False

    def _turn(self, control: ControlSet | None, before: int, value: int) -> Command | bool:
        if control is None:
            return False
        if control.does not in DEEDS:
            return Command(control.does, control.on, value / 127)
        # A pedal passes many values on its way down; a pad that never says that it is up says the same one again.
        is_press = value >= PRESSED and (before < PRESSED or value == before)
        return self._press(control) if is_press else True
