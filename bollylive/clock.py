"""Musical time: which beat it is now, by a free tempo or by the MIDI clock of a DAW.

Time is told as one `Anchor`, and a new one is given out only when it matters. Except for the jumps that
`epoch` counts, and the rounding to a whole tick at a Continue, musical time is continuous: what is wrong is
never corrected at once but steered away within about half a beat, so it neither skips a note nor runs backwards.

Where the ticks stay away while the song runs, musical time goes on at the last tempo, in the DAW's bars; when they are
back, it goes with the tick that is nearest, so nothing jumps. After `COAST_BEATS` it is taken for a free tempo.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Literal

from bollylive.note import Anchor, Continue, Event, Position, Start, Stop, Tempo, Tick
from bollylive.pulse import LONGEST_TICK_S, SHORTEST_TICK_S, TICKS_PER_BEAT, Pulse

LOST_S = 2.0
COAST_BEATS = 64.0
JOIN_TICKS = 6  # so many of a clock's ticks are heard before it leads without a Start
TICKS_PER_SIXTEENTH = TICKS_PER_BEAT // 4

PHASE_TOLERANCE_S = 0.0005
RATE_TOLERANCE = 0.001
STEER_BEATS = 0.5
STEER_BEATS_IF_LARGE = 0.25
LEAST_STEER_BEATS = 0.125
LARGE_ERROR_BEATS = 0.01
STEER_LIMIT = 0.75  # a large error is made good at 1/4 or 7/4 of the tempo


class Clock:
    """Keeps the beat: free from `now_s` (beat 0) on, and led by a MIDI clock as soon as one ticks.

    `anchor` is musical time as all should know it. `source` says who leads; "lost" is a MIDI clock that has been
    silent for `LOST_S` while the song ran. Not thread-safe; `now_s` must not go back between calls.
    """

    def __init__(self, bpm: float, now_s: float) -> None:
        self.anchor = Anchor(0.0, _seconds_per_beat(bpm), now_s)
        self.source: Literal["free", "midi", "lost"] = "free"
        self._aim = self.anchor  # where the ticks say that the beat is; `anchor` steers towards it
        self._meet_s: float | None = None  # when `anchor` will have reached `_aim`
        self._pulse = Pulse(self.anchor.seconds_per_beat / TICKS_PER_BEAT)
        self._shift = 0  # the song's ticks minus the pulse's
        self._armed = False  # the next tick sets musical time going
        self._place_ticks: int | None = None  # where in the song that tick will be, as far as anybody has said
        self._heard_s = now_s
        self._newcomers: deque[float] = deque(maxlen=JOIN_TICKS)  # ticks while no MIDI clock leads
        self._lost_beat = 0.0

    def resume(self, anchor: Anchor, now_s: float) -> None:
        """Goes on where a clock stood that is gone; a MIDI clock that led it is waited for as for a lost one."""
        self._set(anchor)
        self._pulse = Pulse(anchor.seconds_per_beat / TICKS_PER_BEAT)
        if not anchor.running:
            self._place_ticks = round(anchor.beat * TICKS_PER_BEAT)
            self.source, self._heard_s = ("midi" if anchor.followed else "free"), now_s
        elif anchor.followed:
            self.source, self._lost_beat = "lost", self.beat_at(now_s)

    def beat_at(self, now_s: float) -> float:
        """The beat at `now_s`."""
        return self.anchor.beat_at(now_s)

    def seconds_at(self, beat: float) -> float:
        """When `beat` falls if nothing changes; only meaningful while `anchor.running`."""
        return self.anchor.seconds_at(beat)

    def handle(self, event: Event, now_s: float) -> bool:
        """Takes in a clock word, ignores any other; true if `anchor` is a new one."""
        before = self.anchor
        match event:
            case Tick():
                self._tick(now_s)
            case Start():
                self._jump(0, now_s, running=False)
                self._arm(now_s)
            case Continue() if self._place_ticks is not None:
                if self.anchor.running:
                    self._jump(self._place_ticks, now_s, running=False)
                self._arm(now_s)
            case Stop():
                self._stop(now_s)
            case Position(sixteenths):
                self._locate(sixteenths * TICKS_PER_SIXTEENTH, now_s)
            case Tempo(bpm) if self.source != "midi":
                self._set(replace(self._held(now_s), seconds_per_beat=_seconds_per_beat(bpm)))
        return self.anchor is not before

    def check(self, now_s: float) -> bool:
        """Ends a correction that is done and notices a lost clock; call it often; true if `anchor` is a new one."""
        before = self.anchor
        if self.source == "midi" and now_s - self._heard_s > LOST_S:
            self._lose(now_s)
        elif self.source == "lost" and self.beat_at(now_s) - self._lost_beat > COAST_BEATS:
            self.source = "free"
            self._set(replace(self._held(now_s), followed=False))
        elif self._meet_s is not None and now_s >= self._meet_s:
            self._steer(now_s)
        return self.anchor is not before

    def _tick(self, now_s: float) -> None:
        newly = self.source != "midi"
        if newly and not self._flows(now_s):
            return
        self._lead(now_s)
        if self._armed:
            self._pulse.restart()
        self._pulse.add(now_s)
        if self._armed and self._place_ticks is not None:
            self._shift = self._place_ticks - self._pulse.tick
            self._armed, self._place_ticks = False, None
            self._set(replace(self._line(), running=True))
        elif self.anchor.running:
            if newly:
                self._shift = round(self.beat_at(now_s) * TICKS_PER_BEAT) - self._pulse.tick
            self._follow(now_s)

    def _flows(self, now_s: float) -> bool:
        """Whether ticks come one by one: those that were held up somewhere and come all at once lead nobody."""
        self._newcomers.append(now_s)
        length_s = now_s - self._newcomers[0]
        return len(self._newcomers) == JOIN_TICKS and length_s >= JOIN_TICKS / 2 * SHORTEST_TICK_S

    def _line(self) -> Anchor:
        """Musical time as the ticks tell it."""
        tick = self._pulse.tick
        return replace(
            self.anchor,
            beat=(tick + self._shift) / TICKS_PER_BEAT,
            seconds_per_beat=self._pulse.seconds_to_next * TICKS_PER_BEAT,
            at_s=self._pulse.seconds_at(tick),
        )

    def _follow(self, now_s: float) -> None:
        line = self._line()
        phase_s = line.at_s - self._aim.seconds_at(line.beat)
        rate = line.seconds_per_beat / self._aim.seconds_per_beat - 1.0
        if abs(phase_s) > PHASE_TOLERANCE_S or abs(rate) > RATE_TOLERANCE:
            self._aim = line
            self._steer(now_s)

    def _steer(self, now_s: float) -> None:
        """Turns `anchor` so that it meets `_aim`: in half a beat, or for a large error as soon as it decently can."""
        beat = self.beat_at(now_s)
        error = self._aim.beat_at(now_s) - beat
        if abs(error) * self._aim.seconds_per_beat < PHASE_TOLERANCE_S / 10:
            self._set(self._aim)
            return
        ahead = STEER_BEATS_IF_LARGE if abs(error) > LARGE_ERROR_BEATS else STEER_BEATS
        if self._meet_s is not None:  # new ticks do not put off what is being made good
            ahead = min(ahead, (self._meet_s - now_s) / self._aim.seconds_per_beat)
        ahead = max(ahead, LEAST_STEER_BEATS, abs(error) / STEER_LIMIT)
        seconds = ahead * self._aim.seconds_per_beat
        self.anchor = replace(self._aim, beat=beat, seconds_per_beat=seconds / (ahead + error), at_s=now_s)
        self._meet_s = now_s + seconds

    def _set(self, anchor: Anchor) -> None:
        self.anchor = self._aim = anchor
        self._meet_s = None

    def _held(self, now_s: float) -> Anchor:
        """The present moment as an anchor at the true rate, without what a correction adds to it."""
        return replace(self._aim, beat=self.beat_at(now_s), at_s=now_s)

    def _lead(self, now_s: float) -> None:
        """The MIDI clock leads from here on, at first in the tempo there is."""
        if self.source != "midi":
            self.source = "midi"
            self._newcomers.clear()
            self._pulse = Pulse(self._aim.seconds_per_beat / TICKS_PER_BEAT)
        self._heard_s = now_s

    def _arm(self, now_s: float) -> None:
        """From the next tick on the song goes on at its place, which now is known."""
        self._lead(now_s)
        self._armed = True
        if not self.anchor.followed:
            self._set(replace(self._held(now_s), followed=True))

    def _jump(self, place_ticks: int, now_s: float, *, running: bool) -> None:
        self._place_ticks = place_ticks
        self._shift = place_ticks - self._pulse.tick
        at = replace(self._held(now_s), beat=place_ticks / TICKS_PER_BEAT)
        self._set(replace(at, running=running, epoch=self.anchor.epoch + 1))

    def _locate(self, place_ticks: int, now_s: float) -> None:
        if self.anchor.followed:
            self._armed = self._armed or self.anchor.running
            self._jump(place_ticks, now_s, running=False)
        else:  # nobody knows whether the DAW plays: a Continue will tell
            self._jump(place_ticks, now_s, running=self.anchor.running)

    def _stop(self, now_s: float) -> None:
        self._armed = False
        if not self.anchor.running:
            return
        if self.source == "lost":  # there it is again
            self._lead(now_s)
            self._place_ticks = round(self.beat_at(now_s) * TICKS_PER_BEAT)
        elif self.source == "free":
            self._place_ticks = round(self.beat_at(now_s) * TICKS_PER_BEAT)
        else:
            self._place_ticks = self._pulse.tick + self._shift + 1
        self._set(replace(self._held(now_s), running=False))

    def _lose(self, now_s: float) -> None:
        """The ticks stay away: time goes on at the last tempo, also from a stop, or the band were mute for good."""
        ran = self.anchor.running
        self.source = "lost" if ran or self._armed else "free"
        self._armed = False
        self._lost_beat = self.beat_at(now_s)
        rate = self._pulse.seconds_per_tick * TICKS_PER_BEAT
        followed = ran and self.anchor.followed
        self._set(replace(self._held(now_s), seconds_per_beat=rate, running=True, followed=followed))


def _seconds_per_beat(bpm: float) -> float:
    tick_s = 60.0 / max(bpm, 1.0) / TICKS_PER_BEAT
    return TICKS_PER_BEAT * min(max(tick_s, SHORTEST_TICK_S), LONGEST_TICK_S)
