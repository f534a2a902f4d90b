"""How often the io process polls: a thousand times a second while there is music, and a fifth as often at rest.

It polls because with callbacks, a MIDI library would run Python in the audio system's own thread. Most polls find
nothing. So everything else that has to be looked at now and then waits for the next turn, which is taken when something
comes or is due, or else two hundred times a second, and at rest five times.
"""

from __future__ import annotations

from typing import Final

POLL_S: Final = 0.001
IDLE_POLL_S: Final = 0.005  # a quarter of the processor time, and the first note after silence still leaves soon
IDLE_AFTER_S: Final = 2.0
TURN_S: Final = 0.005  # the longest time between two turns while there is music
REST_S: Final = 0.2  # the same at rest


class PollInterval:
    """Decides by what comes in and what is sent; report both to `stir`. Pure, one thread; `now_s` never goes back.

    `turn_s` is when the next turn must be taken, although nothing has come.
    """

    def __init__(self) -> None:
        self.turn_s = 0.0
        self._busy_s = 0.0  # when something last came or was sent

    def stir(self, now_s: float) -> None:
        """Note that something has come, or was sent."""
        self._busy_s = now_s

    def wake(self) -> None:
        """Let the next turn come at once: there is something to do."""
        self.turn_s = 0.0

    def plan(self, now_s: float, due_s: float | None) -> None:
        """Plan the next turn, once everything is done; the next note is due at `due_s`."""
        rests = now_s - self._busy_s >= IDLE_AFTER_S and (due_s is None or due_s - now_s > REST_S + IDLE_POLL_S)
        turn_s = now_s + (REST_S if rests else TURN_S)
        self.turn_s = turn_s if due_s is None else min(turn_s, due_s)

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait before looking again."""
        left_s = self.turn_s - now_s
        poll_s = IDLE_POLL_S if now_s - self._busy_s >= IDLE_AFTER_S else POLL_S
        return poll_s if left_s > poll_s else max(0.0, left_s)
