"""Which of the musician's controllers, keys and program changes are commands, and what turning a knob changes.

Which knobs there are, with their ranges, is in the table in `settings`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Program
from bollylive.midi.mpe import LOWER_MASTER, configured
from bollylive.sets.control_set import ACTIONS, ControlSet
from bollylive.sets.settings import KNOBS, MODEL_ROLES, SET_SETTINGS, Set

PRESSED: Final = 64  # a controller is down from this value on, as for switches in the MIDI 1.0 specification


MPE: Final = "mpe"  # a keyboard has said which channels it plays on as one player
PANIC: Final = "panic"  # all notes are to end on all channels; no control does it, the resets of a DAW do


@dataclass(frozen=True, slots=True)
class Command:
    """What the musician asks for with a control: one of `settings.ACTIONS`, or a turn of one of `settings.KNOBS`.

    Or it is PANIC; or MPE, whose channel is the master of a zone, and whose value the number of its members.
    """

    does: str
    channel: int | None = None  # 0-15, the channel that it acts on; None: all that it can act on
    value: float = 1.0  # of a knob: its place in its range, 0-1

    @property
    def changes_set(self) -> bool:
        """Whether it changes the set, as a knob does, so that every process must know it; see `change_set`."""
        return self.does in KNOBS or self.does == MPE


class Controls:
    """Tells commands from music; feed it every event. For one thread only; never blocks.

    With a new set, pass the controls of the set `before`: a pedal that is already down does not count as pressed again
    when it goes further down.
    """

    def __init__(self, band: Set, before: Controls | None = None) -> None:
        self._controls: dict[tuple[str, int, int | None], ControlSet] = {
            (control.kind, control.number, control.channel): control for control in band.controls
        }
        # Of every controller, by number and channel: the next set may make any of them a command.
        self._values: dict[tuple[int, int], int] = {} if before is None else dict(before._values)

    def read(self, event: Event) -> Command | bool:
        """Return the command of an event; True if it only belongs to a command, such as a release; False for music."""
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
        """Whether an event is a command or belongs to one. Changes nothing."""
        match event:
            case NoteOn(channel, number) | NoteOff(channel, number):
                return self._find("note", number, channel) is not None
            case Control(channel, number):
                return self._find("cc", number, channel) is not None
        return False

    def forget(self, event: Event) -> None:
        """Take a controller as released, because the device that held it is gone."""
        if isinstance(event, Control):
            self._values.pop((event.number, event.channel), None)

    def _find(self, kind: str, number: int, channel: int) -> ControlSet | None:
        return self._controls.get((kind, number, channel)) or self._controls.get((kind, number, None))

    def _press(self, control: ControlSet | None) -> Command | bool:
        return Command(control.does, control.on) if control else False

    def _turn(self, control: ControlSet | None, before: int, value: int) -> Command | bool:
        if control is None:
            return False
        if control.does not in ACTIONS:
            return Command(control.does, control.on, value / 127)
        # A pedal sends many values on its way down. A pad that sends no release sends the same value again.
        is_press = value >= PRESSED and (before < PRESSED or value == before)
        return self._press(control) if is_press else True


def change_set(band: Set, command: Command) -> Set:
    """Return the set after a command that `changes_set`: the knob has the value that the command gives.

    0 is the lowest legal value, 1 the highest. A knob that channels have is turned for the command's channel, or for
    all channels that the model plays.
    """
    if command.does == MPE:
        return replace(band, mpe=configured(band.mpe, command.channel or LOWER_MASTER, int(command.value)))
    turned: dict[str, Any] = {command.does: KNOBS[command.does].at(command.value)}
    if command.does in SET_SETTINGS:
        return replace(band, **turned)
    channels = tuple(
        replace(own, **turned) if own.role in MODEL_ROLES and command.channel in (None, own.channel) else own
        for own in band.channels
    )
    return replace(band, channels=channels)
