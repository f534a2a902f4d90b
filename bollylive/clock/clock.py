"""Musical time: which beat it is now, by a DAW's MIDI clock, an Ableton Link session, or a free tempo.

Musical time is given as one `Anchor`, and a new one appears only when it matters. It is continuous whoever leads (see
`slew`), except for the jumps that `epoch` counts and the rounding to a whole tick at a Continue. A MIDI clock leads
before a Link session with others in it, and that before the free tempo, which is set, tapped, or taken from what the
musician plays.
"""

from __future__ import annotations

from dataclasses import replace
from math import trunc

from bollylive.clock.anchor import Anchor, Leader, LinkBeat, PlayerBeat
from bollylive.clock.link_follower import LinkFollower
from bollylive.clock.midi_follower import MidiFollower
from bollylive.clock.slew import Slew
from bollylive.clock.tempo import beat_seconds
from bollylive.midi.messages import Event, Tempo

FASTEST, SLOWEST = 2.0, 0.5  # how far the player may lead from the tempo that was set or tapped
PLAYER_TOLERANCE_S = 0.004  # a smaller difference is uneven playing, not another tempo
PLAYER_LIMIT = 0.5  # a band that catches up with a player, or waits for them, does so at 3/2 or 1/2 of the tempo


class Clock:
    """Keeps the beat: free from `now_s` (beat 0) on, then led by a MIDI clock, a Link session or the player.

    `source` is who leads; "lost" is a MIDI clock that stopped ticking while the song ran.
    Not thread-safe; `now_s` must not go back between calls.
    """

    def __init__(self, bpm: float, now_s: float) -> None:
        self._slew = Slew(Anchor(0.0, beat_seconds(bpm), now_s))
        self._midi, self._link = MidiFollower(self._slew, now_s), LinkFollower(self._slew)
        self._free_s = self.anchor.seconds_per_beat  # a beat of the free tempo, as it was set, tapped or left

    @property
    def anchor(self) -> Anchor:
        """Musical time as everybody sees it."""
        return self._slew.anchor

    @property
    def source(self) -> Leader:
        """Who leads."""
        return self._slew.leader

    def resume(self, anchor: Anchor, now_s: float) -> None:
        """Go on from where an earlier clock stopped; a MIDI clock that led it counts as lost until it ticks."""
        self._slew.set(anchor)
        self._midi.resume(now_s)

    def beat_at(self, now_s: float) -> float:
        """Return the beat at `now_s`."""
        return self._slew.anchor.beat_at(now_s)

    def seconds_at(self, beat: float) -> float:
        """Return when `beat` falls if nothing changes; only meaningful while `anchor.running`."""
        return self.anchor.seconds_at(beat)

    def handle(self, event: Event, now_s: float) -> bool:
        """Take in a clock message or a tempo, ignore any other message; return whether `anchor` is a new one."""
        before = self.anchor
        if not isinstance(event, Tempo):
            self._midi.handle(event, now_s)
        elif self.source not in ("midi", "link"):
            self._free_s = beat_seconds(event.bpm)
            self._slew.leader = "free" if self.source == "player" else self.source
            self._slew.set(replace(self._slew.held(now_s), seconds_per_beat=self._free_s))
        return self.anchor is not before

    def follow_link(self, link: LinkBeat) -> bool:
        """Take in where a Link session is now; call it some twenty times a second; whether `anchor` is a new one."""
        before, led = self.anchor, self.source == "link"
        self._link.handle(link)
        if led and self.source == "free":
            self._free_s = self.anchor.seconds_per_beat
        return self.anchor is not before

    def follow_player(self, heard: PlayerBeat, now_s: float) -> bool:
        """Take in where the musician's playing puts the beat; return whether `anchor` is a new one.

        Whole beats between theirs and ours stay: the band catches up, or waits, for less than one.
        """
        before = self.anchor
        if self.source in ("free", "player") and before.running and heard.epoch == before.epoch:
            self._slew.leader = "player"
            rate_s = min(max(heard.seconds_per_beat, self._free_s / FASTEST), self._free_s / SLOWEST)
            line = replace(before, beat=heard.beat, seconds_per_beat=rate_s, at_s=heard.at_s)
            line = replace(line, beat=heard.beat - trunc(self._slew.ahead_of_aim(line, now_s)))
            self._slew.follow(line, now_s, PLAYER_TOLERANCE_S, PLAYER_LIMIT)
        return self.anchor is not before

    def check(self, now_s: float) -> bool:
        """End a completed correction and notice a lost clock; call it many times a second; whether `anchor` is new."""
        before = self.anchor
        if self._midi.check(now_s):
            self._free_s = self.anchor.seconds_per_beat
        else:
            self._slew.settle(now_s)
        return self.anchor is not before
