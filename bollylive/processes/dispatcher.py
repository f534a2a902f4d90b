"""Carries out what the engine and the supervisor say, and replaces an engine that is lost."""

from __future__ import annotations

import gc
from collections.abc import Callable

from bollylive.clock.clock import Clock
from bollylive.io.lateness import Punctuality
from bollylive.io.router import Router
from bollylive.midi.messages import Tempo
from bollylive.processes.engine_link import EngineLink
from bollylive.processes.shortage import shortage
from bollylive.processes.supervisor_link import SupervisorLink
from bollylive.processes.telemetry import Telemetry
from bollylive.protocol import EngineStatus, FromEngine, Problem, Ready, Release
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

_CHANNELS = range(16)
_KILLED = "The system killed it, as it does when memory runs out: end other programs."


class Dispatcher:
    """Passes messages of the engine on to the router, the supervisor and the musician. One thread.

    `ready` is set once the band can play, `hopeless` if the engine can never play; what the musician plays passes
    through all the same. `when_ready` is called with the second at which the band is ready.
    """

    def __init__(
        self,
        live: LiveSet,
        clock: Clock,
        router: Router,
        punctuality: Punctuality,
        telemetry: Telemetry,
        engine: EngineLink,
        supervisor_link: SupervisorLink,
        when_ready: Callable[[float], None],
    ) -> None:
        self.ready = self.hopeless = False
        self._live, self._clock, self._router, self._punctuality = live, clock, router, punctuality
        self._telemetry, self._engine, self._supervisor_link = telemetry, engine, supervisor_link
        self._when_ready = when_ready

    def obey(self, message: FromEngine, now_s: float) -> None:
        """Do what the engine says."""
        if (planned := self._router.obey(message, now_s)) is not None:
            self._punctuality.plan(planned, self._clock.beat_at(now_s))
        match message:
            case Release():
                self._punctuality.forget()
            case EngineStatus():
                self._telemetry.hear(message, now_s)
                self._supervisor_link.tell(message)
            case Ready():
                self._begin(now_s)
                self._supervisor_link.tell(message)
            case Problem(text, fatal):
                self._telemetry.say(text)
                self.hopeless = self.hopeless or (fatal and not self.ready)

    def use(self, band: Set, now_s: float) -> None:
        """Play another set from now on: notes that the new set does not allow end, the others go on."""
        old = self._live.band
        self._router.use(band, now_s)
        for channel, program in set(band.sounds()) - set(old.sounds()):
            self._router.program(channel, program, now_s)
        if band.tempo_bpm != old.tempo_bpm and self._clock.source == "midi":
            self._telemetry.say("A MIDI clock leads; the new tempo_bpm counts when jam is started without one.")
        elif band.tempo_bpm != old.tempo_bpm:
            self._router.handle(Tempo(band.tempo_bpm), now_s)
        self._engine.send(band)

    def replace_engine(self, loss: str, now_s: float) -> None:
        """End the notes of an engine that is lost, and start another; `loss` is the end of a sentence about it."""
        for channel in _CHANNELS:
            self._router.obey(Release(channel), now_s)
        if self._engine.replace():
            self._telemetry.say(f"The engine {loss}; its notes are ended and another one is starting.")
            self._engine.send(self._clock.anchor)
            self._telemetry.forget_vitals()
        else:
            short = shortage() or (_KILLED if self._engine.was_killed else None)
            self._telemetry.say(
                f"The engine keeps failing; your own notes still pass. It is tried again in a minute. {short}"
                if short is not None
                else "The engine keeps failing; your own notes still pass. It is tried again in a minute; or stop, and "
                "run `bollylive check`."
            )

    def _begin(self, now_s: float) -> None:
        if self.ready:
            return
        for channel, program in self._live.band.sounds():
            self._router.program(channel, program, now_s)
        # Nothing here makes reference cycles, and a full collection would stall for as long as a note lasts.
        gc.collect()
        gc.freeze()
        gc.disable()
        self.ready = True
        self._when_ready(now_s)
