"""Notices that two MIDI clocks come in at one port, from nothing but the moments at which ticks arrive.

The arrivals of two clocks are the union of two even rows. Every `WINDOW_TICKS` arrivals the first row is traced from
the first arrival on, for each period that the next arrivals suggest; what it leaves must be a second row. That is told
once `SURE_WINDOWS` windows in a row show the same two rows. A single clock never gives two rows, with two exceptions:
one of the double tempo is two clocks half a tick apart, and one whose ticks come in steps, through audio buffers or a
radio link, may repeat a pattern of two gaps. Then all gaps are two neighbouring multiples of the step, and nothing is
said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import fmean

from bollylive.midi.messages import TICKS_PER_BEAT

WINDOW_TICKS = 96
SURE_WINDOWS = 4
MOST_PERIOD = 8  # in arrivals: the slower clock is at most seven times slower
MOST_MISSES = 2  # of the ticks that a row should have
MOST_STRAYS = 4  # arrivals that belong to neither row
NEAR = 0.25  # in mean gaps: how far from its row a tick may be
EVEN = 0.15  # in mean gaps: arrivals within so small a range around one line are one clock's
SAME_PERIOD = 0.02  # of a row, from one window to the next
APART_S, MOST_PHASE = 0.002, 0.39  # two rows of one tempo: nearer ticks are a clump, wider ones a double tempo
LEAST_SLIDE = 0.15  # in ticks: rows that slide past each other by less in a window have one tempo
STEP_DOUBT = 0.12  # how far from a whole number a gap may be, in steps
POLLED_S = 0.001  # USB hands out messages in milliseconds, also those that came in steps


@dataclass(frozen=True, slots=True)
class _Row:
    """Even ticks: the first, the period, and the standard deviation of the arrivals from it."""

    at_s: float
    period_s: float
    deviation_s: float

    @property
    def bpm(self) -> float:
        return 60.0 / (self.period_s * TICKS_PER_BEAT)


class SecondClock:
    """Hears each tick of a port; it changes nothing. Not thread-safe; nothing raises.

    Two clocks are not noticed while they tick within 2 ms of each other, a third or more than 0.39 of a tick apart at
    one tempo, if their ticks jitter by more than about a tenth of the mean gap, or if both come in steps.
    An arrival costs less than a microsecond; the last of a window 0.03 ms if the clock is even, else up to 0.4 ms.
    """

    def __init__(self) -> None:
        self._arrivals_s: list[float] = []
        self._rows: tuple[_Row, _Row] | None = None  # in the latest window
        self._windows = 0  # in a row that showed them
        self._is_told = False

    def add(self, now_s: float) -> None:
        """Note that a tick arrived at `now_s`."""
        if self._is_told:
            return
        self._arrivals_s.append(now_s)
        if len(self._arrivals_s) == WINDOW_TICKS:
            before, self._rows = self._rows, two_rows(self._arrivals_s)
            self._windows = self._windows + 1 if _alike(before, self._rows) else int(self._rows is not None)
            self._arrivals_s = []

    def take_problem(self) -> str | None:
        """Return a sentence for the musician, once."""
        if self._is_told or self._windows < SURE_WINDOWS or self._rows is None:
            return None
        self._is_told = True
        faster, slower = self._rows
        return (
            f"Two MIDI clocks come in at one port, at {faster.bpm:.0f} and {slower.bpm:.0f} bpm, so the band cannot "
            "know the tempo; switch one of them off in the program that sends it."
        )


def two_rows(arrivals_s: Sequence[float]) -> tuple[_Row, _Row] | None:
    """Return the rows of two clocks, the faster first, if the arrivals are those of two and cannot be those of one."""
    gap_s = (arrivals_s[-1] - arrivals_s[0]) / (len(arrivals_s) - 1)
    if gap_s <= 0 or _is_even(arrivals_s, gap_s):
        return None
    for later_s in arrivals_s[1 : MOST_PERIOD + 1]:
        first = _trace(arrivals_s, later_s - arrivals_s[0], gap_s)
        if first is None:
            continue
        row, rest_s = first
        for second_s in rest_s[1:3]:
            second = _trace(rest_s, second_s - rest_s[0], gap_s)
            if second is not None and len(second[1]) <= MOST_STRAYS:
                rows = (row, second[0]) if row.period_s < second[0].period_s else (second[0], row)
                return None if _may_be_one(rows, arrivals_s) else rows
    return None


def _is_even(arrivals_s: Sequence[float], gap_s: float) -> bool:
    offs_s = [at_s - i * gap_s for i, at_s in enumerate(arrivals_s)]
    return max(offs_s) - min(offs_s) < EVEN * gap_s


def _trace(arrivals_s: Sequence[float], period_s: float, gap_s: float) -> tuple[_Row, list[float]] | None:
    """Follow a row from the first arrival to the last; return it and the arrivals that do not belong to it.

    While no tick is missing, the prediction is least squares over all so far: the expanding-memory filter of
    E. Brookner, "Tracking and Kalman Filtering Made Easy" (1998), section 1.2.10.
    """
    if period_s <= gap_s:
        return None
    at_s, near_s, last_s = arrivals_s[0], NEAR * gap_s, arrivals_s[-1]
    members, rest_s = [(0, at_s)], []
    number, misses, i = 0, 0, 1
    while at_s + period_s < last_s + near_s:
        number += 1
        at_s += period_s
        count = len(members) + 1
        bound_s = near_s * (1 + 2 / count)
        while i < len(arrivals_s) and arrivals_s[i] < at_s - bound_s:
            rest_s.append(arrivals_s[i])
            i += 1
        while i + 1 < len(arrivals_s) and abs(arrivals_s[i + 1] - at_s) < abs(arrivals_s[i] - at_s):
            rest_s.append(arrivals_s[i])
            i += 1
        if i < len(arrivals_s) and arrivals_s[i] <= at_s + bound_s:
            error_s = arrivals_s[i] - at_s
            members.append((number, arrivals_s[i]))
            at_s += error_s * 2 * (2 * count - 1) / (count * (count + 1))
            period_s += error_s * 6 / (count * (count + 1))
            i += 1
        else:
            misses += 1
            if misses > MOST_MISSES:
                return None
        if period_s <= gap_s:
            return None
    row = _fit(members)
    rest_s += arrivals_s[i:]
    is_row = len(members) >= WINDOW_TICKS // MOST_PERIOD and row.deviation_s < near_s
    return (row, rest_s) if is_row else None


def _fit(members: Sequence[tuple[int, float]]) -> _Row:
    """Least squares through numbered arrivals."""
    mean, mean_s = fmean(number for number, _ in members), fmean(at_s for _, at_s in members)
    spread = sum((number - mean) ** 2 for number, _ in members)
    period_s = sum((number - mean) * (at_s - mean_s) for number, at_s in members) / spread if spread else 0.0
    first_s = mean_s - mean * period_s
    squares = sum((at_s - first_s - number * period_s) ** 2 for number, at_s in members)
    return _Row(first_s, period_s, sqrt(squares / len(members)))


def _may_be_one(rows: tuple[_Row, _Row], arrivals_s: Sequence[float]) -> bool:
    """Whether one clock may have sent what looks like two rows."""
    faster, slower = rows
    deviation_s = max(faster.deviation_s, slower.deviation_s)
    apart = ((slower.at_s - faster.at_s) / faster.period_s) % 1
    if (slower.period_s / faster.period_s - 1) * len(arrivals_s) / 2 < LEAST_SLIDE:
        phase = min(apart, 1 - apart)
        if phase > MOST_PHASE or phase * faster.period_s < APART_S:
            return True
    return _comes_in_steps(arrivals_s, deviation_s)


def _comes_in_steps(arrivals_s: Sequence[float], deviation_s: float) -> bool:
    """Whether one clock may have sent this through a buffer, or two; ticks of a clump count as one moment."""
    moments_s = [arrivals_s[0]]
    for at_s in arrivals_s[1:]:
        moments_s.append(at_s if at_s - moments_s[-1] > APART_S else moments_s[-1])
    gaps_s = [later_s - at_s for at_s, later_s in pairwise(moments_s)][1:]  # the first may begin within a clump
    return any(_are_steps(gaps, deviation_s) for gaps in (gaps_s, [gap_s for gap_s in gaps_s if gap_s > 0]))


def _are_steps(gaps_s: Sequence[float], deviation_s: float) -> bool:
    """Whether all gaps are two neighbouring multiples of a step."""
    middle_s = (min(gaps_s, default=0.0) + max(gaps_s, default=0.0)) / 2
    short_s = [gap_s for gap_s in gaps_s if gap_s <= middle_s]
    long_s = [gap_s for gap_s in gaps_s if gap_s > middle_s]
    if not long_s:
        return True
    short, long = fmean(short_s), fmean(long_s)
    spread_s = max(max(short_s) - short, short - min(short_s), max(long_s) - long, long - min(long_s))
    steps = short / (long - short)
    is_whole = short < APART_S if round(steps) == 0 else abs(steps - round(steps)) < STEP_DOUBT
    return spread_s < 5 * deviation_s + POLLED_S and is_whole


def _alike(before: tuple[_Row, _Row] | None, now: tuple[_Row, _Row] | None) -> bool:
    if before is None or now is None:
        return False
    return all(abs(a.period_s / b.period_s - 1) < SAME_PERIOD for a, b in zip(before, now, strict=True))
