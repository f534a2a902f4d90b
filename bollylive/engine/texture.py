"""How a channel plays its part: what its `part` in the set adds to the model's scores, and how long its notes are.

The rate of onsets is held to the part's own by the gap that would bring it there: a part that has played too little in
the last eight beats is drawn to a sooner onset, one that has played too much to a later one. So it neither thins out
nor fills up, and the density of the set moves it by the same share whatever the model is inclined to.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from bollylive.engine.grid import Bars
from bollylive.engine.history import History
from bollylive.engine.part_shapes import ALONE, DENSITY_STEP, SHAPES, WAITING, PartShape
from bollylive.model import codec
from bollylive.model.predictor import Floats
from bollylive.sets.settings import ChannelSet

_ALONE_TICKS: Final = 10 * codec.TICKS_PER_BEAT  # after so long a pause the musician no longer waits for an answer
_PHRASE_BARS: Final = 8  # a channel with several parts changes between them after so many

_WINDOW_TICKS: Final = 8 * codec.TICKS_PER_BEAT  # in which onsets are counted
_LEAST_GAP, _MOST_GAP = 0.15, 4.0  # of the mean gap, whatever was played before
_LEAST_TICKS: Final = 6  # and of a sixteenth
_MOST_OWED: Final = 4.0  # onsets by which it is behind or ahead
_PULL: Final = 2.0  # what a gap loses for the square of its distance from the wanted one, as a logarithm
_AHEAD_TICKS: Final = np.array([*range(codec.WAIT), 1.5 * codec.WAIT_TICKS])  # a rest counts as three beats

_FORBIDDEN: Final = -1e9
_INCOMPLETE, _COMPLETE = 8.0, 8.0  # a chord that lacks notes goes on, and one that has them all is complete
_NEAR_TICKS: Final = [6, 12, 24]  # gaps among which one is likely
_HALF_BAR: Final = 0.7
_OUTSIDE: Final = 0.2  # for each semitone outside the register
_TOO_HIGH: Final = 1.0  # for each semitone by which the first note of a chord leaves no room for the others
_CLUSTER, _GAP_IN_CHORD = 2.0, 0.3  # for a second above the note before; for each semitone beyond a sixth
_SIXTH: Final = 9
_ROOM_FOR_A_NOTE: Final = 4  # semitones

_PITCHES: Final = np.arange(codec.PITCHES)


class LeadNow(NamedTuple):
    """What the musician does: how much denser the band should be for it, and from when on they pause.

    They pause, or hold a note, from `pause_tick` on, unless they begin a pitch before it; None: they have begun none.
    """

    density: float = 0.0
    pause_tick: int | None = None


NO_LEAD: Final = LeadNow()


class Texture:
    """What a channel's `part` asks for; without one it asks for nothing. Build a new one when the set changes."""

    def __init__(self, setting: ChannelSet) -> None:
        self.is_free = not setting.part
        self.answers = "answer" in setting.part
        self.only_answers = setting.part == ("answer",)
        self._others = [SHAPES[name] for name in setting.part if name != "answer"]
        self._setting = setting

    def shape(self, tick: int, bars: Bars, lead: LeadNow) -> PartShape | None:
        """The shape of what it plays at a tick; None: any."""
        if self.is_free:
            return None
        silence = -1 if lead.pause_tick is None else tick - lead.pause_tick
        if self.answers and 0 <= silence < _ALONE_TICKS:
            return SHAPES["answer"]
        if not self._others:
            return WAITING if silence < 0 else ALONE
        phrase = (tick - bars.zero_tick) // (_PHRASE_BARS * bars.ticks)
        return self._others[phrase % len(self._others)]

    def lengths(self, shape: PartShape, lead: LeadNow) -> tuple[int, int]:
        """The shortest and the longest that its notes may be, in ticks."""
        mean_ticks = codec.TICKS_PER_BEAT / self._rate(shape, lead)
        longest = [float(codec.DURATION_TICKS[-1])]
        if shape.longest_share is not None:
            longest.append(shape.longest_share * mean_ticks)
        if shape.longest_beats is not None:
            longest.append(shape.longest_beats * codec.TICKS_PER_BEAT)
        shortest = max(1, round(shape.shortest_share * mean_ticks))
        return shortest, max(shortest, round(min(longest)))

    def pitch_bias(self, shape: PartShape, history: History, tick: int) -> Floats:
        """The scores to add for the pitches [128] of a note that begins at a tick."""
        lowest, highest = self._setting.lowest, self._setting.highest
        low, high = max(lowest, shape.register[0]), min(highest, shape.register[1])
        bias = np.zeros(codec.PITCHES)
        if low < high:
            bias -= _OUTSIDE * np.maximum(np.maximum(low - _PITCHES, _PITCHES - high), 0)
        fewest = self._fewest(shape)
        if fewest > 1:
            below = history.highest_at(tick)
            if below is None:
                bias -= _TOO_HIGH * np.maximum(_PITCHES - (min(high, highest) - _ROOM_FOR_A_NOTE * (fewest - 1)), 0)
            else:
                step = _PITCHES - below
                bias -= _CLUSTER * (step <= 2) + _GAP_IN_CHORD * np.maximum(step - _SIXTH, 0)
        return bias.astype(np.float32)

    def onset_bias(
        self, shape: PartShape, history: History, tick: int, begun: int, since: int, bars: Bars, lead: LeadNow
    ) -> Floats:
        """The scores to add for the onsets [ONSETS] that may follow what stands at a tick.

        `begun` notes of the channel begin there; onsets before the tick `since` do not count.
        """
        if 0 < begun < self._fewest(shape):
            bias = np.full(codec.ONSETS, -_INCOMPLETE)
            bias[0] = 0.0
            return bias.astype(np.float32)
        since = max(since, history.since, tick - _WINDOW_TICKS)
        if shape is SHAPES["answer"]:
            since = max(since, lead.pause_tick or since)
        onsets = history.onsets(since, tick + 1)
        last = tick if begun or not onsets else onsets[-1]
        mean_ticks = codec.TICKS_PER_BEAT / self._rate(shape, lead)
        owed = max(0, last - since) / mean_ticks - sum(onset < last for onset in onsets)
        owed = float(np.clip(owed, -_MOST_OWED, _MOST_OWED))
        wanted = max(mean_ticks * min(max(1 - owed, _LEAST_GAP), _MOST_GAP), _LEAST_TICKS)
        gaps = np.maximum(_AHEAD_TICKS + (tick - last), 1)
        bias = -_PULL * max(1.0, abs(owed)) * np.log(gaps / wanted) ** 2
        bias[0] = bias[_NEAR_TICKS].max() if begun < shape.most else -_COMPLETE
        if not begun:
            bias[0] = _FORBIDDEN  # after a rest nothing begins at the tick of that rest
        if shape.prefers_half_bars:
            beats, odd = divmod(bars.ticks, 2 * codec.TICKS_PER_BEAT)
            apart = bars.ticks if odd or not beats else bars.ticks // 2
            ahead = np.arange(codec.ONSETS)
            bias += _HALF_BAR * ((bars.place(tick) + ahead) % apart == 0) * (ahead > 0)
        scores: Floats = bias.astype(np.float32)
        return scores

    def _rate(self, shape: PartShape, lead: LeadNow) -> float:
        """Onsets a beat."""
        return float(shape.onsets_per_beat * DENSITY_STEP ** (self._setting.density + 2 * lead.density))

    def _fewest(self, shape: PartShape) -> int:
        return min(shape.fewest, self._setting.polyphony)
