"""Follows an Ableton Link session while others are in it and no MIDI clock leads."""

from __future__ import annotations

from dataclasses import replace

from bollylive.clock.anchor import LinkBeat
from bollylive.clock.slew import Slew
from bollylive.clock.tempo import beat_seconds

LEAP_BEATS = 0.125  # a larger difference means another beat: the session was joined, or somebody moved its bar


class LinkFollower:
    """Moves `slew` by what a Link session reports, with "link" as its leader.

    When it begins to lead, and when the session's beat jumps, our bar lines move but our beat does not.
    Not thread-safe; `at_s` of the reports must not go back.
    """

    def __init__(self, slew: Slew) -> None:
        self._slew = slew
        self._latest: LinkBeat | None = None
        self._shift = 0.0  # our beat minus Link's

    def handle(self, link: LinkBeat) -> None:
        """Follow the beat of the session; call it about twenty times a second."""
        latest, self._latest = self._latest, link
        if link.peers and self._slew.leader != "midi":
            self._follow(link, latest)
        elif self._slew.leader == "link":
            self._slew.leader = "free"
            self._slew.set(replace(self._slew.held(link.at_s), running=True, bar_beat=None))

    def _follow(self, link: LinkBeat, latest: LinkBeat | None) -> None:
        before, now_s = self._slew.anchor, link.at_s
        newly, self._slew.leader = self._slew.leader != "link", "link"
        changed = latest is not None and latest.peers > 0 and link.playing != latest.playing
        plays = link.playing if changed else before.running
        line = replace(before, beat=link.beat + self._shift, at_s=now_s, seconds_per_beat=beat_seconds(link.bpm))
        leaps = plays and abs(self._slew.ahead_of_aim(line, now_s)) > LEAP_BEATS
        if newly or plays != before.running or leaps:
            beat = before.beat_at(now_s)
            self._shift = beat - link.beat
            line = replace(line, beat=beat, running=plays, followed=False)
            self._slew.set(replace(line, bar_beat=beat - link.beat % link.beats_per_bar))
        elif plays:
            self._slew.follow(line, now_s)
