"""Keeps the ticks of a second MIDI clock at the same port out, because with both every beat would count twice.

A tick that comes early may be a second clock's, or the tempo has risen. So it waits, and those after it, for a third
of a beat at most: if the ticks are evenly spaced all together, they are one faster clock, and all of them count. If
they are uneven, and most periods of the old tempo hold one too many, they are two clocks. Then only the tick that is
nearest to the expected moment counts. Clocks that began together are known by gaps that alternate.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import fmean, pvariance

from bollylive.clock.tick_filter import LEAST_JITTER_S, TickFilter

WAIT_TICKS = 8  # a third of a beat
LEAST_EXTRAS = 5  # in that time; the slower of two clocks may be a little slower than half the sum
EVEN = 0.2  # the standard deviation of evenly spaced ticks from their line, as a share of the gap
EVEN_S = 0.003
CERTAIN = 5.0  # so many standard errors are no chance
MOST_GAP = 0.6  # two gaps of a clock that has doubled its tempo are shorter than this, as a share of the old gap
UNEVEN = 0.25  # two gaps that differ by more than this share of their sum are not those of one clock
CLUMP_S = 0.002  # ticks that come this close together were held up, or left in one audio buffer
ALTERNATING = 48  # so many gaps are compared where both clocks may have ticked from the beginning
SURE_BPM, SURE_SHARE = 160.0, 0.75  # gaps that alternate less may be those of audio buffers; a fast tempo is suspect
LEAST_SHARE = 0.2
ALONE = 12  # fewer extras than this in two beats: the second clock is gone
ASTRAY = 8  # so many ticks in a row that come far from where they are expected: the tempo has changed


class TickGate:
    """Decides which ticks count. Not thread-safe; `now_s` must not go back.

    `second_clock` is whether a second clock is being kept out. A tick costs about 3 µs, and 20 µs each third of a beat.
    """

    def __init__(self) -> None:
        self.second_clock = False
        self._held: list[tuple[float, bool]] = []  # ticks that wait, and whether each is one too many
        self._best_s: float | None = None  # the tick that is the nearest to the expected moment so far
        self._last_s = float("-inf")
        self._recent: deque[float] = deque(maxlen=ALTERNATING + 1)
        self._count = self._extras = self._astray = 0

    def admit(self, now_s: float, tick_filter: TickFilter) -> list[float]:
        """Take a tick; return the times of those that count now, oldest first."""
        if self.second_clock:
            return self._choose(now_s, tick_filter)
        self._recent.append(now_s)
        self._count += 1
        if not self._count % WAIT_TICKS and not self._held and self._alternates():
            self._begin_choosing()
            tick_filter.thin(list(self._recent)[-1 - ALTERNATING :: 2])
            self._recent.clear()
            return []
        expected = sum(not extra for _, extra in self._held)
        off_s = now_s - tick_filter.seconds_at(tick_filter.tick + 1 + expected)
        bound_s = tick_filter.bound_s
        if not self._held and (off_s >= -bound_s or not tick_filter.is_settled):
            self._last_s = now_s
            return [now_s]
        early = off_s < -bound_s
        jumps = early and bool(self._held) and self._held[-1][1] and self._rises(now_s, tick_filter)
        self._held.append((now_s, early))
        if jumps or off_s > bound_s:
            return self.release()
        return self._decide() if expected + (not early) >= WAIT_TICKS else []

    def begin(self, now_s: float) -> None:
        """Note the tick with which the song begins or goes on, which always counts; earlier ones do not matter."""
        self._held, self._best_s, self._last_s = [], None, now_s
        self._recent.clear()
        self._recent.append(now_s)
        self._count = 0

    def release(self) -> list[float]:
        """Return the times of the ticks that wait, because the musical time of all that came is needed now."""
        if self._best_s is not None:
            held, self._best_s = [self._best_s], None
        else:
            held, self._held = [at_s for at_s, _ in self._held], []
        if held:
            self._last_s = held[-1]
        return held

    def _rises(self, now_s: float, tick_filter: TickFilter) -> bool:
        """Whether two early ticks in a row are a clump, or those of a tempo that has about doubled, or more."""
        before = [self._last_s, *(at_s for at_s, _ in self._held), now_s]
        gap_s, earlier_gap_s = before[-1] - before[-2], before[-2] - before[-3]
        is_even = abs(gap_s - earlier_gap_s) < max(2 * CLUMP_S, UNEVEN * (gap_s + earlier_gap_s))
        return is_even and max(gap_s, earlier_gap_s) < MOST_GAP * tick_filter.seconds_per_tick

    def _decide(self) -> list[float]:
        ticks = [self._last_s, *(at_s for at_s, _ in self._held)]
        expected = [at_s for at_s, extra in self._held if not extra]
        if len(self._held) - len(expected) < LEAST_EXTRAS or self._is_even(ticks):
            return self.release()
        self._begin_choosing()
        self._last_s = expected[-1]
        return expected

    def _is_even(self, ticks: list[float]) -> bool:
        """Whether all ticks are evenly spaced, as far as chance allows."""
        offs = _offs_s(ticks)
        if all(extra != self._held[i - 1][1] for i, (_, extra) in enumerate(self._held) if i):
            odd, even = offs[1::2], offs[::2]  # Student's t of two clocks, one between the other's ticks
            doubt_s = max(LEAST_JITTER_S, (pvariance(odd) + pvariance(even)) ** 0.5)
            return bool(abs(fmean(odd) - fmean(even)) < CERTAIN * doubt_s / len(odd) ** 0.5)
        return bool(pvariance(offs) ** 0.5 < max(EVEN_S, EVEN * (ticks[-1] - ticks[0]) / (len(ticks) - 1)))

    def _begin_choosing(self) -> None:
        self.second_clock, self._held, self._best_s = True, [], None
        self._count = self._extras = self._astray = 0

    def _alternates(self) -> bool:
        """Whether the gaps of the latest ticks alternate as those of two clocks of one tempo do."""
        gaps = [later - earlier for earlier, later in pairwise(self._recent)]
        if len(gaps) < ALTERNATING:
            return False
        short, long = sorted((gaps[::2], gaps[1::2]), key=fmean)
        gap_s, apart_s = fmean(gaps), fmean(long) - fmean(short)
        share = SURE_SHARE if gap_s > 60 / SURE_BPM / 24 else LEAST_SHARE
        ratio = fmean(short) / fmean(long)
        buffers = any(abs(ratio - k / (k + 1)) < 0.04 for k in (1, 2)) and min(long) - max(short) > 0
        return (
            apart_s > share * gap_s
            and max(short) < min(long)
            and min(short) > CLUMP_S
            and max(max(short) - min(short), max(long) - min(long)) < apart_s / 2
            and not buffers
        )

    def _choose(self, now_s: float, tick_filter: TickFilter) -> list[float]:
        """Keep the tick that is the nearest to each expected moment."""
        tick_s = tick_filter.seconds_per_tick
        expected_s = tick_filter.seconds_at(tick_filter.tick + 1)
        chosen: list[float] = []
        if self._best_s is not None and now_s > expected_s + tick_s / 2:
            chosen, self._best_s = [self._best_s], None
            self._astray = self._astray + 1 if abs(chosen[0] - expected_s) > tick_filter.bound_s else 0
            expected_s += tick_s
            self._count += 1
        if now_s < expected_s - tick_s / 2:
            self._extras += 1
        elif self._best_s is None:
            self._best_s = now_s
        else:
            self._extras += 1
            if abs(now_s - expected_s) < abs(self._best_s - expected_s):
                self._best_s = now_s
        if self._astray >= ASTRAY or (self._count == ALTERNATING and self._extras < ALONE):
            self.second_clock = False
            self._recent.clear()
            return [*chosen, *self.release()]
        if self._count == ALTERNATING:
            self._count = self._extras = 0
        return chosen


def _offs_s(ticks: list[float]) -> list[float]:
    """Return how late each tick is on the straight line through the first and the last."""
    gap_s = (ticks[-1] - ticks[0]) / (len(ticks) - 1)
    return [at_s - ticks[0] - i * gap_s for i, at_s in enumerate(ticks)]
