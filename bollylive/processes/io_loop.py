"""The loop of the io process: it polls the sources, sends what is due, and exchanges messages with its neighbours.

It must stay small and quiet, so that a note is never late because Python is busy. It outlives the engine: when that
dies its notes are ended and another one is started.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bollylive.clock.anchor import Anchor, LinkBeat
from bollylive.clock.clock import Clock
from bollylive.io.lateness import Punctuality
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.poll_interval import PollInterval
from bollylive.io.router import Router
from bollylive.io.sources_and_sinks import Ports, Sink, Source, TimedEvent
from bollylive.processes.dispatcher import Dispatcher
from bollylive.processes.engine_link import EngineLink
from bollylive.processes.last_notes import end_notes
from bollylive.processes.outbox import Outbox
from bollylive.processes.supervisor_link import SupervisorLink
from bollylive.processes.telemetry import Telemetry
from bollylive.processes.timer import Timer
from bollylive.processes.watchdog import Watchdog
from bollylive.protocol import Finish, Heartbeat, InheritedState, InputLost
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

_CALM_S: Final = 0.005  # the ports are looked at only if nothing is due for this long
_EVENTS_AT_ONCE: Final = 64
_NEWS_S: Final = 0.04  # the longest that news for the musician, the supervisor and the engine may wait


class IoLoop:
    """A performance on real ports. Build it, `run` it on the same thread, then `close` it, whatever happened.

    `live` is the set, which `engine` shares. `sources` give events and `sink` takes messages; `ports` is usually both.
    `when_ready` is called with the second at which the band is ready. With an `anchor`, musical time goes on from where
    an earlier process ended; what that process `left` sounding is ended. `stop` may be called by a signal handler;
    `finished` says whether the end was wanted.
    """

    def __init__(
        self,
        ports: Ports,
        engine: EngineLink,
        live: LiveSet,
        supervisor_link: SupervisorLink,
        sources: Sequence[Source],
        sink: Sink,
        anchor: Anchor | None = None,
        left: InheritedState = InheritedState(),  # noqa: B008 - frozen
        when_ready: Callable[[float], None] = lambda _: None,
        timer: Timer = Timer(),  # noqa: B008 - frozen
    ) -> None:
        self.finished = False
        self._stopped = False
        self._ports, self._engine, self._supervisor_link = ports, engine, supervisor_link
        self._sources, self._timer = sources, timer
        self._takes_over = anchor is not None
        self._news_s = 0.0  # when news is due
        self._earliest_s = 0.0  # no event counts as earlier, so that the router's time never goes back
        now_s = timer.now_s()
        self._supervisor_watchdog = Watchdog()
        self._supervisor_watchdog.begin(now_s)
        clock, scheduler, punctuality = Clock(live.band.tempo_bpm, now_s), Scheduler(), Punctuality()
        if anchor is not None:
            clock.resume(anchor, now_s)
        self._interval = PollInterval()
        outbox = Outbox(sink, engine, supervisor_link, punctuality, self._interval, timer)
        self._router = Router(clock, scheduler, outbox.send, outbox.report, live, outbox.withhold)
        self._telemetry = Telemetry(supervisor_link, ports, sources, clock, self._router, scheduler, punctuality)
        self._dispatcher = Dispatcher(
            live, clock, self._router, punctuality, self._telemetry, engine, supervisor_link, when_ready
        )
        self._router.listen(ports.listeners, now_s)  # everybody who listens by now gets the ends at once, and only once
        self._router.inherit(left, now_s)
        outbox.report(clock.anchor)

    @property
    def ready(self) -> bool:
        """Whether the band can play."""
        return self._dispatcher.ready

    def stop(self) -> None:
        """Let `run` return soon."""
        self._stopped = True

    def run(self) -> None:
        """Play until stopped."""
        interval, engine, clock = self._interval, self._engine, self._timer.now_s
        while not self._stopped:
            now_s = clock()
            events: list[TimedEvent] = []
            for source in self._sources:
                events += source.poll(now_s)
            if events or now_s >= interval.turn_s:
                self._take_turn(events, now_s)
                now_s = clock()
                interval.plan(now_s, self._router.next_due())
            if not engine.wait(interval.wait_s(now_s)):
                continue
            for message in engine.receive():
                interval.wake()
                self._dispatcher.obey(message, clock())
            if self._dispatcher.hopeless and not self._takes_over:
                self.finished = self._stopped = True
            if engine.ended:
                self._look_after_engine(now_s)

    def close(self) -> None:
        """Leave silence: every note ended, CC 123 and 120 sent, the ports closed, the engine gone. Takes seconds."""
        try:
            # If nobody asked it to finish, another process follows, and ends what hangs.
            end_notes(self._router, self._ports, self._supervisor_link, self._timer, wait_for_listener=self.finished)
        finally:
            self._ports.close()
            self._engine.end()
            for source in self._sources:
                source.close()

    def summary(self) -> dict[str, float]:
        """Return what happened, in numbers; see `Telemetry.summary`."""
        return self._telemetry.summary()

    def _take_turn(self, events: list[TimedEvent], now_s: float) -> None:
        """Do everything that has to be done now: read events, send what is due, report news, and obey orders."""
        if events:
            self._take_in(events, now_s)
        self._tick()
        self._look_after_engine(now_s)
        self._telemetry.hung = "supervisor" if self._supervisor_watchdog.look(now_s) else None
        if now_s >= self._news_s:
            self._news_s = now_s + _NEWS_S
            self._tell_news(now_s)
        self._engine.flush()
        for order in self._supervisor_link.attend(now_s):
            match order:
                case Heartbeat():
                    self._supervisor_watchdog.hear()
                case InputLost(times):
                    self._ports.end_held()
                    self._telemetry.note_losses(times)
                case Finish():
                    self.finished = self._stopped = True
                case Set():
                    self._interval.stir(now_s)
                    self._dispatcher.use(order, self._timer.now_s())

    def _look_after_engine(self, now_s: float) -> None:
        """Replace an engine that ended or hangs, and try another one a minute after the last."""
        if not self._stopped and (loss := self._engine.loss(now_s)) is not None:
            self._interval.wake()
            self._dispatcher.replace_engine(loss, self._timer.now_s())
            self._earliest_s = self._timer.now_s()

    def _tick(self) -> None:
        """Send what is due."""
        self._earliest_s = self._timer.now_s()
        self._router.tick(self._earliest_s)

    def _take_in(self, events: list[TimedEvent], now_s: float) -> None:
        """Hand events to the router in the order of their times; what is due does not wait for a large backlog.

        An event counts as of the last tick, or of the last engine's replacement, if its time is earlier.
        """
        for count, timed in enumerate(sorted(events, key=_time_of), start=1):
            if not isinstance(timed.event, LinkBeat):  # it comes all the time, so it does not count as activity
                self._interval.stir(now_s)
            self._router.take(timed.event, max(timed.at_s, self._earliest_s))
            if count % _EVENTS_AT_ONCE == 0:
                self._tick()

    def _tell_news(self, now_s: float) -> None:
        """Tell the musician what has happened, and the engine how this process fares."""
        due_s = self._router.next_due()
        self._telemetry.tell_news(now_s, calm=due_s is None or due_s - now_s > _CALM_S)
        self._router.listen(self._ports.listeners, now_s)
        vitals = self._telemetry.take_vitals(now_s)
        if vitals is not None and not self._engine.alone:
            self._engine.send(vitals)


def _time_of(timed: TimedEvent) -> float:
    return timed.at_s
