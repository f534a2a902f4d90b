"""The state of the musician's pedals and wheels on each channel, and the resets with which a DAW ends everything.

At stop and at locate a DAW sends CC 64 = 0, 123 and 121 on all sixteen channels, two or three times in a row: over a
hundred messages. They only end notes and are not music. None of them is passed on; the releases that they imply are.
The MIDI Association's recommended practice RP-015 says which controllers a reset changes, and to which values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from bollylive.io.held_state import HeldState, in_order
from bollylive.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    MODE_CHANGES,
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
from bollylive.sets.controls import PANIC, Command

Music: TypeAlias = NoteOn | NoteOff | Control | Program
Meaning: TypeAlias = Music | Command | None  # what the engine has to know about an event; None: nothing

PANIC_S: Final = 0.1  # how long the resets of sixteen channels take on a cable of 1983
MOST_LAYERS: Final = 4  # channels that one key of a keyboard plays on
RESETS = (ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF)


class ControllerState:
    """Knows what is held, and therefore which resets change anything; call `read` with every event. Not thread-safe."""

    def __init__(self) -> None:
        self._held = HeldState()
        self._active: set[int] = set()  # channels on which something came since the end of their notes was reported
        self._calm = False  # the band was put to sleep, and nothing has come on any channel since
        self._ended: dict[int, float] = {}  # by channel, when the end of its notes came, with no key since

    def read(self, event: Event, now_s: float) -> list[tuple[Event, Meaning]]:
        """Return the events that an event stands for, in order, each with what the engine has to know about it.

        A reset is preceded by the releases that it implies, a mode message by the end of all notes. "All notes off"
        lifts keys and no pedal, as MIDI 1.0 says. A sustain pedal that is up cannot go up.
        """
        events = [event]
        match event:
            case NoteOn() | NoteOff() | Program():
                return [(event, self.meaning(event, now_s))]
            case Control(channel, number) if number in MODE_CHANGES:
                return [*self.read(Control(channel, ALL_NOTES_OFF, 0), now_s), (event, None)]
            case Control(channel, number) if number in (ALL_SOUND_OFF, RESET_CONTROLLERS):
                events = [*self._held.let_go(channel, everything=number == RESET_CONTROLLERS), event]
            case Control(_, number, value) if number == SUSTAIN and value == 0 and not self._holds(event):
                return []
            case Control() | Raw():
                self._held.note(event, state_key(event))
        return [(each, self.meaning(each, now_s)) for each in events]

    def meaning(self, event: Event, now_s: float) -> Meaning:
        """Return what the engine has to know about an event; None if the event changes nothing.

        Some keyboards send "all notes off" whenever a key comes up, on each channel that they layer, and it ends what
        was played on its channel. A second one on a channel within PANIC_S, or one on more than MOST_LAYERS channels,
        without a key in between, is a stop or a panic, and puts the band to sleep. A reset of the controllers is
        reported as the releases that it implies.
        """
        if not isinstance(event, Music):
            return None
        if not isinstance(event, Control) or event.number not in RESETS:
            self._active.add(event.channel)
            self._calm = False
            if isinstance(event, NoteOn | NoteOff):
                self._ended.clear()
            return event
        if event.number == RESET_CONTROLLERS:
            return None
        ended = [channel for channel, at_s in self._ended.items() if now_s - at_s < PANIC_S]
        panics = event.channel in ended or len(ended) >= MOST_LAYERS
        self._ended[event.channel] = now_s
        if panics and not self._calm:
            self._active.clear()
            self._calm = True
            return Command(PANIC)
        is_new = event.channel in self._active
        self._active.discard(event.channel)
        return event if is_new else None

    def note_active(self, channel: int) -> None:
        """Note that something was played for a channel on another one, so that the end of its notes is reported."""
        self._active.add(channel)

    def recall(self, releases: Iterable[Event]) -> None:
        """Note that what these messages release may still be held, say by a foot that an earlier process knew of."""
        for release in releases:
            if isinstance(release, Control | Raw):
                self._held.hold(release)

    def let_go(self, channels: Iterable[int] = range(16)) -> list[Event]:
        """Return the messages that release every pedal and wheel of these channels, as at the end; none stays held."""
        return [release for channel in channels for release in self._held.let_go(channel, everything=True)]

    def held_on(self, channels: Iterable[int]) -> list[Event]:
        """Return the messages that would release the pedals and wheels of these channels; these stay held."""
        those = frozenset(channels)
        return in_order(release for about, release in self._held.releases.items() if about[0] & 0x0F in those)

    def drop(self, is_meant: Callable[[Event], bool]) -> list[Event]:
        """Return the releases that are meant; what they release is no longer held."""
        return self._held.drop(is_meant)

    def _holds(self, event: Event) -> bool:
        return state_key(event) in self._held.releases
