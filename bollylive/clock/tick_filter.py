"""The even tempo behind MIDI clock ticks that arrive unevenly: least squares over the latest ones.

A line is fitted, and bent into a parabola as far as the arrivals bend more than chance would explain: therefore a
gradual change is followed without lag, and a steady tempo without wobble. A change of tempo is noticed and starts a new
line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TypeAlias

from bollylive.midi.messages import TICKS_PER_BEAT

SHORTEST_TICK_S = 60.0 / 400 / TICKS_PER_BEAT  # 400 beats per minute
LONGEST_TICK_S = 60.0 / 20 / TICKS_PER_BEAT  # 20 beats per minute

WINDOW_TICKS = 96  # four beats: with a jitter of 3 ms either way, the next beat is known to 2 ms
BENT_TICKS = 12  # fewer arrivals than this say nothing about a bend
BEND_DOUBT = 6.0  # a bend of 2.4 standard errors is still explained by chance
LEAST_JITTER_S = 0.0003  # arrivals are never taken for more even than this
PRIOR_SPREAD = 24**3 / 12  # the rate known before weighs as much as a beat of arrivals

COARSE_TICKS = 192  # eight beats, the window for ticks that come in coarse steps, as those of large audio buffers do
MOST_COARSE_TICKS = 4
JUMP_TICKS = 3  # this many outliers in a row, all early or all late, are another tempo
JITTER_S = 0.004  # an arrival this far off the line, and a quarter of a tick, is an outlier
DRIFT = 0.5  # in standard deviations: arrivals that are off by more on average have left the line
ALARM = 8.0  # the sum above which that is another tempo
CLIP = 3.0  # the most that one arrival counts
DEVIATION = 1.25  # a standard deviation in mean distances, of a normal distribution

_Arrival: TypeAlias = tuple[int, float]


class TickFilter:
    """Ticks counted from 1, and the line that gives the time of any of them, in the seconds of `add`.

    A single late arrival does not bend the line. Three outliers in a row on the same side that move away from it begin
    a new line, made of those three alone; so the filter follows a jump of the tempo at once, and then becomes steady
    again. Three that keep their distance, after ticks that were lost, move the line and leave its rate. Outliers that
    come back to the line change nothing: they are ticks that were held up and now catch up. Smaller jumps of the tempo
    show in the summed distances of the arrivals from the line, by the test of E. S. Page, "Continuous inspection
    schemes" (Biometrika 41, 1954), which also gives the tick at which it began.

    Ticks that come through large audio buffers, or a radio link, arrive in steps: for some beats as those of another
    tempo do, until one comes a whole step away from where it was expected. A line that has to be moved the same way
    twice has a wrong rate. From then on a longer line goes through all arrivals, and none within a step is an outlier.
    """

    def __init__(self, seconds_per_tick: float) -> None:
        self.seconds_per_tick = seconds_per_tick
        self.tick = 0  # the number of the latest tick
        self._arrivals: deque[_Arrival] = deque(maxlen=WINDOW_TICKS)
        self._outliers: list[_Arrival] = []
        self._prior = (seconds_per_tick, PRIOR_SPREAD)  # a rate, and its weight
        self._jitter_s = 0.0  # the mean distance of the arrivals from the line, over about a beat
        self._settled_s, self._settled_tick = seconds_per_tick, 0  # the rate before the latest change, and until when
        self._newest = (0, 0.0)  # a point of the line, at the latest arrival that was no outlier
        self._bend_s = 0.0  # the line is that point + x * seconds_per_tick + x² * bend, x ticks on
        self._coarse_s = 0.0  # the step in which arrivals come, if they do; 0: they come at any time
        self._coarse_tick = 0  # the latest that showed it
        self._recent: deque[_Arrival] = deque(maxlen=COARSE_TICKS)  # whether they were outliers or not
        self._moves: deque[_Arrival] = deque(maxlen=2)  # the ticks from which the line was moved, and how much later
        self._sums = {1: 0.0, -1: 0.0}  # Page's: how late, and how early, the arrivals have been
        self._since = {1: 0, -1: 0}  # the tick from which on each sum counts

    @property
    def seconds_to_next(self) -> float:
        """The time from the latest tick to the next; while the tempo changes, this is not the present rate."""
        return _bounded(self.seconds_per_tick + self._bend_s)

    @property
    def settled_seconds_per_tick(self) -> float:
        """The rate, or the one before if it has stood for less than a beat."""
        return self._settled_s if self.tick < self._settled_tick else self.seconds_per_tick

    @property
    def bound_s(self) -> float:
        """How far from the line an arrival may be; one that is farther is an outlier."""
        return max(JITTER_S, self.seconds_per_tick / 4, 3 * self._jitter_s, self._coarse_s)

    def restart(self) -> None:
        """Forget the arrivals but not the rate: the next tick starts a new line."""
        self._begin([], PRIOR_SPREAD)
        self._recent.clear()
        self._moves.clear()

    def add(self, now_s: float) -> None:
        """Add a tick that arrived at `now_s`."""
        self.tick += 1
        arrival = (self.tick, now_s)
        self._recent.append(arrival)
        residual_s = now_s - self.seconds_at(self.tick) if self._arrivals else 0.0
        if abs(residual_s) <= self.bound_s:
            self._learn_jitter(residual_s)
            self._outliers.clear()
            self._arrivals.append(arrival)
            self._forget_before(self._changed_at(residual_s))
        elif not self._is_jump(arrival, residual_s):
            return
        self._fit()

    def seconds_at(self, tick: float) -> float:
        """Return the time of `tick` on the line; it may be past or future."""
        newest_tick, newest_s = self._newest
        ahead = tick - newest_tick
        return newest_s + ahead * self.seconds_per_tick + ahead * ahead * self._bend_s

    def _learn_jitter(self, residual_s: float) -> None:
        self._jitter_s += (min(abs(residual_s), self.seconds_per_tick) - self._jitter_s) / TICKS_PER_BEAT
        if self._jitter_s > self.seconds_per_tick / 4:
            self._coarsen(4 * self._jitter_s)
        if abs(residual_s) > self._coarse_s / 4:
            self._coarse_tick = self.tick
        elif self.tick - self._coarse_tick > COARSE_TICKS:
            self._coarse_s = 0.0

    def _is_jump(self, arrival: _Arrival, residual_s: float) -> bool:
        if self._outliers:
            tick, at_s = self._outliers[-1]
            if (at_s > self.seconds_at(tick)) != (residual_s > 0):
                self._outliers.clear()
        self._outliers = [*self._outliers, arrival][-JUMP_TICKS:]
        is_run = len(self._outliers) == JUMP_TICKS
        departure_s = self._departure_s(self._outliers)
        if is_run and departure_s < -self.bound_s / 2:
            return False  # ticks that were held up catch up
        self._learn_jitter(residual_s)
        (first, first_s), (last, last_s) = self._outliers[0], self._outliers[-1]
        if not is_run or last_s - first_s < (last - first) * SHORTEST_TICK_S / 2:
            return False  # a backlog of ticks that came all at once has no tempo
        if departure_s > self.bound_s / 2:
            self._begin(self._outliers, 0.0)
        elif not self._is_coarse(first, first_s - self.seconds_at(first)):
            self._begin(self._outliers, PRIOR_SPREAD)
        return True

    def _is_coarse(self, tick: int, late_s: float) -> bool:
        """Note that the line is moved; if it was moved the same way before, its rate is wrong: begin a better one."""
        moves = self._moves
        if moves and (moves[-1][1] * late_s < 0 or tick - moves[-1][0] > COARSE_TICKS):
            moves.clear()
        moves.append((tick, late_s))
        if len(moves) < 2:
            return False
        self._coarsen(abs(late_s))
        self._jitter_s = max(self._jitter_s, self._coarse_s / 4)
        self._begin([arrival for arrival in self._recent if arrival[0] >= 2 * moves[0][0] - moves[1][0]], 0.0)
        return True

    def _coarsen(self, step_s: float) -> None:
        self._coarse_s = max(self._coarse_s, min(step_s, MOST_COARSE_TICKS * self.seconds_per_tick))
        self._coarse_tick = self.tick

    def _departure_s(self, arrivals: Sequence[_Arrival]) -> float:
        """Return by how much farther from the line the last arrival is than the first; less than 0 if they return."""
        (first, first_s), (last, last_s) = arrivals[0], arrivals[-1]
        return abs(last_s - self.seconds_at(last)) - abs(first_s - self.seconds_at(first))

    def _changed_at(self, residual_s: float) -> int | None:
        """Return the tick from which on the arrivals depart from the line, if they do."""
        scale_s = max(LEAST_JITTER_S, DEVIATION * self._jitter_s, self._coarse_s)
        for side, total in self._sums.items():
            off = min(side * residual_s / scale_s, CLIP)
            self._sums[side] = max(0.0, total + off - DRIFT)
            if not self._sums[side]:
                self._since[side] = self.tick + 1
            elif self._sums[side] > ALARM:
                return self._since[side]
        return None

    def _forget_before(self, tick: int | None) -> None:
        if tick is not None:
            later = [arrival for arrival in self._arrivals if arrival[0] >= tick]
            if self._departure_s(later) < 0:
                self._clear_sums()
            else:
                self._begin(later, 0.0)

    def _begin(self, arrivals: Sequence[_Arrival], prior_spread: float) -> None:
        if arrivals:
            self._settled_s, self._settled_tick = self.settled_seconds_per_tick, self.tick + TICKS_PER_BEAT
        self._arrivals = deque(arrivals, maxlen=COARSE_TICKS if self._coarse_s else WINDOW_TICKS)
        self._outliers = []
        self._prior = (self.seconds_per_tick, prior_spread)
        self._clear_sums()

    def _clear_sums(self) -> None:
        self._sums = {1: 0.0, -1: 0.0}
        self._since = {1: self.tick + 1, -1: self.tick + 1}

    def _fit(self) -> None:
        """Least squares, in which the rate is drawn towards the earlier rate (ridge regression) and the bend towards
        zero.

        The parabola is written in orthogonal polynomials, so that it can be left out without another fit. It is
        shrunk by L. Breiman's garrote ("Better subset regression using the nonnegative garrote", Technometrics 37,
        1995): b (1 - d / z²), where b stands z standard errors from 0; none below z² = d.
        """
        count = len(self._arrivals)
        mean_tick = sum(tick for tick, _ in self._arrivals) / count
        mean_s = sum(at_s for _, at_s in self._arrivals) / count
        points = [(tick - mean_tick, at_s - mean_s) for tick, at_s in self._arrivals]
        spread = sum(x * x for x, _ in points)
        moment = sum(x * y for x, y in points)
        rate_s, weight = self._prior
        slope_s = (moment + weight * rate_s) / (spread + weight) if spread + weight else rate_s
        x = points[-1][0]
        at_s = mean_s + x * slope_s
        bend_s = 0.0
        if count >= BENT_TICKS:
            skew, level = sum(x**3 for x, _ in points) / spread, spread / count
            curve = [x * x - skew * x - level for x, _ in points]
            bent = sum(p * p for p in curve)
            bend_s = sum(p * y for p, (_, y) in zip(curve, points, strict=True)) / bent
            rest = sum(y * y for _, y in points) - moment**2 / spread - bend_s**2 * bent
            variance = max(rest / (count - 3), LEAST_JITTER_S**2, self._coarse_s**2)
            bend_s *= max(0.0, 1.0 - BEND_DOUBT * variance / (bend_s**2 * bent)) if bend_s else 0.0
            at_s += bend_s * curve[-1]
            slope_s += bend_s * (2 * x - skew)
        self._newest, self._bend_s = (self._arrivals[-1][0], at_s), bend_s
        self.seconds_per_tick = _bounded(slope_s)


def _bounded(seconds_per_tick: float) -> float:
    return min(max(seconds_per_tick, SHORTEST_TICK_S), LONGEST_TICK_S)
