"""Follows the MIDI clock of a DAW: ticks, Start, Stop, Continue and Song Position.

If the ticks stay away while the song runs, musical time goes on at the last tempo, in the DAW's bars. When they return,
the beat joins the nearest tick, so nothing jumps. After `COAST_BEATS` without a tick the tempo counts as free.

After a Stop musical time stands still until a Start or Continue, whether the DAW ticks meanwhile or not: some DAWs send
no clock while they stand still.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from bollylive.clock.anchor import Anchor
from bollylive.clock.slew import Slew
from bollylive.clock.tick_filter import SHORTEST_TICK_S, TickFilter
from bollylive.midi.messages import TICKS_PER_BEAT, Continue, Event, Position, Start, Stop, Tick

LOST_S = 2.0
COAST_BEATS = 64.0
JOIN_TICKS = 6  # a clock that sends no Start leads after this many ticks
TICKS_PER_SIXTEENTH = TICKS_PER_BEAT // 4


class MidiFollower:
    """Moves `slew` by the clock messages of a DAW, and leads it from the first tick or Start on.

    Its leader is "midi" while the clock leads, and "lost" once no tick has come for `LOST_S` while the song ran.
    Not thread-safe; `now_s` must not go back between calls.
    """

    def __init__(self, slew: Slew, now_s: float) -> None:
        self._slew = slew
        self._filter = TickFilter(slew.anchor.seconds_per_beat / TICKS_PER_BEAT)
        self._shift = 0  # the song's ticks minus the filter's
        self._armed = False  # the next tick starts musical time
        self._place_ticks: int | None = None  # where in the song that tick will be, if known
        self._heard_s = now_s
        self._newcomers: deque[float] = deque(maxlen=JOIN_TICKS)  # ticks while no MIDI clock leads
        self._lost_beat = 0.0

    def resume(self, now_s: float) -> None:
        """Go on from the anchor that an earlier clock left; the DAW that led it is waited for."""
        anchor = self._slew.anchor
        self._filter = TickFilter(anchor.seconds_per_beat / TICKS_PER_BEAT)
        if not anchor.running:
            self._place_ticks = round(anchor.beat * TICKS_PER_BEAT)
            self._slew.leader, self._heard_s = ("midi" if anchor.followed else "free"), now_s
        elif anchor.followed:
            self._slew.leader, self._lost_beat = "lost", anchor.beat_at(now_s)

    def handle(self, event: Event, now_s: float) -> None:
        """Handle one message; messages that are not from the clock change nothing."""
        match event:
            case Tick():
                self._tick(now_s)
            case Start():
                self._jump(0, now_s, running=False)
                self._arm(now_s)
            case Continue() if self._place_ticks is not None:
                if self._slew.anchor.running:
                    self._jump(self._place_ticks, now_s, running=False)
                self._arm(now_s)
            case Stop():
                self._stop(now_s)
            case Position(sixteenths):
                self._locate(sixteenths * TICKS_PER_SIXTEENTH, now_s)

    def check(self, now_s: float) -> bool:
        """Notice ticks that stay away; return whether the leader changed."""
        plays = self._slew.anchor.running or self._armed
        if self._slew.leader == "midi" and plays and now_s - self._heard_s > LOST_S:
            self._lose(now_s)
        elif self._slew.leader == "lost" and self._slew.anchor.beat_at(now_s) - self._lost_beat > COAST_BEATS:
            self._slew.leader = "free"
            self._slew.set(replace(self._slew.held(now_s), followed=False))
        else:
            return False
        return True

    def is_waiting(self, now_s: float) -> bool:
        """Return whether musical time stands still after a Stop, and no clock ticks."""
        stands_still = not self._slew.anchor.running and not self._armed and self._slew.leader != "link"
        return stands_still and now_s - self._heard_s > LOST_S

    def leave(self, now_s: float) -> None:
        """Go on in free tempo where the song was stopped: whoever stopped it is gone, or no longer counts."""
        if not self._slew.anchor.running and self._slew.leader != "link":
            self._slew.leader, self._armed = "free", False
            self._slew.set(replace(self._slew.held(now_s), running=True, followed=False))

    def _tick(self, now_s: float) -> None:
        newly = self._slew.leader != "midi"
        if newly and not self._flows(now_s):
            return
        self._lead(now_s)
        if self._armed:
            self._filter.restart()
        self._filter.add(now_s)
        if self._armed and self._place_ticks is not None:
            self._shift = self._place_ticks - self._filter.tick
            self._armed, self._place_ticks = False, None
            self._go_on(now_s)
        elif self._slew.anchor.running:
            if newly:
                self._shift = round(self._slew.anchor.beat_at(now_s) * TICKS_PER_BEAT) - self._filter.tick
            self._slew.follow(self._line(), now_s)

    def _flows(self, now_s: float) -> bool:
        """Whether ticks arrive one by one; a backlog that arrives all at once must not lead."""
        self._newcomers.append(now_s)
        length_s = now_s - self._newcomers[0]
        return len(self._newcomers) == JOIN_TICKS and length_s >= JOIN_TICKS / 2 * SHORTEST_TICK_S

    def _line(self) -> Anchor:
        """Musical time according to the ticks."""
        tick = self._filter.tick
        return replace(
            self._slew.anchor,
            beat=(tick + self._shift) / TICKS_PER_BEAT,
            seconds_per_beat=self._filter.seconds_to_next * TICKS_PER_BEAT,
            at_s=self._filter.seconds_at(tick),
        )

    def _lead(self, now_s: float) -> None:
        """Lead from now on, at first at the present tempo."""
        if self._slew.leader != "midi":
            self._slew.leader = "midi"
            self._newcomers.clear()
            self._filter = TickFilter(self._slew.aim.seconds_per_beat / TICKS_PER_BEAT)
        self._heard_s = now_s

    def _arm(self, now_s: float) -> None:
        """Let the next tick start the song at its place, which is known now."""
        self._lead(now_s)
        self._armed = True
        if not self._slew.anchor.followed:
            self._slew.set(replace(self._slew.held(now_s), followed=True))

    def _jump(self, place_ticks: int, now_s: float, *, running: bool) -> None:
        self._place_ticks = place_ticks
        self._shift = place_ticks - self._filter.tick
        at = replace(self._slew.held(now_s), beat=place_ticks / TICKS_PER_BEAT)
        self._slew.set(replace(at, running=running, epoch=self._slew.anchor.epoch + 1, bar_beat=None))

    def _locate(self, place_ticks: int, now_s: float) -> None:
        running = self._slew.anchor.running
        if self._slew.anchor.followed:
            self._armed = self._armed or running
            self._jump(place_ticks, now_s, running=False)
        else:  # whether the DAW plays is unknown until a Continue comes
            self._jump(place_ticks, now_s, running=running)

    def _go_on(self, now_s: float) -> None:
        """The song goes on at the tick that has come; if that is not where musical time stood, it is a jump."""
        line, stood = replace(self._line(), running=True), self._slew.anchor
        back_ticks = (stood.beat - line.beat) * TICKS_PER_BEAT
        if abs(back_ticks) > 1.0:
            self._slew.set(replace(line, epoch=stood.epoch + 1))
        elif back_ticks > 0:  # musical time does not go back, but waits
            self._slew.set(replace(self._slew.held(now_s), running=True))
            self._slew.follow(line, now_s)
        else:
            self._slew.set(line)

    def _stop(self, now_s: float) -> None:
        self._armed = False
        anchor = self._slew.anchor
        if not anchor.running:
            return
        if self._slew.leader == "midi":
            self._place_ticks = self._filter.tick + self._shift + 1
        else:
            if self._slew.leader == "lost":  # the DAW is back
                self._lead(now_s)
            self._place_ticks = round(anchor.beat_at(now_s) * TICKS_PER_BEAT)
        self._slew.set(replace(self._slew.held(now_s), running=False))

    def _lose(self, now_s: float) -> None:
        """Go on at the last tempo."""
        anchor = self._slew.anchor
        self._slew.leader, self._armed = "lost", False
        self._lost_beat = anchor.beat_at(now_s)
        rate_s = self._filter.settled_seconds_per_tick * TICKS_PER_BEAT
        followed = anchor.running and anchor.followed
        self._slew.set(replace(self._slew.held(now_s), seconds_per_beat=rate_s, running=True, followed=followed))
