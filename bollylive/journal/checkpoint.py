"""The current state of a performance: beat, bars, programs, pedals, and held keys, however long ago they were set.

A journal repeats this state from time to time, entry by entry. So its last part is enough for an engine to go on with,
and a reader that starts at the beginning can leave out the repeats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from bollylive.clock.anchor import Anchor
from bollylive.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    PEDAL_DOWN,
    RESET_CONTROLLERS,
    SUSTAIN,
    Control,
    NoteOff,
    NoteOn,
    Player,
    Program,
)
from bollylive.protocol import EngineStatus, Sent

Entry: TypeAlias = Sent | Anchor | EngineStatus  # what a journal records


class Checkpoint:
    """The state after all entries given to `update`; `entries` restores it. Pure, for one thread, never raises."""

    def __init__(self) -> None:
        self._anchor: Anchor | None = None
        self._status: EngineStatus | None = None
        self._programs: dict[tuple[Player, int], Sent] = {}  # by channel, in the order in which they were chosen
        self._pedals: dict[tuple[Player, int], Sent] = {}  # by channel, those that are down
        self._keys: dict[tuple[Player, int, int], Sent] = {}  # by channel and pitch, those that are held

    def update(self, entry: Entry) -> bool:
        """Add the next entry; return False if it only repeats the current state."""
        if isinstance(entry, Anchor):
            before, self._anchor = self._anchor, entry
            if not entry.running or (before is not None and entry.epoch != before.epoch):
                self._keys.clear()  # a jump or a stop ends all notes
            return entry != before
        if isinstance(entry, EngineStatus):
            earlier, self._status = self._status, entry
            return entry != earlier
        match entry.event:
            case NoteOn(channel, pitch):
                is_new = self._keys.get((entry.by, channel, pitch)) != entry
                if self._anchor is None or self._anchor.running:
                    self._keys[entry.by, channel, pitch] = entry
                return is_new
            case NoteOff(channel, pitch):
                self._keys.pop((entry.by, channel, pitch), None)
            case Program(channel):
                key = entry.by, channel
                is_new = self._programs.pop(key, None) != entry
                self._programs[key] = entry
                return is_new
            case Control():
                return self._control(entry, entry.event)
        return True

    @property
    def entries(self) -> list[Entry]:
        """The entries that give another `Checkpoint` the same state, in the right order."""
        first: list[Entry] = [entry for entry in (self._anchor, self._status) if entry is not None]
        return [*first, *self._programs.values(), *self._pedals.values(), *self._keys.values()]

    def _control(self, entry: Sent, event: Control) -> bool:
        key = entry.by, event.channel
        if event.number in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self._keys = {held: on for held, on in self._keys.items() if held[:2] != key}
        elif event.number == SUSTAIN and event.value >= PEDAL_DOWN:
            is_new = self._pedals.get(key) != entry
            self._pedals[key] = entry
            return is_new
        elif event.number in (SUSTAIN, RESET_CONTROLLERS):
            self._pedals.pop(key, None)
        return True


def without_repeats(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the entries of a journal that do more than repeat the current state."""
    checkpoint = Checkpoint()
    return (entry for entry in entries if checkpoint.update(entry))
