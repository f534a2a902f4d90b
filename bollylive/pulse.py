"""The even pulse behind MIDI clock ticks that arrive unevenly: a least-squares line through the latest ones."""

from __future__ import annotations

from collections import deque

TICKS_PER_BEAT = 24
SHORTEST_TICK_S = 60.0 / 400 / TICKS_PER_BEAT  # 400 beats per minute
LONGEST_TICK_S = 60.0 / 20 / TICKS_PER_BEAT  # 20 beats per minute

WINDOW_TICKS = 72  # three beats: with arrivals 3 ms off either way, the next beat is known to 2 ms
TRUST_TICKS = 12  # fewer arrivals than this say less about the rate than the rate known before
JUMP_TICKS = 3  # this many arrivals in a row, all early or all late, are another tempo, not jitter
JITTER_S = 0.004  # an arrival this far off the line, and a quarter of a tick, is an outlier


class Pulse:
    """Ticks counted from 1, and the line that gives the time of any of them, in the seconds of `add`.

    A single late arrival does not bend the line. Three outliers in a row on the same side begin a new
    line, made of those three alone: so a tempo jump is followed at once, and the line grows steady again.
    """

    def __init__(self, seconds_per_tick: float) -> None:
        self.seconds_per_tick = seconds_per_tick
        self.tick = 0  # the number of the latest tick
        self._arrivals: deque[tuple[int, float]] = deque(maxlen=WINDOW_TICKS)
        self._outliers: list[tuple[int, float]] = []
        self._trust_ticks = TRUST_TICKS
        self._jitter_s = 0.0  # the mean distance of the arrivals from the line, over about a beat
        self._centre = (0.0, 0.0)  # the mean tick and the mean arrival: a point of the line

    def restart(self) -> None:
        """Forgets the arrivals but not the rate: the next tick begins the line anew."""
        self._begin([], TRUST_TICKS)

    def add(self, now_s: float) -> None:
        """Counts a tick that arrived at `now_s`."""
        self.tick += 1
        arrival = (self.tick, now_s)
        residual_s = now_s - self.seconds_at(self.tick) if self._arrivals else 0.0
        bound_s = max(JITTER_S, self.seconds_per_tick / 4, 3 * self._jitter_s)
        self._jitter_s += (min(abs(residual_s), self.seconds_per_tick) - self._jitter_s) / TICKS_PER_BEAT
        if abs(residual_s) <= bound_s:
            self._outliers.clear()
            self._arrivals.append(arrival)
        elif not self._is_jump(arrival, residual_s):
            return
        self._fit()

    def seconds_at(self, tick: float) -> float:
        """When `tick` falls on the line, past or to come."""
        centre_tick, centre_s = self._centre
        return centre_s + (tick - centre_tick) * self.seconds_per_tick

    def _is_jump(self, arrival: tuple[int, float], residual_s: float) -> bool:
        if self._outliers:
            tick, at_s = self._outliers[-1]
            if (at_s > self.seconds_at(tick)) != (residual_s > 0):
                self._outliers.clear()
        self._outliers = [*self._outliers, arrival][-JUMP_TICKS:]
        if len(self._outliers) < JUMP_TICKS:
            return False
        _, _, slope_s = _line(self._outliers)
        if slope_s < SHORTEST_TICK_S / 2:
            return False  # ticks that were held up somewhere and came all at once tell no tempo
        self._begin(self._outliers, JUMP_TICKS)
        return True

    def _begin(self, arrivals: list[tuple[int, float]], trust_ticks: int) -> None:
        self._arrivals = deque(arrivals, maxlen=WINDOW_TICKS)
        self._outliers = []
        self._trust_ticks = trust_ticks

    def _fit(self) -> None:
        centre_tick, centre_s, slope_s = _line(self._arrivals)
        self._centre = (centre_tick, centre_s)
        if len(self._arrivals) >= self._trust_ticks:
            self.seconds_per_tick = min(max(slope_s, SHORTEST_TICK_S), LONGEST_TICK_S)


def _line(points: deque[tuple[int, float]] | list[tuple[int, float]]) -> tuple[float, float, float]:
    """Mean tick, mean arrival, and the ordinary least-squares slope (0 for a single point)."""
    count = len(points)
    mean_tick = sum(tick for tick, _ in points) / count
    mean_s = sum(at_s for _, at_s in points) / count
    spread = sum((tick - mean_tick) ** 2 for tick, _ in points)
    slope = sum((tick - mean_tick) * (at_s - mean_s) for tick, at_s in points) / spread if spread else 0.0
    return mean_tick, mean_s, slope
