"""Musical time: which beat it is now, according to a DAW's MIDI clock, an Ableton Link session, or a free tempo.

Musical time is given as one `Anchor`, and a new one appears only when it matters. It is continuous, whatever leads (see
`slew`), except for the jumps that `epoch` counts and the rounding to a whole tick at a Continue. A MIDI clock has
priority over a Link session with others in it, and that has priority over the free tempo, which is set, tapped, or
taken from what the musician plays.
"""

from __future__ import annotations

from dataclasses import replace
from math import trunc

from bollylive.clock.anchor import Anchor, Leader, LinkBeat, PlayerBeat
from bollylive.clock.link_follower import LinkFollower
from bollylive.clock.midi_follower import MidiFollower
from bollylive.clock.second_clock import SecondClock
from bollylive.clock.slew import Slew
from bollylive.clock.tempo import beat_seconds, bounded_bpm
from bollylive.midi.messages import Event, Tempo, Tick

FASTEST, SLOWEST = 2.0, 0.5  # how far the player may move away from the tempo that was set or tapped
PLAYER_TOLERANCE_S = 0.004  # a smaller difference is uneven playing, not another tempo
PLAYER_LIMIT = 0.5  # a band that catches up with a player, or waits for them, does so at 3/2 or 1/2 of the tempo


class Clock:
    """Keeps the beat: free from `now_s` (beat 0) on, then led by a MIDI clock, a Link session or the player.

    `source` is who leads; "lost" is a MIDI clock that stopped ticking while the song ran. Not thread-safe.
    """

    def __init__(self, bpm: float, now_s: float, *, any_tempo: bool = False) -> None:
        """Begin at `bpm`; a tempo that is set is bounded to 20-400 unless `any_tempo`, which is for files."""
        self._beat_seconds = _any_beat_seconds if any_tempo else beat_seconds
        self._slew = Slew(Anchor(0.0, self._beat_seconds(bpm), now_s))
        self._midi, self._link = MidiFollower(self._slew, now_s), LinkFollower(self._slew)
        self._second_clock = SecondClock()
        self._free_s = self.anchor.seconds_per_beat  # a beat in free tempo, as last set, tapped or left by a leader

    @property
    def anchor(self) -> Anchor:
        """Musical time as everybody sees it."""
        return self._slew.anchor

    @property
    def source(self) -> Leader:
        """Who leads."""
        return self._slew.leader

    @property
    def bpm(self) -> float:
        """The tempo of the leader, 20-400; while the beat is corrected, `anchor` is faster or slower."""
        return bounded_bpm(self._slew.aim.seconds_per_beat)

    def resume(self, anchor: Anchor, now_s: float) -> None:
        """Go on from where an earlier clock stopped; if a MIDI clock led it, that counts as lost until it ticks."""
        self._slew.set(anchor)
        self._midi.resume(now_s)

    def beat_at(self, now_s: float) -> float:
        """Return the beat at `now_s`."""
        return self._slew.anchor.beat_at(now_s)

    def seconds_at(self, beat: float) -> float:
        """Return when `beat` falls if nothing changes; only meaningful while `anchor.running`."""
        return self.anchor.seconds_at(beat)

    def handle(self, event: Event, now_s: float) -> bool:
        """Handle a clock message or a tempo, ignore any other message; return whether `anchor` has changed."""
        before = self.anchor
        if isinstance(event, Tick):
            self._second_clock.add(now_s)
        if not isinstance(event, Tempo):
            self._midi.handle(event, now_s)
        elif self.source not in ("midi", "link"):
            self._free_s = self._beat_seconds(event.bpm)
            self._slew.leader = "free" if self.source == "player" else self.source
            self._slew.set(replace(self._slew.held(now_s), seconds_per_beat=self._free_s))
        return self.anchor is not before

    def tap(self, tempo: Tempo, now_s: float) -> bool:
        """Handle a tempo that the musician taps; return whether `anchor` has changed.

        It also ends a Stop of a DAW that sends no clock now: the musician wants to play without it.
        """
        before = self.anchor
        if self._midi.is_waiting(now_s):
            self.lose_source(now_s)
        self.handle(tempo, now_s)
        return self.anchor is not before

    def lose_source(self, now_s: float) -> bool:
        """Handle that the source of the MIDI clock is gone; return whether `anchor` has changed.

        A song that it had stopped goes on in free tempo. One that runs goes on anyway, see `check`.
        """
        before = self.anchor
        self._midi.leave(now_s)
        if self.anchor is not before:
            self._free_s = self.anchor.seconds_per_beat
        return self.anchor is not before

    def follow_link(self, link: LinkBeat) -> bool:
        """Follow the beat of a Link session, about twenty times a second; return whether `anchor` has changed."""
        before, led = self.anchor, self.source == "link"
        self._link.handle(link)
        if led and self.source == "free":
            self._free_s = self.anchor.seconds_per_beat
        return self.anchor is not before

    def follow_player(self, heard: PlayerBeat, now_s: float) -> bool:
        """Follow an estimate of the musician's beat; return whether `anchor` has changed.

        A difference of whole beats between theirs and ours remains: the band catches up or waits by less than one beat.
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
        """End a completed correction, notice a lost clock; return whether `anchor` has changed. Call it often."""
        before = self.anchor
        if self._midi.check(now_s):
            self._free_s = self.anchor.seconds_per_beat
        else:
            self._slew.settle(now_s)
        return self.anchor is not before

    def take_problem(self) -> str | None:
        """Return a sentence for the musician if two MIDI clocks tick at once; it is given once."""
        return self._second_clock.take_problem()


def _any_beat_seconds(bpm: float) -> float:
    return 60.0 / bpm
