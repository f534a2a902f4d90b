"""The tempos of a recording: as few as follow the beat closely enough.

A clock that is followed has jitter, so the tempo that the band plays at changes all the time, although the music's does
not. What counts is when each beat falls. One tempo is kept for as long as a straight line from its beginning stays near
all points (beat, second) since; when none does any more, the next tempo begins at the last point that it reached.

Source: the swing filter of H. Elmeleegy et al., "Online Piece-wise Linear Approximation of Numerical Streams with
Precision Guarantees", VLDB 2009. It needs one pass and constant memory; no point is further away than the tolerance.
"""

from __future__ import annotations

from typing import Final

from bollylive.midi.song import DEFAULT_TEMPOS, Tempos

TOLERANCE_S: Final = 0.005  # between a beat as it was played and as it is recorded; less is heard by nobody
_ARRIVAL_BEATS: Final = 1.0
_ARRIVAL_S: Final = 0.03
SHORTEST_BEAT_S: Final = 0.01
LONGEST_BEAT_S: Final = 16.7  # a MIDI file cannot hold a slower tempo (24 bits of microseconds)
_MOST_DECIMALS: Final = 6


class TempoMap:
    """Collects when beats fall, in the beats of the recording. For one thread.

    Call `begin` where beats and seconds start to belong together, at the beginning and after each jump or stop, and
    `add` for each point after that.
    """

    def __init__(self) -> None:
        self._tempos: list[tuple[float, float]] = []
        self._line: _Line | None = None
        self._beat_s = 60.0 / DEFAULT_TEMPOS[0][1]  # as given with the latest point
        self._beat = self._at_s = 0.0  # the latest point

    def begin(self, beat: float, at_s: float, seconds_per_beat: float) -> None:
        """Start again at this point, after which a beat lasts so long."""
        self._end_line()
        self._line = _Line(beat, at_s, seconds_per_beat)
        self._beat, self._at_s, self._beat_s = beat, at_s, seconds_per_beat

    def add(self, beat: float, at_s: float, seconds_per_beat: float) -> None:
        """Add the next point, after which a beat lasts so long; without effect unless it lies after the one before."""
        if self._line is None:
            self.begin(beat, at_s, seconds_per_beat)
            return
        if beat <= self._line.beat:
            self._beat_s = seconds_per_beat
            if beat == self._line.beat:  # the tempo changes before anything happened at the one before
                self._line.given_s = seconds_per_beat
            return
        self._bend(beat, at_s)
        if seconds_per_beat != self._beat_s:
            self._line.given_s = None
        self._beat, self._at_s, self._beat_s = beat, at_s, seconds_per_beat

    def move(self, beats: float) -> None:
        """Count beats from another zero: what was collected so far is forgotten, except for the present tempo."""
        if self._line is not None:
            self._line = _Line(self._beat + beats, self._at_s, self._beat_s)
            self._beat += beats
        self._tempos.clear()

    def tempos(self, end_beat: float) -> Tempos:
        """Return (beat, beats per minute) from beat 0 on, up to `end_beat`; more points may follow."""
        if self._line is None:
            return DEFAULT_TEMPOS
        saved, line = list(self._tempos), self._line.copy()
        if end_beat > self._beat:
            self._bend(end_beat, self._at_s + (end_beat - self._beat) * self._beat_s)
        self._end_line()
        tempos = _without_arrival([self._tempos[0], *(tempo for tempo in self._tempos[1:] if tempo[0] <= end_beat)])
        self._tempos, self._line = saved, line
        return ((0.0, tempos[0][1]), *tempos[1:])

    def _bend(self, beat: float, at_s: float) -> None:
        assert self._line is not None
        if not self._line.reach(beat, at_s):
            start_s = self._end_line()
            self._line = _Line(self._beat, start_s, self._beat_s)
            if beat > self._beat:
                self._line.reach(beat, at_s)

    def _end_line(self) -> float:
        """Choose the tempo of the present line; return the second at which the line reaches the latest point."""
        if self._line is None:
            return 0.0
        beat_s = self._line.beat_seconds(self._tempos[-1][1] if self._tempos else None)
        while self._tempos and self._tempos[-1][0] >= self._line.beat:  # nothing was played at that tempo
            self._tempos.pop()
        if not self._tempos or abs(self._tempos[-1][1] * beat_s - 60.0) > 1e-9:
            self._tempos.append((max(0.0, self._line.beat), 60.0 / beat_s))
        return self._line.at_s + (self._beat - self._line.beat) * beat_s


def _without_arrival(tempos: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out the tempos of the first beat, in which a clock is still found, if that moves nothing by 30 ms."""
    last = max(index for index, (beat, _) in enumerate(tempos) if index == 0 or beat < _ARRIVAL_BEATS)
    found, moved_s = tempos[last], 0.0
    for (beat, bpm), (end, _) in zip(reversed(tempos[:last]), reversed(tempos[1 : last + 1]), strict=True):
        moved_s += (end - beat) * 60.0 * (1.0 / found[1] - 1.0 / bpm)
        if abs(moved_s) > _ARRIVAL_S:
            return tempos
    return [(tempos[0][0], found[1]), *tempos[last + 1 :]]


class _Line:
    """The lines from one point that come near enough to all later ones: their slopes are between two bounds."""

    def __init__(self, beat: float, at_s: float, seconds_per_beat: float) -> None:
        self.beat, self.at_s = beat, at_s
        self.given_s: float | None = seconds_per_beat  # unless several were given since
        self._least_s, self._most_s = SHORTEST_BEAT_S, LONGEST_BEAT_S

    def copy(self) -> _Line:
        """Return a line that changes by itself."""
        other = _Line(self.beat, self.at_s, 0.0)
        other.given_s = self.given_s
        other._least_s, other._most_s = self._least_s, self._most_s
        return other

    def reach(self, beat: float, at_s: float) -> bool:
        """Let the line also come near a later point; return False, and change nothing, if none can."""
        beats = beat - self.beat
        least_s = max(self._least_s, (at_s - TOLERANCE_S - self.at_s) / beats)
        most_s = min(self._most_s, (at_s + TOLERANCE_S - self.at_s) / beats)
        if least_s > most_s:
            return False
        self._least_s, self._most_s = least_s, most_s
        return True

    def beat_seconds(self, bpm_before: float | None) -> float:
        """Return the length of a beat: as before, or else the one that was meant, or else the roundest tempo."""
        for beat_s in (None if bpm_before is None else 60.0 / bpm_before, self.given_s):
            if beat_s is not None and self._least_s <= beat_s <= self._most_s:
                return beat_s
        middle_bpm = 120.0 / (self._least_s + self._most_s)
        for decimals in range(_MOST_DECIMALS):
            bpm = round(middle_bpm, decimals)
            if bpm > 0.0 and self._least_s <= 60.0 / bpm <= self._most_s:
                return 60.0 / bpm
        return (self._least_s + self._most_s) / 2
