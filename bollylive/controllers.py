"""What the musician's pedals and wheels hold on each channel, and the resets with which a DAW lets go of everything.

At stop and at locate a DAW sends CC 64 = 0, 123 and 121 on all sixteen channels, two or three times in a row: over a
hundred messages. They end notes and are no music. None of them is passed on; what they let go of is, in its own word.
Which controllers a reset sets back, and to what, is the MIDI Association's recommended practice RP-015.
"""

from __future__ import annotations

import math
from typing import Final, TypeAlias

from bollylive.note import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    RESET_CONTROLLERS,
    SUSTAIN,
    Command,
    Control,
    Event,
    NoteOff,
    NoteOn,
    Program,
    Raw,
)

Music: TypeAlias = NoteOn | NoteOff | Control | Program

PANIC_S: Final = 0.1  # sixteen channels' worth of resets on a cable of 1983
RESETS = (ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF)
_SOSTENUTO = 66
_HOLDING = (SUSTAIN, _SOSTENUTO)  # they hold notes, so whatever ends notes lifts them
_NEUTRAL = {1: 0, 11: 127, SUSTAIN: 0, 65: 0, _SOSTENUTO: 0, 67: 0}  # modulation, expression, and the switches
_BEND, _PRESSURE = 0xE0, 0xD0
_NEUTRAL_DATA = {_BEND: b"\x00\x40", _PRESSURE: b"\x00"}


class Controllers:
    """Knows what is held, and so which resets change anything. Feed it every event. Not thread-safe."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], Event] = {}  # by channel and controller: the word that lets go of it
        self._stirred: set[int] = set()  # channels on which something came since the end of their notes was told
        self._calm = False  # the band was put to sleep, and nothing has come on any channel since
        self._ended_s = -math.inf  # when the end of all notes came last, on whatever channel

    def read(self, event: Event) -> list[Event]:
        """What an event means, in order: a reset lets go first. A sustain pedal that is up cannot go up."""
        match event:
            case Control(channel, number) if number in RESETS:
                return [*self._let_go(channel, number == RESET_CONTROLLERS), event]
            case Control(channel, number, value) if number in _NEUTRAL:
                neutral = value == _NEUTRAL[number]
                if number == SUSTAIN and neutral and (channel, number) not in self._held:
                    return []
                self._hold((channel, number), None if neutral else Control(channel, number, _NEUTRAL[number]))
            case Raw(data) if data[0] & 0xF0 in _NEUTRAL_DATA:
                kind, channel = data[0] & 0xF0, data[0] & 0x0F
                rest = data[:1] + _NEUTRAL_DATA[kind]
                self._hold((channel, kind), None if data == rest else Raw(rest))
        return [event]

    def tell(self, event: Music, now_s: float) -> Music | Command | None:
        """What the engine has to know of an event that `read` gave; None if that changes nothing.

        The end of all notes is some keyboards' habit at the end of every key, and ends what was played on its channel.
        A second one within PANIC_S, wherever, and without a key in between, is a stop or a panic, and puts the band to
        sleep. The reset of the controllers is told by what it let go of.
        """
        if not isinstance(event, Control) or event.number not in RESETS:
            self._stirred.add(event.channel)
            self._calm = False
            if isinstance(event, NoteOn | NoteOff):
                self._ended_s = -math.inf
            return event
        if event.number == RESET_CONTROLLERS:
            return None
        panics = now_s - self._ended_s < PANIC_S
        self._ended_s = now_s
        if panics and not self._calm:
            self._stirred.clear()
            self._calm = True
            return Command("sleep")
        new = event.channel in self._stirred
        self._stirred.discard(event.channel)
        return event if new else None

    def let_go(self) -> list[Event]:
        """The words that bring every pedal and wheel to rest, as at the end."""
        return [word for channel in range(16) for word in self._let_go(channel, everything=True)]

    def _let_go(self, channel: int, everything: bool) -> list[Event]:
        keys = [key for key in sorted(self._held) if key[0] == channel and (everything or key[1] in _HOLDING)]
        return [self._held.pop(key) for key in keys]

    def _hold(self, key: tuple[int, int], word: Event | None) -> None:
        self._held.pop(key, None)
        if word is not None:
            self._held[key] = word
