"""Musical time that is turned towards where it should be, and never jumps there.

What is wrong is never corrected at once but steered away within about half a beat, so it neither skips a note nor
runs backwards.
"""

from __future__ import annotations

from dataclasses import replace

from bollylive.clock.anchor import Anchor

PHASE_TOLERANCE_S = 0.0005
RATE_TOLERANCE = 0.001
STEER_BEATS = 0.5
STEER_BEATS_IF_LARGE = 0.25
LEAST_STEER_BEATS = 0.125
LARGE_ERROR_BEATS = 0.01
STEER_LIMIT = 0.75  # of the tempo: a large error is made good at 1/4 or 7/4 of it, if nobody says another limit


class Slew:
    """`anchor` is musical time as all should know it; it steers towards `aim`, where the leader says that the beat is.

    Not thread-safe; `now_s` must not go back between calls.
    """

    def __init__(self, anchor: Anchor) -> None:
        self.anchor = self.aim = anchor
        self._limit = STEER_LIMIT
        self._meet_s: float | None = None  # when `anchor` will have reached `aim`

    def set(self, anchor: Anchor) -> None:
        """Makes this musical time at once; it is for the caller to see that the beat does not jump."""
        self.anchor = self.aim = anchor
        self._meet_s = None

    def held(self, now_s: float) -> Anchor:
        """The present moment as an anchor at the true rate, without what a correction adds to it."""
        return replace(self.aim, beat=self.anchor.beat_at(now_s), at_s=now_s)

    def follow(
        self, line: Anchor, now_s: float, tolerance_s: float = PHASE_TOLERANCE_S, limit: float = STEER_LIMIT
    ) -> None:
        """Takes a new aim, if it differs from the one there is by more than nobody could hear.

        `limit` is how much faster or slower a correction may be, as a share of the tempo (0-1).
        """
        phase_s = line.at_s - self.aim.seconds_at(line.beat)
        rate = line.seconds_per_beat / self.aim.seconds_per_beat - 1.0
        if abs(phase_s) > tolerance_s or abs(rate) > RATE_TOLERANCE:
            self.aim, self._limit = line, limit
            self._turn(now_s)

    def settle(self, now_s: float) -> None:
        """Ends a correction that is done; call it often."""
        if self._meet_s is not None and now_s >= self._meet_s:
            self._turn(now_s)

    def _turn(self, now_s: float) -> None:
        """Turns `anchor` so that it meets `aim`: in half a beat, or for a large error as soon as it decently can."""
        beat = self.anchor.beat_at(now_s)
        error = self.aim.beat_at(now_s) - beat
        if abs(error) * self.aim.seconds_per_beat < PHASE_TOLERANCE_S / 10:
            self.set(self.aim)
            return
        ahead = STEER_BEATS_IF_LARGE if abs(error) > LARGE_ERROR_BEATS else STEER_BEATS
        if self._meet_s is not None:  # new ticks do not put off what is being made good
            ahead = min(ahead, (self._meet_s - now_s) / self.aim.seconds_per_beat)
        ahead = max(ahead, LEAST_STEER_BEATS, abs(error) / self._limit)
        seconds = ahead * self.aim.seconds_per_beat
        self.anchor = replace(self.aim, beat=beat, seconds_per_beat=seconds / (ahead + error), at_s=now_s)
        self._meet_s = now_s + seconds
