"""What the musician's pedals and wheels hold on each channel, and the resets with which a DAW lets go of everything.

At stop and at locate a DAW sends CC 64 = 0, 123 and 121 on all sixteen channels, two or three times in a row: over a
hundred messages. They end notes and are no music. None of them is passed on; what they let go of is, in its own word.
Which controllers a reset sets back, and to what, is the MIDI Association's recommended practice RP-015.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from bollylive.io.held_state import HeldState, in_order
from bollylive.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    RESET_CONTROLLERS,
    SUSTAIN,
    Control,
    Event,
    NoteOff,
    NoteOn,
    Program,
    Raw,
)
from bollylive.midi.parser import state_key
from bollylive.sets.controls import Command

Music: TypeAlias = NoteOn | NoteOff | Control | Program

PANIC_S: Final = 0.1  # sixteen channels' worth of resets on a cable of 1983
RESETS = (ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF)


class ControllerState:
    """Knows what is held, and so which resets change anything. Feed it every event. Not thread-safe."""

    def __init__(self) -> None:
        self._held = HeldState()
        self._stirred: set[int] = set()  # channels on which something came since the end of their notes was told
        self._calm = False  # the band was put to sleep, and nothing has come on any channel since
        self._ended_s = -math.inf  # when the end of all notes came last, on whatever channel

    def read(self, event: Event) -> list[Event]:
        """What an event means, in order: a reset lets go first. A sustain pedal that is up cannot go up."""
        match event:
            case Control(channel, number) if number in RESETS:
                return [*self._held.let_go(channel, everything=number == RESET_CONTROLLERS), event]
            case Control(_, number, value) if number == SUSTAIN and value == 0 and not self._holds(event):
                return []
            case Control() | Raw():
                self._held.note(event)
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

    def recall(self, words: Iterable[Event]) -> None:
        """What these words let go of may be held still, by a foot that an earlier process knew of."""
        for word in words:
            if isinstance(word, Control | Raw):
                self._held.hold(word)

    def let_go(self, channels: Iterable[int] = range(16)) -> list[Event]:
        """The words that bring every pedal and wheel of these channels to rest, as at the end."""
        return [word for channel in channels for word in self._held.let_go(channel, everything=True)]

    def held_on(self, channels: Iterable[int]) -> list[Event]:
        """The same, of what is held still, and stays so for the engine."""
        those = frozenset(channels)
        return in_order(word for about, word in self._held.words.items() if about[0] & 0x0F in those)

    def drop(self, is_meant: Callable[[Event], bool]) -> list[Event]:
        """The words that let go of what is meant, by such a word; it is held no more."""
        return self._held.drop(is_meant)

    def _holds(self, event: Event) -> bool:
        return state_key(event) in self._held.words
