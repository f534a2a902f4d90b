"""The io process' link to the supervisor: a heartbeat, sentences and all that is played go up, orders come down."""

from __future__ import annotations

from typing import Final, TypeAlias

from bollylive.clock.anchor import Anchor
from bollylive.processes.pipe import Pipe
from bollylive.protocol import Crashed, Done, EngineStatus, Finish, Heartbeat, InputLost, NoPorts, Notice, Ready, Sent
from bollylive.sets.controls import Command
from bollylive.sets.settings import Set

HEARTBEAT_S: Final = 0.5  # rare enough that an idle band hardly wakes for it

_ATTEND_S: Final = 0.05  # how long an order may wait: looking costs as much as a poll of the ports
_DRAIN_S: Final = 1.0

Report: TypeAlias = Heartbeat | Notice | NoPorts | Crashed | Done | Ready | Sent | Anchor | EngineStatus | Command
Order: TypeAlias = Set | Heartbeat | InputLost | Finish


class SupervisorLink:
    """Call `attend` at every turn; only `close` waits. One thread."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._heartbeat_s = self._attend_s = 0.0

    def tell(self, message: Report) -> None:
        """Put a message into the outbox."""
        self._pipe.put([message])

    def say(self, text: str) -> None:
        """Let the supervisor print a sentence for the musician."""
        self.tell(Notice(text))

    def attend(self, now_s: float) -> list[Order]:
        """Send what is to be sent, and return the orders that have come: `Finish` if the supervisor is gone."""
        if now_s >= self._heartbeat_s:
            self._heartbeat_s = now_s + HEARTBEAT_S
            self.tell(Heartbeat(self._pipe.lost))
        self._pipe.flush()
        if now_s < self._attend_s:
            return []
        self._attend_s = now_s + _ATTEND_S
        orders: list[Order] = self._pipe.receive()
        return [Finish()] if self._pipe.closed else orders

    def close(self) -> None:
        """Send what is left; waits up to a second."""
        self._pipe.drain(_DRAIN_S)
