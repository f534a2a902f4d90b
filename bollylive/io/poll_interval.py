"""How often the io process polls: a thousand times a second while there is music, and a fifth as often at rest.

It polls because with callbacks, a MIDI library would run Python in the audio system's own thread.
"""

from __future__ import annotations

from typing import Final

POLL_S: Final = 0.001
IDLE_POLL_S: Final = 0.005  # a quarter of the processor time, and the first note after silence still leaves soon
IDLE_AFTER_S: Final = 2.0
REST_S: Final = 0.1  # how long an idle program looks only at the sources and the engine


class PollInterval:
    """Decides by what comes in and what is sent; report both to `stir`. Pure, one thread; `now_s` never goes back."""

    def __init__(self) -> None:
        self._busy_s = 0.0  # when something last came or was sent
        self._rest_until_s = 0.0

    def stir(self, now_s: float) -> None:
        """Note that something has come, or was sent."""
        self._busy_s = now_s

    def wake(self) -> None:
        """End a rest: there is something to do."""
        self._rest_until_s = 0.0

    def rests(self, now_s: float) -> bool:
        """Return whether there is nothing to do unless something comes."""
        return now_s < self._rest_until_s

    def wait_s(self, now_s: float, due_s: float | None) -> float:
        """Return how long to wait before looking again, once everything is done; the next note is due at `due_s`."""
        idle = now_s - self._busy_s >= IDLE_AFTER_S
        rests = idle and (due_s is None or due_s - now_s > REST_S + IDLE_POLL_S)
        self._rest_until_s = now_s + REST_S if rests else 0.0
        poll_s = IDLE_POLL_S if idle else POLL_S
        return poll_s if due_s is None else min(poll_s, max(0.0, due_s - now_s))
