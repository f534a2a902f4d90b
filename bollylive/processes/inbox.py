"""What came for the engine and waits to be heeded; it outlives an engine that stumbles over one of its words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from bollylive.clock.anchor import Anchor
from bollylive.protocol import Heard
from bollylive.sets.band import KNOBS, Set
from bollylive.sets.controls import Command


class Banded(Protocol):
    """Who plays by a set; an `Engine`."""

    @property
    def band(self) -> Set:
        """The set that is played, with the knobs as they stand."""


class Inbox:
    """Words in the order in which they came. One thread, never blocks.

    `anchor` is the newest one that was taken out; `band` the set as it stood before the word that is being heeded.
    """

    def __init__(self) -> None:
        self.anchor: Anchor | None = None
        self.band: Set | None = None
        self._word: Any = None
        self._waiting: deque[Any] = deque()

    def put(self, words: Iterable[Any]) -> None:
        """Add what has come."""
        self._waiting.extend(words)

    def __len__(self) -> int:
        """How many words wait."""
        return len(self._waiting)

    def take(self, engine: Banded) -> Iterator[Any]:
        """Take out one word after another for an engine to heed; where that breaks off, the others wait."""
        while self._waiting:
            self.band, self._word = engine.band, self._waiting.popleft()
            if isinstance(self._word, Anchor):
                self.anchor = self._word
            yield self._word
            self.band = self._word = None

    def until_s(self, now_s: float) -> float:
        """The second from which on the words that still wait tell what was played; `now_s` where none does."""
        return min([now_s, *(word.at_s for word in self._waiting if isinstance(word, Heard))])

    def leave_out(self) -> str | None:
        """Give up the word that was being heeded; a sentence for the musician if it was theirs to know of."""
        word, self.band, self._word = self._word, None, None
        if isinstance(word, Set):
            return "The band cannot play by the set that was saved, and plays on as it was; change the set."
        if isinstance(word, Heard) and isinstance(command := word.event, Command):
            what = f"{command.does} knob" if command.does in KNOBS else f'"{command.does}"'
            return f"The band stumbled over the {what}, and leaves it out; it can be asked again."
        return None
