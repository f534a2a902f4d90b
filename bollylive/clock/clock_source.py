"""Decides which of several inputs leads the beat, because with two clocks at once every beat would count twice."""

from __future__ import annotations

from bollylive.clock.midi_follower import LOST_S
from bollylive.midi.messages import Continue, Event, Position, Start, Stop, Tick


class ClockSource:
    """Lets the clock messages of only one input pass: the first that ticks, until it has been silent for `LOST_S`.

    While none leads, Start, Stop, Continue and Position of every input pass; the first that ticks leads.
    Inputs are numbers. Not thread-safe; `now_s` must not go back between calls.
    """

    def __init__(self) -> None:
        self._leader: int | None = None
        self._heard_s = 0.0

    def passes(self, event: Event, port: int, now_s: float) -> bool:
        """Return whether an event of this input counts; an event that is not a clock message always does."""
        if not isinstance(event, Tick | Start | Continue | Stop | Position):
            return True
        if self._leader not in (None, port) and now_s - self._heard_s > LOST_S:
            self._leader = None
        if self._leader is None and isinstance(event, Tick):
            self._leader = port
        if self._leader == port:
            self._heard_s = now_s
        return self._leader in (None, port)

    def leave(self, port: int) -> bool:
        """Note that an input is gone; return whether it led. Then the next input that ticks leads."""
        led = self._leader == port
        if led:
            self._leader = None
        return led
