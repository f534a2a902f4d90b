"""MIDI Thru: what the musician plays leaves again at once, on the channels that the set passes through.

Resets are not passed on, only the ends of the notes that they end.
"""

from __future__ import annotations

from collections.abc import Sequence

from bollylive.io.controller_state import RESETS
from bollylive.io.note_scheduler import Scheduler
from bollylive.midi.messages import RESET_CONTROLLERS, Control, Event, NoteOff, NoteOn, Player, Program, Raw
from bollylive.sets.settings import Set


class Thru:
    """Passes messages on as the set says; `scheduler` decides which player owns a pitch. Not thread-safe.

    `channels` (0-15) are passed through; on `withheld` channels the band hears the musician, but nothing is passed on.
    """

    def __init__(self, scheduler: Scheduler, band: Set) -> None:
        self.channels = frozenset(channel for channel in range(16) if band.passes_thru(channel))
        self.withheld = frozenset(c for c in range(16) if band.channel(c).role != "off") - self.channels
        self._scheduler = scheduler

    def read(self, event: Event) -> Sequence[tuple[Event, Player]]:
        """Return the messages to send now for an event of the musician's, in order, each with its player."""
        match event:
            case Control(channel, number) if number in RESETS:
                return self._scheduler.release(channel, "model" if number == RESET_CONTROLLERS else None)
            case NoteOn(channel) if channel in self.channels:
                return self._scheduler.press(event)
            case NoteOff(channel) if channel in self.channels:
                return self._scheduler.lift(event)
            case Control(channel) | Program(channel) if channel in self.channels:
                return [(event, "musician")]
            case Raw() if self._passes(event):
                return [(event, "musician")]
        return []

    def _passes(self, event: Raw) -> bool:
        """Return whether raw data is passed through; SysEx belongs to no channel, and is if any channel is."""
        return bool(self.channels) if event.channel is None else event.channel in self.channels
