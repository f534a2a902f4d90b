"""The messages that left of late, of which each may come back through a loop in the DAW."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bollylive.midi.messages import Event, NoteOn, Player

LONGEST_S: Final = 1.0  # the longest delay of a loop that is looked for
KEPT_S: Final = LONGEST_S + 0.1  # how long a departure is kept at least

_SURPLUS: Final = 512


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that left; an echo is one of the musician's that may have come from a loop."""

    at_s: float
    event: Event
    by: Player
    is_echo: bool


class Departures:
    """The messages that left in the last `KEPT_S`, by serial numbers. Not thread-safe."""

    def __init__(self) -> None:
        self.first = 0  # the serial number of the oldest
        self._sendings: list[Sending] = []

    @property
    def end(self) -> int:
        """The serial number of the next message that leaves."""
        return self.first + len(self._sendings)

    def has_old(self, now_s: float) -> bool:
        """Return whether the older half is long and too old to come back."""
        count = len(self._sendings)
        return count >= _SURPLUS and now_s - self._sendings[count // 2].at_s > KEPT_S

    def add(self, sending: Sending) -> None:
        """Note a message that left."""
        self._sendings.append(sending)

    def __getitem__(self, serial: int) -> Sending:
        """The message of that number, which must not be forgotten yet."""
        return self._sendings[serial - self.first]

    def some(self, serial: int, count: int) -> list[Sending]:
        """Return up to `count` messages from a number on."""
        return self._sendings[serial - self.first : serial - self.first + count]

    def note_ons(self, now_s: float) -> Iterator[tuple[int, float, NoteOn]]:
        """Give the number, the second and the event of each note-on that may still come back, the newest first."""
        for place in range(len(self._sendings) - 1, -1, -1):
            sending = self._sendings[place]
            if now_s - sending.at_s > LONGEST_S:
                return
            if isinstance(sending.event, NoteOn):
                yield self.first + place, sending.at_s, sending.event

    def forget(self) -> None:
        """Forget the older half."""
        half = len(self._sendings) // 2
        del self._sendings[:half]
        self.first += half
