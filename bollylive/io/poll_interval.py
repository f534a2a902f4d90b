"""How often the port process looks: a thousand times a second while there is music, and a fifth as often at rest.

It polls since a MIDI library that calls back would run Python in the audio system's own thread.
"""

from __future__ import annotations

from typing import Final

POLL_S: Final = 0.001
IDLE_POLL_S: Final = 0.005  # a quarter of the processor time, and a first note after silence still comes soon
IDLE_AFTER_S: Final = 2.0
REST_S: Final = 0.1  # so long, when idle, only the ports and the engine's words are looked at


class PollInterval:
    """Tell it with `stir` what comes and goes. Pure, one thread; `now_s` must not go back."""

    def __init__(self) -> None:
        self._busy_s = 0.0  # when something last came or went
        self._rest_until_s = 0.0

    def stir(self, now_s: float) -> None:
        """Something has come, or gone."""
        self._busy_s = now_s

    def wake(self) -> None:
        """There is something to do."""
        self._rest_until_s = 0.0

    def rests(self, now_s: float) -> bool:
        """Whether there is nothing to do, unless something comes."""
        return now_s < self._rest_until_s

    def wait_s(self, now_s: float, due_s: float | None, *, may_idle: bool = True, may_rest: bool = True) -> float:
        """For how long nothing has to be looked at, after all that was to be done; the next note is due at `due_s`."""
        idle = may_idle and now_s - self._busy_s >= IDLE_AFTER_S
        rests = idle and may_rest and (due_s is None or due_s - now_s > REST_S + IDLE_POLL_S)
        self._rest_until_s = now_s + REST_S if rests else 0.0
        poll_s = IDLE_POLL_S if idle else POLL_S
        return poll_s if due_s is None else min(poll_s, max(0.0, due_s - now_s))
