"""The messages that wait for the engine. The inbox outlives an engine that fails while handling one of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from bollylive.clock.anchor import Anchor
from bollylive.protocol import Heard
from bollylive.sets.controls import Command
from bollylive.sets.settings import Set


class PlaysSet(Protocol):
    """Anything that plays according to a set: an `Engine`."""

    @property
    def band(self) -> Set:
        """The set that is played, with the knobs as they stand."""


class Inbox:
    """Messages in the order in which they came. One thread, never blocks.

    `anchor` is the newest one that was taken out; `band` the set as it stood before the message in hand.
    """

    def __init__(self) -> None:
        self.anchor: Anchor | None = None
        self.band: Set | None = None
        self._in_hand: Any = None
        self._waiting: deque[Any] = deque()

    def put(self, messages: Iterable[Any]) -> None:
        """Add what has come."""
        self._waiting.extend(messages)

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    def take(self, engine: PlaysSet) -> Iterator[Any]:
        """Take out one message after another for an engine; if the iteration breaks off, the others stay here."""
        while self._waiting:
            self.band, self._in_hand = engine.band, self._waiting.popleft()
            if isinstance(self._in_hand, Anchor):
                self.anchor = self._in_hand
            yield self._in_hand
            self.band = self._in_hand = None

    def until_s(self, now_s: float) -> float:
        """Return from which second on the waiting messages contain what was played; `now_s` if none of them does."""
        return min([now_s, *(message.at_s for message in self._waiting if isinstance(message, Heard))])

    def leave_out(self) -> str | None:
        """Give up the current message; return a sentence for the musician if the message was theirs."""
        message, self.band, self._in_hand = self._in_hand, None, None
        if isinstance(message, Set):
            return "The band cannot play by the set that was saved, and plays on as it was; change the set."
        if isinstance(message, Heard) and isinstance(command := message.event, Command):
            what = f"{command.does} knob" if command.changes_set else f'"{command.does}"'
            return f"The engine failed over the {what} and leaves it out; you can ask for it again."
        return None
