"""What the port process tells of itself: sentences for the musician, figures for who watches and for the end."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from bollylive.clock.anchor import Leader
from bollylive.clock.clock import Clock
from bollylive.clock.link import LinkSession
from bollylive.io.lateness import Punctuality
from bollylive.io.port_set import PortSet
from bollylive.io.router import Router
from bollylive.io.scheduler import Scheduler
from bollylive.processes.supervisor_link import SupervisorLink
from bollylive.protocol import EngineStatus
from bollylive.snapshot.format import Vitals

_KEPT_SENTENCES: Final = 4
_VITALS_S: Final = 0.25
_REST_S: Final = 1.0  # a song that jumps puts the band to sleep for a moment only


class Telemetry:
    """Reads how the rooms of the port process fare. One thread, and nothing here waits.

    Set `hung` to the name of a process that gives no sign of life, for whoever watches.
    """

    def __init__(
        self,
        supervisor_link: SupervisorLink,
        ports: PortSet,
        clock: Clock,
        router: Router,
        scheduler: Scheduler,
        punctuality: Punctuality,
        link: LinkSession | None,
    ) -> None:
        self._supervisor_link, self._ports, self._clock = supervisor_link, ports, clock
        self._router, self._scheduler, self._punctuality = router, scheduler, punctuality
        self._troubled = [source for source in (router, link) if source is not None]
        self._leader = clock.source
        self._awake, self._tell_rest_s = False, math.inf
        self._sentences: deque[str] = deque(maxlen=_KEPT_SENTENCES)
        self.hung: str | None = None  # which process gives no sign of life
        self._vitals, self._vitals_s = Vitals(), 0.0  # as the engine knows them, and when they were last looked at

    def say(self, text: str | None) -> None:
        """Tell the musician a sentence, if there is one."""
        if text is not None:
            self._sentences.append(text)
            self._supervisor_link.say(text)

    def hear(self, bearing: EngineStatus, now_s: float) -> None:
        """Take note of whether the band plays."""
        if bearing.awake != self._awake:
            self._awake, self._tell_rest_s = bearing.awake, math.inf if bearing.awake else now_s + _REST_S

    def tell_news(self, now_s: float, *, calm: bool) -> None:
        """Tell the musician what has happened; only while it is `calm` is the list of ports read."""
        before, self._leader = self._leader, self._clock.source
        if before != self._leader:
            self.say(leader_sentence(before, self._leader, 60 / self._clock.anchor.seconds_per_beat))
        if now_s >= self._tell_rest_s:
            self._tell_rest_s = math.inf
            self._supervisor_link.say("The band rests; your next note wakes it.")
        for source in self._troubled:
            self.say(source.take_trouble())
        for sentence in self._ports.check(now_s, calm=calm):
            self.say(sentence)

    def take_vitals(self, now_s: float) -> Vitals | None:
        """What the engine has to know for whoever watches, a few times a second and if it is new."""
        if now_s - self._vitals_s < _VITALS_S:
            return None
        lateness = self._punctuality.lateness
        before, self._vitals_s = self._vitals, now_s
        self._vitals = Vitals(
            leader=self._leader,
            planned=lateness.count,
            late=lateness.late,
            latest_s=lateness.latest_s,
            dropped=self._scheduler.dropped_late + self._scheduler.dropped_held + self._router.dropped_stale,
            sounding=self._scheduler.sounding,
            hung=self.hung,
            trouble=tuple(self._sentences),
        )
        return self._vitals if self._vitals != before else None

    def forget_vitals(self) -> None:
        """Another engine has come, and knows of none."""
        self._vitals = Vitals()

    def summary(self) -> dict[str, float]:
        """What happened, in numbers: notes planned and how late they left, and what was dropped or lost."""
        lateness = self._punctuality.lateness
        return {
            "planned_notes": lateness.count,
            "late_ms_p50": 1e3 * lateness.percentile_s(0.5),
            "late_ms_p99": 1e3 * lateness.percentile_s(0.99),
            "late_ms_max": 1e3 * lateness.latest_s,
            "dropped_late": self._scheduler.dropped_late,
            "dropped_held": self._scheduler.dropped_held,
            "dropped_stale": self._router.dropped_stale,
            "bad_bytes": self._ports.bad_bytes,
            "echoes": self._router.feedback_filter.echoes,
            "dropped_flood": self._router.flood.dropped,
            "send_failures": self._ports.send_failures,
        }


def leader_sentence(before: Leader, now: Leader, bpm: float) -> str | None:
    """The sentence for a change of leader, at a tempo; None where there is nothing to say."""
    match before, now:
        case _, "lost":
            return f"The MIDI clock is lost; the band plays on at {bpm:.1f} beats per minute until it is back."
        case "lost", "midi":
            return "The MIDI clock is back."
        case _, "midi":
            return "The MIDI clock leads."
        case _, "link":
            return f"Ableton Link leads, at {bpm:.1f} beats per minute."
        case _, "player":
            return "Your playing leads the tempo."
        case "link", _:
            return f"Nobody else is in the Link session; the tempo is free, and stays at {bpm:.1f}."
        case "lost", _:
            return "The MIDI clock stays away; the tempo is free, and the band rests when you do."
    return None
