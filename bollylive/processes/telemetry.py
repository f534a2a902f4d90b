"""What the io process reports about itself: sentences for the musician, and figures for `watch` and for the summary."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Final

from bollylive.clock.anchor import Leader
from bollylive.clock.clock import Clock
from bollylive.io.lateness import Punctuality
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.router import Router
from bollylive.io.sources_and_sinks import Ports, Source
from bollylive.processes.supervisor_link import SupervisorLink
from bollylive.protocol import EngineStatus
from bollylive.sets.settings import Set
from bollylive.snapshot.format import Vitals

_KEPT_SENTENCES: Final = 4
_VITALS_S: Final = 0.25
TELL_LOSSES_S: Final = 10.0  # while more and more is lost, it is told no more often
_REST_S: Final = 1.0  # a song that jumps puts the band to sleep for a moment only


class Telemetry:
    """Collects what the parts of the io process report. One thread; nothing blocks.

    Set `hung` to the name of a process that gives no sign of life.
    """

    def __init__(
        self,
        supervisor_link: SupervisorLink,
        ports: Ports,
        sources: Sequence[Source],
        clock: Clock,
        router: Router,
        scheduler: Scheduler,
        punctuality: Punctuality,
    ) -> None:
        self._supervisor_link, self._ports, self._sources, self._clock = supervisor_link, ports, sources, clock
        self._router, self._scheduler, self._punctuality = router, scheduler, punctuality
        self._leader = clock.source
        self._awake, self._tell_rest_s = False, math.inf
        self._sentences: deque[str] = deque(maxlen=_KEPT_SENTENCES)
        self._losses, self._tell_losses_s = 0, -math.inf  # of input, not told yet; and when they may be told
        self.hung: str | None = None
        self._vitals, self._vitals_s = Vitals(), 0.0  # as the engine knows them, and when they were last collected

    def say(self, text: str | None) -> None:
        """Tell the musician a sentence, if there is one."""
        if text is not None:
            self._sentences.append(text)
            self._supervisor_link.say(text)

    def hear(self, status: EngineStatus, now_s: float) -> None:
        """Note whether the band plays."""
        if status.awake != self._awake:
            self._awake, self._tell_rest_s = status.awake, math.inf if status.awake else now_s + _REST_S

    def note_losses(self, times: int) -> None:
        """Note that the MIDI system lost input."""
        self._losses += times

    def tell_news(self, now_s: float, *, calm: bool) -> None:
        """Tell the musician what has happened; see `Source.check` for `calm`."""
        before, self._leader = self._leader, self._clock.source
        if before != self._leader:
            self.say(leader_sentence(before, self._leader, self._clock.bpm))
        if now_s >= self._tell_rest_s:
            self._tell_rest_s = math.inf
            self._supervisor_link.say("The band rests; your next note wakes it.")
        self.say(self._router.take_problem())
        if self._losses and now_s >= self._tell_losses_s:
            times = "once" if self._losses == 1 else f"at least {self._losses} times"
            self._losses, self._tell_losses_s = 0, now_s + TELL_LOSSES_S
            self.say(f"The MIDI system lost input {times}, because more came than it can hold; what was held is ended.")
        for source in self._sources:
            for sentence in source.check(now_s, calm=calm):
                self.say(sentence)

    def take_vitals(self, now_s: float) -> Vitals | None:
        """Return what the engine needs for `watch`: a few times a second, and only if something has changed."""
        if now_s - self._vitals_s < _VITALS_S:
            return None
        lateness = self._punctuality.lateness
        before, self._vitals_s = self._vitals, now_s
        self._vitals = Vitals(
            leader=self._leader,
            planned=lateness.count,
            late=lateness.late,
            latest_s=lateness.latest_s,
            dropped=self._scheduler.dropped_late
            + self._scheduler.dropped_held
            + self._router.model_notes.dropped_stale,
            sounding=self._scheduler.sounding,
            hung=self.hung,
            asked=self._router.asked,
            commands=self._router.commands,
            trouble=tuple(self._sentences),
        )
        return self._vitals if self._vitals != before else None

    def forget_vitals(self) -> None:
        """Forget which vitals were sent, because another engine has started, which does not know them."""
        self._vitals = Vitals()

    def summary(self) -> dict[str, float]:
        """Return what happened, in numbers: notes planned and how late they left, and what was dropped or lost."""
        lateness = self._punctuality.lateness
        return {
            "planned_notes": lateness.count,
            "late_ms_p50": 1e3 * lateness.percentile_s(0.5),
            "late_ms_p99": 1e3 * lateness.percentile_s(0.99),
            "late_ms_max": 1e3 * lateness.latest_s,
            "dropped_late": self._scheduler.dropped_late,
            "dropped_held": self._scheduler.dropped_held,
            "dropped_stale": self._router.model_notes.dropped_stale,
            "bad_bytes": self._ports.bad_bytes,
            "echoes": self._router.feedback_filter.echoes,
            "dropped_flood": self._router.rate_limit.dropped,
            "send_failures": self._ports.send_failures,
        }


def tempo_sentence(band: Set) -> str:
    """Return the sentence that says at which tempo the band will play, and what can change that."""
    if band.follow_tempo:
        return f"tempo: yours, from {band.tempo_bpm:g} beats per minute on, unless a MIDI clock or Link leads"
    return (
        f"tempo: {band.tempo_bpm:g} beats per minute, unless a MIDI clock, Link or a tap leads, or follow_tempo is set"
    )


def leader_sentence(before: Leader, now: Leader, bpm: float) -> str | None:
    """Return the sentence for a change of the clock source; None if there is nothing to say."""
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
        case "midi", "free":
            return f"The MIDI clock no longer leads; the tempo is free, at {bpm:.1f} beats per minute."
        case "lost", _:
            return "The MIDI clock stays away; the tempo is free, and the band rests when you do."
    return None
