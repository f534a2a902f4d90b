"""The process that owns the ports: small and quiet, so that a note is never late because Python is busy.

It passes the musician's notes through, follows their clock, sends what the engine has planned, and outlives the
engine: when that dies its notes are ended and another one is started.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Iterable

from bollylive.clock.anchor import Anchor, PlayerBeat
from bollylive.clock.clock import Clock
from bollylive.clock.link import LinkSession
from bollylive.errors import PortError
from bollylive.io import poll_interval
from bollylive.io.lateness import Punctuality
from bollylive.io.poll_interval import PollInterval
from bollylive.io.port_set import PortSet
from bollylive.io.router import Router
from bollylive.io.scheduler import Scheduler
from bollylive.midi.messages import Control, Event, LostSourceRelease, NoteOff, NoteOn, Program, Tempo
from bollylive.midi.parser import to_bytes
from bollylive.processes.engine_link import EngineLink
from bollylive.processes.supervisor_link import SupervisorLink
from bollylive.processes.telemetry import Telemetry
from bollylive.processes.watchdog import LISTENER_LIMIT_S, Watchdog
from bollylive.protocol import (
    EngineStatus,
    Finish,
    Heard,
    Heartbeat,
    InheritedState,
    Instruction,
    Play,
    Problem,
    Ready,
    Release,
    Restoring,
    Sent,
)
from bollylive.sets.band import KNOBS, Set
from bollylive.sets.controls import Command

_CALM_S = 0.005  # so long nothing must be due for the list of ports to be read
_FLUSH_S = 0.1  # what was sent last must leave the driver before its port closes; a long period is 43 ms
_RETRY_S = 60.0  # an engine that has failed again and again may have run out of something
_LISTENER_POLL_S = 0.005
_TURN_MESSAGES = 64
_NEWS_S = 0.02  # what is only told can wait so long


_NOTHING = InheritedState()


class IoLoop:
    """A performance on real ports. Build it, `run` it on the same thread, then `close` it, whatever happened.

    `uplink` is told all that is played. `musician` plays by itself, in seconds from the moment the band is ready: the
    demo. With an `anchor` it goes on where an earlier process ended; what is `left` it lets go of. `stop` may be called
    by a signal handler; `finished` says whether the end was wanted.
    """

    def __init__(
        self,
        ports: PortSet,
        engine: EngineLink,
        band: Set,
        supervisor_link: SupervisorLink,
        musician: Iterable[tuple[float, Event]] = (),
        anchor: Anchor | None = None,
        left: InheritedState = _NOTHING,
        link: LinkSession | None = None,
    ) -> None:
        self.ready = self.finished = False
        self._ports, self._engine, self._band, self._supervisor_link = ports, engine, band, supervisor_link
        self._link = link
        self._musician = deque(musician)
        self._ready_s = 0.0
        self._punctuality = Punctuality()
        self._pace = PollInterval()
        self._news_s = 0.0  # when there is to be told what is new
        self._stopped = False
        self._alone = False  # no engine for now: only the musician's own notes pass
        self._retry_s = 0.0  # when another one is tried
        now_s = time.perf_counter()
        self._clock = Clock(band.tempo_bpm, now_s)
        self._replaces = anchor is not None
        self._above = Watchdog()  # over who watches over us
        self._above.begin(now_s)
        if anchor is not None:
            self._clock.resume(anchor, now_s)
        self._scheduler = Scheduler()
        self._router = Router(self._clock, self._scheduler, self._send, self._report, band)
        self._telemetry = Telemetry(
            supervisor_link, ports, self._clock, self._router, self._scheduler, self._punctuality, link
        )
        self._router.listen(ports.listeners, now_s)  # who listens by now hears the end at once, and no second time
        self._router.inherit(left, now_s)
        self._report(self._clock.anchor)

    def stop(self) -> None:
        """Let `run` return soon."""
        self._stopped = True

    def run(self) -> None:
        """Play until stopped."""
        while not self._stopped:
            now_s, wait_s = time.perf_counter(), poll_interval.IDLE_POLL_S
            if (events := self._ports.read(now_s)) or not self._pace.rests(now_s):
                self._take_turn(events, now_s)
                wait_s = self._wait_s()
            if self._alone:
                time.sleep(wait_s)
            elif self._engine.pipe.wait(wait_s):
                for word in self._engine.pipe.receive():
                    if not isinstance(word, Heartbeat):  # who says no more than that wakes nobody
                        self._pace.wake()
                    self._obey(word)
            if self._engine.pipe.closed and not self._alone and not self._stopped:
                self._bury("ended unexpectedly")

    def _take_turn(self, events: list[Event | LostSourceRelease], now_s: float) -> None:
        """Do all that is to be done, by what has come and by the time."""
        self._listen(events, now_s)
        self._router.tick(time.perf_counter())
        if self._alone:
            if now_s >= self._retry_s:
                self._bury("is gone")
        elif self._engine.hangs(now_s):
            self._bury("hangs")
        self._telemetry.hung = "supervisor" if self._above.look(now_s) else None
        if now_s >= self._news_s:
            self._news_s = now_s + _NEWS_S
            self._tell_news(now_s)
        self._engine.pipe.flush()
        for order in self._supervisor_link.attend(now_s):
            match order:
                case Heartbeat():
                    self._above.hear()
                case Finish():
                    self.finished = True
                    self.stop()
                case Set():
                    self._use(order)

    def _listen(self, events: list[Event | LostSourceRelease], now_s: float) -> None:
        """Take in what has come: from the ports, from a Link session, from the musician of the demo."""
        for count, event in enumerate(events, start=1):
            self._pace.stir(now_s)
            if isinstance(event, LostSourceRelease):
                self._router.let_go(event, now_s)
            else:
                self._router.handle(event, now_s)
            if count % _TURN_MESSAGES == 0:  # however much has come, what is due does not wait for all of it
                now_s = time.perf_counter()
                self._router.tick(now_s)
        if self._link is not None and (beat := self._link.poll(time.perf_counter())) is not None:
            self._router.follow_link(beat)
        self._play_demo(now_s)

    def _tell_news(self, now_s: float) -> None:
        """Tell the musician what has happened, and the engine how this process fares."""
        self._telemetry.tell_news(now_s, calm=self._calm(now_s))
        self._router.listen(self._ports.listeners, now_s)
        vitals = self._telemetry.take_vitals(now_s)
        if vitals is not None and not self._alone:
            self._engine.pipe.put([vitals])

    def close(self) -> None:
        """Leave silence: every note ended, CC 123 and 120 sent, the ports closed, the engine gone.

        Where notes of an earlier process hang whose end nobody has heard, it waits for somebody, but not for long.
        """
        try:
            self._router.close(time.perf_counter())
            if self.finished:  # otherwise another process follows, which ends them
                self._wait_for_listener()
            self._supervisor_link.attend(time.perf_counter())
            time.sleep(_FLUSH_S)
        finally:
            self._ports.close()
            self._engine.end()
            if self._link is not None:
                self._link.close()

    def _wait_for_listener(self) -> None:
        deadline_s = time.perf_counter() + LISTENER_LIMIT_S
        if self._router.end_left(time.perf_counter()):
            nobody = "nobody listens" if self._ports.listeners == 0 else "it cannot be seen who listens"
            self._telemetry.say(
                f"Notes may hang, and {nobody}; connect your synthesiser to {self._ports.output_name} within "
                f"{LISTENER_LIMIT_S:.0f} seconds, and they end."
            )
        while self._router.end_left(now_s := time.perf_counter()) and now_s < deadline_s:
            try:
                self._ports.check(now_s)
            except PortError:  # the MIDI system is gone, and who listened with it
                return
            self._router.listen(self._ports.listeners, now_s)
            self._supervisor_link.attend(now_s)
            time.sleep(_LISTENER_POLL_S)

    def summary(self) -> dict[str, float]:
        """What happened, in numbers; see `Telemetry.summary`."""
        return self._telemetry.summary()

    def _wait_s(self) -> float:
        due_s, has_link = self._router.next_due(), self._link is not None
        return self._pace.wait_s(time.perf_counter(), due_s, may_idle=not self._musician, may_rest=not has_link)

    def _calm(self, now_s: float) -> bool:
        due_s = self._router.next_due()
        return due_s is None or due_s - now_s > _CALM_S

    def _send(self, sent: Sent) -> None:
        self._ports.send(to_bytes(sent.event))
        self._pace.stir(sent.at_s)
        self._punctuality.leave(sent, time.perf_counter())
        self._supervisor_link.tell(sent)

    def _report(self, word: Heard | Anchor) -> None:
        if isinstance(word, Anchor):
            self._supervisor_link.tell(word)
        elif isinstance(word.event, Command) and word.event.does in KNOBS:
            self._engine.turn(word.event)
            self._supervisor_link.tell(word.event)
        elif (
            isinstance(event := word.event, NoteOn | NoteOff | Control | Program)
            and event.channel in self._router.thru.withheld
        ):
            self._supervisor_link.tell(Sent(event, "musician", word.at_s, word.beat))
        self._engine.pipe.put([word])

    def _obey(self, word: Instruction | EngineStatus | Ready | Problem | Heartbeat | Restoring) -> None:
        now_s = time.perf_counter()
        match word:
            case Heartbeat():
                self._engine.hear()
            case Restoring():
                self._engine.restore(now_s)
            case Play() | Release() | PlayerBeat():
                if isinstance(word, Release):
                    self._punctuality.forget()
                if (planned := self._router.obey(word, now_s)) is not None:
                    self._punctuality.plan(planned, self._clock.beat_at(now_s))
            case EngineStatus():
                self._telemetry.hear(word, now_s)
                self._supervisor_link.tell(word)
            case Ready():
                self._begin(now_s)
                self._supervisor_link.tell(word)
            case Problem(text, fatal):
                self._telemetry.say(text)
                if fatal and not self.ready and not self._replaces:  # later the musician's own notes still pass
                    self.finished = self._stopped = True

    def _begin(self, now_s: float) -> None:
        if self.ready:
            return
        for channel, program in self._band.sounds():
            self._router.program(channel, program, now_s)
        # Nothing here makes cycles, and a full collection would stall for as long as a note lasts.
        gc.collect()
        gc.freeze()
        gc.disable()
        self.ready, self._ready_s = True, time.perf_counter()

    def _use(self, band: Set) -> None:
        """Play another set from now on: the right notes end, the rest goes on."""
        now_s = time.perf_counter()
        self._pace.stir(now_s)
        old, self._band = self._band, band
        self._router.use(band, now_s)
        for channel, program in set(band.sounds()) - set(old.sounds()):
            self._router.program(channel, program, now_s)
        if band.tempo_bpm != old.tempo_bpm and self._clock.source == "midi":
            self._telemetry.say("A MIDI clock leads; the new tempo_bpm counts when jam is started without one.")
        elif band.tempo_bpm != old.tempo_bpm:
            self._router.handle(Tempo(band.tempo_bpm), now_s)
        self._engine.use(band)

    def _play_demo(self, now_s: float) -> None:
        while self.ready and self._musician and self._musician[0][0] <= now_s - self._ready_s:
            self._router.handle(self._musician.popleft()[1], now_s)

    def _bury(self, what: str) -> None:
        """The engine is gone, or as good as gone: end its notes, and start another."""
        self._pace.wake()
        for channel in range(16):
            self._router.obey(Release(channel), time.perf_counter())
        self._alone = not self._engine.revive()
        if not self._alone:
            self._telemetry.say(f"The engine {what}; its notes are ended and another one is starting.")
            self._report(self._clock.anchor)
            self._telemetry.forget_vitals()
        else:
            self._retry_s = time.perf_counter() + _RETRY_S
            self._telemetry.say(
                "The engine keeps failing; your own notes still pass. It is tried again in a minute; or stop, and run "
                "`bollylive check`."
            )
