"""Carries everything that the router gives out to the ports, to the engine and to the supervisor."""

from __future__ import annotations

from collections.abc import Sequence

from bollylive.clock.anchor import Anchor
from bollylive.io.lateness import Punctuality
from bollylive.io.poll_interval import PollInterval
from bollylive.io.sources_and_sinks import Sink
from bollylive.processes.engine_link import EngineLink
from bollylive.processes.supervisor_link import SupervisorLink
from bollylive.processes.timer import Timer
from bollylive.protocol import Heard, Sent, is_recorded
from bollylive.sets.controls import Command


class Outbox:
    """The callbacks of a `Router` in the io process. One thread; never blocks."""

    def __init__(
        self,
        sink: Sink,
        engine: EngineLink,
        supervisor_link: SupervisorLink,
        punctuality: Punctuality,
        interval: PollInterval,
        timer: Timer,
    ) -> None:
        self._sink, self._engine, self._supervisor_link = sink, engine, supervisor_link
        self._punctuality, self._interval, self._timer = punctuality, interval, timer

    def send(self, messages: Sequence[Sent]) -> None:
        """Send messages to the outputs, all of them, and only then report the music among them to the supervisor."""
        left_s = []
        for sent in messages:
            self._sink.send_at(sent.at_s - sent.late_s, sent.event)
            left_s.append(self._timer.now_s())
        self._interval.stir(messages[-1].at_s)
        for sent, at_s in zip(messages, left_s, strict=True):
            self._punctuality.leave(sent, at_s)
            if is_recorded(sent.event):
                self._supervisor_link.tell(sent)

    def withhold(self, sent: Sent) -> None:
        """Report to the supervisor what the musician plays on channels that the set does not pass through."""
        self._supervisor_link.tell(sent)

    def report(self, message: Heard | Anchor) -> None:
        """Report to the engine what happened, and to the supervisor what a new process may need to take over."""
        if isinstance(message, Anchor):
            self._supervisor_link.tell(message)
        elif isinstance(message.event, Command) and message.event.changes_set:
            self._supervisor_link.tell(message.event)
        self._engine.send(message)
