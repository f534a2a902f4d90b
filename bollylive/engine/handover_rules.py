"""How the model takes over a shared channel from the musician (each line of MODES is one way), and for how long.

A new mode is a new line here, beside its name in `sets.settings.Handover`. All ticks are those of the engine's grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bollylive.engine.band_state import BandState
from bollylive.engine.grid import Grid, ticks_of
from bollylive.engine.onset_habit import OnsetHabit, find_habit
from bollylive.engine.part import Part
from bollylive.model import codec
from bollylive.sets.channel_handover import channel_handover
from bollylive.sets.settings import MODEL_ROLES, Handover

_BREATH_TICKS = codec.TICKS_PER_BEAT // 2  # after a shorter silence the musician may still go on
_PATIENCE_TICKS = 2  # a twelfth of a beat
_LONG_PATIENCE_TICKS = 4  # where the musician's next note is to be expected
LATE_TICKS = codec.TICKS_PER_BEAT // 4  # a phrase may last this much beyond its last bar
_LONG_NOTE_TICKS = codec.TICKS_PER_BEAT  # a note as long as this may end a phrase
_RETURN_TICKS = codec.TICKS_PER_BEAT // 2  # how far the model keeps from where the musician comes back
_SLOW_TICKS = 3 * codec.TICKS_PER_BEAT // 2  # after a shorter gap one cannot tell where the musician comes back


@dataclass(frozen=True, slots=True)
class Pause:
    """The facts from which a mode decides, about a channel on which the musician holds no key."""

    touched_tick: int  # since when nothing of the musician's sounds there
    onset_tick: int  # their last onset there
    gap_ticks: int  # the longest habitual gap between their onsets; 0: none is known
    silence_ticks: int  # the silence after which, according to the set, the model may take over
    answers_phrases: bool  # the channel's role is `respond`
    grid: Grid


@dataclass(frozen=True, slots=True)
class HandoverMode:
    """One way to take over.

    `patience_ticks` is how long the first note waits for the musician's own note, if the model takes over at a tick.
    """

    begin_tick: Callable[[Pause], int | None]  # the tick from which on the model may play; None: not by itself
    enters_at_bar: bool = False  # the first note falls on the bar line where the model takes over
    patience_ticks: Callable[[Pause, int], int] = lambda _pause, _begin: 0


def _after_silence(pause: Pause) -> int:
    """After the silence, and after the pause that the musician usually makes; not on a beat where they come back.

    Where the set asks for no silence, the model does not wait for the habit either.
    """
    begin, gap = pause.touched_tick + pause.silence_ticks, pause.gap_ticks
    if not gap or not pause.silence_ticks:
        return begin
    apart = min(_RETURN_TICKS, gap // 2)
    begin = max(begin, pause.onset_tick + gap + apart)
    after_return = (begin - pause.onset_tick + apart) % gap  # ticks after the last tick that is too near to a return
    is_near = gap >= _SLOW_TICKS and after_return < 2 * apart
    return begin + 2 * apart - after_return if is_near else begin


def _at_bar_line(pause: Pause) -> int:
    if not pause.answers_phrases:
        return pause.grid.bar_line(_after_silence(pause))
    line = pause.grid.bar_line(pause.touched_tick)
    past_line = line - pause.grid.bar_ticks
    is_late = pause.touched_tick - past_line <= LATE_TICKS and pause.onset_tick < past_line
    is_long = pause.touched_tick - pause.onset_tick >= _LONG_NOTE_TICKS
    return (
        pause.touched_tick if is_late and is_long else line
    )  # a phrase that lasts over the bar line is answered at once


def _patience_at_bar_line(pause: Pause, begin: int) -> int:
    if not pause.answers_phrases or begin - pause.touched_tick >= _BREATH_TICKS:
        return 0
    may_go_on = begin - pause.onset_tick <= pause.gap_ticks + _LONG_PATIENCE_TICKS
    return _LONG_PATIENCE_TICKS if may_go_on else _PATIENCE_TICKS


def _at_next_onset(pause: Pause) -> int:
    return pause.touched_tick


def _never(_: Pause) -> None:
    return None


MODES: Mapping[Handover, HandoverMode] = {
    "silence": HandoverMode(_after_silence),
    "bar": HandoverMode(_at_bar_line, enters_at_bar=True, patience_ticks=_patience_at_bar_line),
    "flow": HandoverMode(_at_next_onset, patience_ticks=lambda _pause, _begin: _PATIENCE_TICKS),
    "command": HandoverMode(_never),
}


class HandoverRules:
    """The modes of all channels, according to the live set. Changes nothing."""

    def __init__(self, state: BandState) -> None:
        self._state = state

    def mode(self, part: Part) -> HandoverMode:
        """The channel's mode; see `channel_handover`."""
        return MODES[channel_handover(part.setting, self._state.live.band.handover)]

    def begin_tick(self, part: Part) -> int | None:
        """The tick from which on the model may play, if the musician does nothing; None: not by itself."""
        if part.is_playing or part.setting.role not in MODEL_ROLES:
            return None
        if self._state.holds(part):
            return None
        pause = self._pause(part)
        return None if pause is None else self.mode(part).begin_tick(pause)

    def patience_ticks(self, part: Part, begin: int) -> int:
        """How long the first note of a turn from this tick waits for the musician's own note."""
        pause = self._pause(part)
        return 0 if pause is None else self.mode(part).patience_ticks(pause, begin)

    def _pause(self, part: Part) -> Pause | None:
        touched_tick = self._state.silent_tick(part)
        if touched_tick is None:
            return None
        habit = find_habit(reversed(part.history.entries)) or OnsetHabit(touched_tick)
        return Pause(
            touched_tick=touched_tick,
            onset_tick=habit.last_tick,
            gap_ticks=habit.gap_ticks,
            silence_ticks=ticks_of(self._state.live.band.handover_beats),
            answers_phrases=part.setting.role == "respond",
            grid=self._state.grid,
        )

    def length_ticks(self, part: Part, begin: int) -> int | None:
        """How long an answer from this tick lasts, so that it ends at a bar line; None: until it is interrupted.

        A part that answers phrases plays as many bars as the phrase had, unless the set says how many. A part that
        accompanies goes on.
        """
        if part.setting.role == "accompany":
            return None
        bars, bar_ticks = part.setting.answer_bars, self._state.grid.bar_ticks
        if not bars and part.setting.role == "respond":
            since, until = part.phrase.begin, part.touched_tick
            phrase_ticks = 0 if since is None or until is None else until - since
            bars = max(1, round(phrase_ticks / bar_ticks))
        if not bars:
            return None
        begin -= self._state.grid.zero_tick
        return max(1, round(begin / bar_ticks + bars)) * bar_ticks - begin
