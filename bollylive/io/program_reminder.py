"""Tells a synthesiser its sounds again: one that was connected lately, or that was reset by a message.

A synthesiser forgets its programs, banks, bend ranges and levels at power-up, and at the resets of General MIDI (GM and
GM2 System On and Off), Roland GS and Yamaha XG.
"""

from __future__ import annotations

from typing import Final

from bollylive.midi.messages import RESET_CONTROLLERS, Control, Event, Player, Program, Raw

_BANK: Final = (0, 32)
_LEVELS: Final = (7, 10)  # volume and pan
_SELECT: Final = (101, 100)  # a registered parameter
_UNSELECT: Final = (99, 98)  # another one
_BEND_RANGE: Final = (0, 0)
_DATA: Final = (6, 38)
_GS: Final = ((0x40, 0x00, 0x7F), (0x00, 0x00, 0x7F))  # the addresses of GS Reset and System Mode Set
_XG: Final = ((0x00, 0x00, 0x7E), (0x00, 0x00, 0x7F))  # of XG System On and All Parameter Reset


class ProgramReminder:
    """Call `note` with everything that is sent. `is_due` is set after a reset has been sent. Not thread-safe."""

    def __init__(self) -> None:
        self.is_due = False
        self._states: dict[tuple[int, ...], tuple[Event, Player]] = {}  # by channel and number, the last of each
        self._sounds: dict[int, list[tuple[Event, Player]]] = {}  # by channel, a program after its bank
        self._selected: dict[int, tuple[int, int]] = {}

    def note(self, event: Event, by: Player) -> None:
        """Note one message that was sent."""
        match event:
            case Program(channel):
                banks = [self._states[channel, number] for number in _BANK if (channel, number) in self._states]
                self._sounds[channel] = [*banks, (event, by)]
            case Control(channel, number) if number in (*_BANK, *_LEVELS):
                self._states[channel, number] = event, by
            case Control(channel, number, value) if number in (*_SELECT, *_UNSELECT):
                msb, lsb = self._selected.get(channel, (127, 127))
                is_registered, is_msb = number in _SELECT, number in (_SELECT[0], _UNSELECT[0])
                new = ((value, lsb) if is_msb else (msb, value)) if is_registered else (127, 127)
                self._selected[channel] = new
            case Control(channel, number) if number in _DATA and self._selected.get(channel) == _BEND_RANGE:
                self._states[channel, number] = event, by
            case Control(_, number) if number == RESET_CONTROLLERS:
                self.is_due = True
            case Raw(data) if is_reset(data):
                self._forget_musician()
                self.is_due = True

    def remind(self) -> list[tuple[Event, Player]]:
        """Return everything that a synthesiser must be told, in order, each with the player whose it is."""
        self.is_due = False
        told: list[tuple[Event, Player]] = []
        for channel in range(16):
            told += self._sounds.get(channel, ())
            told += [self._states[channel, number] for number in _LEVELS if (channel, number) in self._states]
            if data := [self._states[channel, number] for number in _DATA if (channel, number) in self._states]:
                by = data[0][1]
                told += [(Control(channel, number, 0), by) for number in _SELECT]
                told += data
                told += [(Control(channel, number, 127), by) for number in _SELECT]
        return told

    def _forget_musician(self) -> None:
        """Forget what the musician had set, because the musician wants it reset; the band's own sounds stay."""
        self._states = {about: state for about, state in self._states.items() if state[1] == "model"}
        self._sounds = {
            channel: [(event, by) for event, by in sound if by == "model"] for channel, sound in self._sounds.items()
        }


def is_reset(data: bytes) -> bool:
    """Return whether a SysEx resets the sounds of a synthesiser."""
    match list(data):
        case [0xF0, 0x7E, _, 0x09, 0x01 | 0x02 | 0x03, 0xF7]:
            return True
        case [0xF0, 0x41, _, 0x42, 0x12, high, middle, low, *_, 0xF7]:
            return (high, middle, low) in _GS
        case [0xF0, 0x43, _, 0x4C, high, middle, low, *_, 0xF7]:
            return (high, middle, low) in _XG
    return False
