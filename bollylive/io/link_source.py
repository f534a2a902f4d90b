"""An Ableton Link session as a source of events."""

from __future__ import annotations

from bollylive.clock.link import LinkSession
from bollylive.io.sources_and_sinks import TimedEvent


class LinkSource:
    """Gives the beat of a session about twenty times a second while others are in it. A `Source`."""

    def __init__(self, session: LinkSession) -> None:
        self._session = session

    def poll(self, now_s: float) -> list[TimedEvent]:
        """Return where the session is now, if it is time to ask. Takes a few microseconds."""
        beat = self._session.poll(now_s)
        return [] if beat is None else [TimedEvent(beat, beat.at_s)]

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:  # noqa: ARG002 - as in `Source`
        """Return what went wrong with the network since the last call."""
        problem = self._session.take_problem()
        return [] if problem is None else [problem]

    def close(self) -> None:
        """Leave the session."""
        self._session.close()
