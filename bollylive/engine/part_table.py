"""The parts of the band by channel; a channel gets its part when the set names it or something is played there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bollylive.engine.history import History
from bollylive.engine.motif_memory import MotifMemory
from bollylive.engine.part import Part
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import TURN_ROLES


class PartTable:
    """The parts in order of channel. Owned by the engine."""

    def __init__(self, live: LiveSet, buffer_notes: int, state_shape: tuple[int, int]) -> None:
        self._live = live
        self._buffer_notes, self._state_shape = buffer_notes, state_shape
        self._parts: dict[int, Part] = {}
        self._memories: dict[int, MotifMemory] = {}  # by channel; they outlive their parts
        self.refresh()

    def __iter__(self) -> Iterator[Part]:
        return iter(list(self._parts.values()))

    def part(self, channel: int) -> Part:
        """The part of a channel 0-15; it is made if there is none yet."""
        if channel not in self._parts:
            self.put(self.new_part(channel))
        return self._parts[channel]

    def shared(self, channel: int | None) -> list[Part]:
        """The part of a channel 0-15, or for None all parts; but only parts on which musician and model take turns."""
        return [part for part in self if part.setting.role in TURN_ROLES and channel in (None, part.channel)]

    def new_part(self, channel: int) -> Part:
        """A part with an empty buffer, which is not in the table."""
        history = History(self._buffer_notes, self._state_shape)
        return Part(self._live, channel, history, self._memories.setdefault(channel, MotifMemory()))

    def put(self, part: Part) -> None:
        """Put a part into the table, in place of the part that its channel had."""
        self._parts = dict(sorted({**self._parts, part.channel: part}.items()))

    def change_programs(self, programs: Mapping[int, int]) -> None:
        """Change the instruments of some channels 0-15."""
        for channel, program in programs.items():
            self.part(channel).change_program(program)

    def refresh(self) -> None:
        """Read the live set again after it was replaced; channels that are new in it get their parts."""
        for setting in self._live.band.channels:
            self.part(setting.channel)
        for part in self:
            part.refresh()
