"""Musical time that never jumps: errors are corrected by making the beat slightly faster or slower.

A correction takes about half a beat, so musical time neither skips a note nor runs backwards.
"""

from __future__ import annotations

from dataclasses import replace

from bollylive.clock.anchor import Anchor, Leader

PHASE_TOLERANCE_S = 0.0005
RATE_TOLERANCE = 0.001
STEER_BEATS = 0.5
STEER_BEATS_IF_LARGE = 0.25
LEAST_STEER_BEATS = 0.125
LARGE_ERROR_BEATS = 0.01
STEER_LIMIT = 0.75  # a correction runs at between 1/4 and 7/4 of the tempo, unless the caller gives another limit


class Slew:
    """Musical time, and who leads it.

    `anchor` is musical time as everybody sees it. It approaches `aim`, where the `leader` puts the beat.
    Not thread-safe; `now_s` must not go back between calls.
    """

    def __init__(self, anchor: Anchor) -> None:
        self.leader: Leader = "free"
        self.anchor = self.aim = anchor
        self._limit = STEER_LIMIT
        self._meet_s: float | None = None  # when `anchor` will have reached `aim`

    def set(self, anchor: Anchor) -> None:
        """Set musical time at once; the caller must make sure that the beat does not jump."""
        self.anchor = self.aim = anchor
        self._meet_s = None

    def held(self, now_s: float) -> Anchor:
        """Return an anchor at the present moment with the leader's tempo, without the correction under way."""
        return replace(self.aim, beat=self.anchor.beat_at(now_s), at_s=now_s)

    def ahead_of_aim(self, line: Anchor, now_s: float) -> float:
        """Return by how many beats `line` is ahead of `aim` at `now_s`."""
        return line.beat_at(now_s) - self.aim.beat_at(now_s)

    def follow(
        self, line: Anchor, now_s: float, tolerance_s: float = PHASE_TOLERANCE_S, limit: float = STEER_LIMIT
    ) -> None:
        """Aim at `line` if it differs from `aim` audibly.

        `limit` is how much faster or slower a correction may run, as a share of the tempo (0-1).
        """
        phase_s = line.at_s - self.aim.seconds_at(line.beat)
        rate = line.seconds_per_beat / self.aim.seconds_per_beat - 1.0
        if abs(phase_s) > tolerance_s or abs(rate) > RATE_TOLERANCE:
            self.aim, self._limit = line, limit
            self._turn(now_s)

    def settle(self, now_s: float) -> None:
        """End a correction that is complete; call it many times a second."""
        if self._meet_s is not None and now_s >= self._meet_s:
            self._turn(now_s)

    def _turn(self, now_s: float) -> None:
        """Let `anchor` meet `aim` in half a beat; a large error is corrected as fast as the limit allows."""
        beat = self.anchor.beat_at(now_s)
        error = self.aim.beat_at(now_s) - beat
        if abs(error) * self.aim.seconds_per_beat < PHASE_TOLERANCE_S / 10:
            self.anchor, self._meet_s = self.held(now_s), None
            return
        ahead = STEER_BEATS_IF_LARGE if abs(error) > LARGE_ERROR_BEATS else STEER_BEATS
        if self._meet_s is not None:  # new ticks do not postpone a correction under way
            ahead = min(ahead, (self._meet_s - now_s) / self.aim.seconds_per_beat)
        ahead = max(ahead, LEAST_STEER_BEATS, abs(error) / self._limit)
        seconds = ahead * self.aim.seconds_per_beat
        self.anchor = replace(self.aim, beat=beat, seconds_per_beat=seconds / (ahead + error), at_s=now_s)
        self._meet_s = now_s + seconds
