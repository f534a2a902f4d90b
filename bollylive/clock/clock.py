"""Musical time: which beat it is now, by the MIDI clock of a DAW, by an Ableton Link session, or by a free tempo.

Time is told as one `Anchor`, and a new one is given out only when it matters. Except for the jumps that
`epoch` counts, and the rounding to a whole tick at a Continue, musical time is continuous, whoever leads it: see
`steering`. A MIDI clock leads before a Link session with others in it, and that before the free tempo, which is set,
tapped, or taken from what the musician plays.

Where the ticks stay away while the song runs, musical time goes on at the last tempo, in the DAW's bars; when they are
back, it goes with the tick that is nearest, so nothing jumps. After `COAST_BEATS` it is taken for a free tempo.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from math import trunc

from bollylive.clock.anchor import Anchor, Leader, LinkBeat, PlayerBeat
from bollylive.clock.slew import Slew
from bollylive.clock.tick_filter import LONGEST_TICK_S, SHORTEST_TICK_S, TickFilter
from bollylive.midi.messages import TICKS_PER_BEAT, Continue, Event, Position, Start, Stop, Tempo, Tick

LOST_S = 2.0
COAST_BEATS = 64.0
JOIN_TICKS = 6  # so many of a clock's ticks are heard before it leads without a Start
TICKS_PER_SIXTEENTH = TICKS_PER_BEAT // 4
LEAP_BEATS = 0.125  # Link's beat is another one: the session was joined, or somebody moved its bar
FASTEST, SLOWEST = 2.0, 0.5  # how far the player may lead from the tempo that was set or tapped
PLAYER_TOLERANCE_S = 0.004  # what is nearer than this is the hand, not the tempo
PLAYER_LIMIT = 0.5  # a band that catches up with a player, or waits for them, does so at 3/2 or 1/2 of the tempo


class Clock:
    """Keeps the beat: free from `now_s` (beat 0) on, and led by whoever comes with a better one.

    `source` says who leads; "lost" is a MIDI clock that has been silent for `LOST_S` while the song ran.
    Not thread-safe; `now_s` must not go back between calls.
    """

    def __init__(self, bpm: float, now_s: float) -> None:
        self.source: Leader = "free"
        self._slew = Slew(Anchor(0.0, _seconds_per_beat(bpm), now_s))
        self._set_s = self.anchor.seconds_per_beat  # the beat of the free tempo, as it was set or tapped
        self._pulse = TickFilter(self.anchor.seconds_per_beat / TICKS_PER_BEAT)
        self._shift = 0  # the song's ticks minus the pulse's
        self._armed = False  # the next tick sets musical time going
        self._place_ticks: int | None = None  # where in the song that tick will be, as far as anybody has said
        self._heard_s = now_s
        self._newcomers: deque[float] = deque(maxlen=JOIN_TICKS)  # ticks while no MIDI clock leads
        self._lost_beat = 0.0
        self._link: LinkBeat | None = None  # where the session was last
        self._link_shift = 0.0  # our beat minus Link's

    @property
    def anchor(self) -> Anchor:
        """Musical time as all should know it."""
        return self._slew.anchor

    def resume(self, anchor: Anchor, now_s: float) -> None:
        """Goes on where a clock stood that is gone; a MIDI clock that led it is waited for as for a lost one."""
        self._slew.set(anchor)
        self._pulse = TickFilter(anchor.seconds_per_beat / TICKS_PER_BEAT)
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
            case Tempo(bpm) if self.source not in ("midi", "link"):
                self._set_s = _seconds_per_beat(bpm)
                self.source = "free" if self.source == "player" else self.source
                self._slew.set(replace(self._held(now_s), seconds_per_beat=self._set_s))
        return self.anchor is not before

    def follow_link(self, link: LinkBeat) -> bool:
        """Takes in where an Ableton Link session is now; call it often; true if `anchor` is a new one.

        It leads while others are in it and no MIDI clock does. Where it begins to lead, and where its beat leaps, our
        bar lines move and not our beat.
        """
        before, last, now_s = self.anchor, self._link, link.at_s
        self._link = link
        if link.peers and self.source != "midi":
            newly, self.source = self.source != "link", "link"
            changed = last is not None and last.peers > 0 and link.playing != last.playing
            plays = link.playing if changed else before.running
            line = replace(before, beat=link.beat + self._link_shift, at_s=now_s)
            line = replace(line, seconds_per_beat=_seconds_per_beat(link.bpm))
            if newly or plays != before.running or (plays and abs(self._off(line, now_s)) > LEAP_BEATS):
                beat = self.beat_at(now_s)
                self._link_shift = beat - link.beat
                line = replace(line, beat=beat, running=plays, followed=False)
                self._slew.set(replace(line, bar_beat=beat - link.beat % link.beats_per_bar))
            elif plays:
                self._slew.follow(line, now_s)
        elif self.source == "link":
            self.source = "free"
            self._set_s = self._held(now_s).seconds_per_beat
            self._slew.set(replace(self._held(now_s), running=True, bar_beat=None))
        return self.anchor is not before

    def follow_player(self, heard: PlayerBeat, now_s: float) -> bool:
        """Takes in where the musician's playing says that the beat is; true if `anchor` is a new one.

        Whole beats between theirs and ours stay: the band catches up, or waits, for less than one.
        """
        before = self.anchor
        if self.source in ("free", "player") and before.running and heard.epoch == before.epoch:
            self.source = "player"
            rate_s = min(max(heard.seconds_per_beat, self._set_s / FASTEST), self._set_s / SLOWEST)
            line = replace(before, beat=heard.beat, seconds_per_beat=rate_s, at_s=heard.at_s)
            line = replace(line, beat=heard.beat - trunc(self._off(line, now_s)))
            self._slew.follow(line, now_s, PLAYER_TOLERANCE_S, PLAYER_LIMIT)
        return self.anchor is not before

    def check(self, now_s: float) -> bool:
        """Ends a correction that is done and notices a lost clock; call it often; true if `anchor` is a new one."""
        before = self.anchor
        if self.source == "midi" and now_s - self._heard_s > LOST_S:
            self._lose(now_s)
        elif self.source == "lost" and self.beat_at(now_s) - self._lost_beat > COAST_BEATS:
            self.source = "free"
            self._slew.set(replace(self._held(now_s), followed=False))
        else:
            self._slew.settle(now_s)
        return self.anchor is not before

    def _off(self, line: Anchor, now_s: float) -> float:
        """By how many beats a line is ahead of where musical time is going."""
        return line.beat_at(now_s) - self._slew.aim.beat_at(now_s)

    def _held(self, now_s: float) -> Anchor:
        return self._slew.held(now_s)

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
            self._slew.set(replace(self._line(), running=True))
        elif self.anchor.running:
            if newly:
                self._shift = round(self.beat_at(now_s) * TICKS_PER_BEAT) - self._pulse.tick
            self._slew.follow(self._line(), now_s)

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

    def _lead(self, now_s: float) -> None:
        """The MIDI clock leads from here on, at first in the tempo there is."""
        if self.source != "midi":
            self.source = "midi"
            self._newcomers.clear()
            self._pulse = TickFilter(self._slew.aim.seconds_per_beat / TICKS_PER_BEAT)
        self._heard_s = now_s

    def _arm(self, now_s: float) -> None:
        """From the next tick on the song goes on at its place, which now is known."""
        self._lead(now_s)
        self._armed = True
        if not self.anchor.followed:
            self._slew.set(replace(self._held(now_s), followed=True))

    def _jump(self, place_ticks: int, now_s: float, *, running: bool) -> None:
        self._place_ticks = place_ticks
        self._shift = place_ticks - self._pulse.tick
        at = replace(self._held(now_s), beat=place_ticks / TICKS_PER_BEAT)
        self._slew.set(replace(at, running=running, epoch=self.anchor.epoch + 1, bar_beat=None))

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
        elif self.source == "midi":
            self._place_ticks = self._pulse.tick + self._shift + 1
        else:
            self._place_ticks = round(self.beat_at(now_s) * TICKS_PER_BEAT)
        self._slew.set(replace(self._held(now_s), running=False))

    def _lose(self, now_s: float) -> None:
        """The ticks stay away: time goes on at the last tempo, also from a stop, or the band were mute for good."""
        ran = self.anchor.running
        self.source = "lost" if ran or self._armed else "free"
        self._armed = False
        self._lost_beat = self.beat_at(now_s)
        rate = self._pulse.seconds_per_tick * TICKS_PER_BEAT
        self._set_s = rate
        followed = ran and self.anchor.followed
        self._slew.set(replace(self._held(now_s), seconds_per_beat=rate, running=True, followed=followed))


def _seconds_per_beat(bpm: float) -> float:
    tick_s = 60.0 / max(bpm, 1.0) / TICKS_PER_BEAT
    return TICKS_PER_BEAT * min(max(tick_s, SHORTEST_TICK_S), LONGEST_TICK_S)
