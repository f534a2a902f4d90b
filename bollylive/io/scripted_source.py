"""A source that plays by itself: the musician of the demo."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from bollylive.io.sources_and_sinks import TimedEvent
from bollylive.midi.messages import Event


class ScriptedSource:
    """Gives each event when its time has come. A `Source`; one thread.

    `events` are pairs of a second, counted from `begin`, and an event, in order of time.
    """

    def __init__(self, events: Iterable[tuple[float, Event]]) -> None:
        self._events = deque(events)
        self._begun_s: float | None = None

    def begin(self, now_s: float) -> None:
        """Start playing; before that nothing comes."""
        self._begun_s = now_s

    def poll(self, now_s: float) -> list[TimedEvent]:
        """Return the events that are due by now, each with the second at which it was due."""
        due: list[TimedEvent] = []
        if self._begun_s is not None:
            while self._events and self._begun_s + self._events[0][0] <= now_s:
                at_s, event = self._events.popleft()
                due.append(TimedEvent(event, self._begun_s + at_s))
        return due

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:  # noqa: ARG002 - as in `Source`
        """Return nothing: nothing can go wrong."""
        return []

    def close(self) -> None:
        """Do nothing: nothing is open."""
