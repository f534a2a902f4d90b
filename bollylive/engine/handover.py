"""How the model takes over a shared channel from the musician (each line of MODES is one way), and for how long.

A new mode is a new line here, beside its name in `sets.settings.Handover`. All ticks are those of the engine's grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bollylive.engine.band_state import BandState
from bollylive.engine.grid import Grid, ticks_of
from bollylive.engine.part import Part
from bollylive.model import codec
from bollylive.sets.settings import TURN_ROLES, Handover

_BREATH_TICKS = codec.TICKS_PER_BEAT // 2  # between a phrase and its answer
_PATIENCE_TICKS = 2  # a twelfth of a beat


@dataclass(frozen=True, slots=True)
class Pause:
    """The facts from which a mode decides, about a channel on which the musician holds no key."""

    touched_tick: int  # when the musician last played there
    silence_ticks: int  # the silence after which, according to the set, the model may take over
    answers_phrases: bool  # the channel's role is `respond`
    grid: Grid


@dataclass(frozen=True, slots=True)
class HandoverMode:
    """One way to take over. `patience_ticks` is how long the first note waits for the musician's own note."""

    begin_tick: Callable[[Pause], int | None]  # the tick from which on the model may play; None: not by itself
    enters_at_bar: bool = False  # the first note falls on the bar line where the model takes over
    patience_ticks: int = 0


def _after_silence(pause: Pause) -> int:
    return pause.touched_tick + pause.silence_ticks


def _at_bar_line(pause: Pause) -> int:
    if pause.answers_phrases:  # a phrase may end where its last bar does
        return max(pause.grid.bar_line(pause.touched_tick), pause.touched_tick + _BREATH_TICKS)
    return pause.grid.bar_line(_after_silence(pause))


def _at_next_onset(pause: Pause) -> int:
    return pause.touched_tick


def _never(_: Pause) -> None:
    return None


MODES: Mapping[Handover, HandoverMode] = {
    "silence": HandoverMode(_after_silence),
    "bar": HandoverMode(_at_bar_line, enters_at_bar=True),
    "flow": HandoverMode(_at_next_onset, patience_ticks=_PATIENCE_TICKS),
    "command": HandoverMode(_never),
}


class HandoverRules:
    """The modes of all channels, according to the live set. Changes nothing."""

    def __init__(self, state: BandState) -> None:
        self._state = state

    def mode(self, part: Part) -> HandoverMode:
        """The channel's mode, or else the set's; a part that answers phrases begins its answer at a bar line."""
        band_mode = self._state.live.band.handover
        if part.setting.handover is not None:
            return MODES[part.setting.handover]
        return MODES["bar" if part.setting.role == "respond" and band_mode == "silence" else band_mode]

    def begin_tick(self, part: Part) -> int | None:
        """The tick from which on the model may play, if the musician does nothing; None: not by itself."""
        if part.is_playing or part.touched_tick is None or part.setting.role not in TURN_ROLES:
            return None
        if part.history.needs_query or self._state.assembler.held(part.channel):
            return None
        silence_ticks = ticks_of(self._state.live.band.handover_beats)
        pause = Pause(part.touched_tick, silence_ticks, part.setting.role == "respond", self._state.grid)
        return self.mode(part).begin_tick(pause)

    def length_ticks(self, part: Part, begin: int) -> int | None:
        """How long an answer from this tick lasts, so that it ends at a bar line; None: until it is interrupted.

        A part that answers phrases plays as many bars as the phrase had, unless the set says how many.
        """
        bars, bar_ticks = part.setting.answer_bars, self._state.grid.bar_ticks
        if not bars and part.setting.role == "respond":
            since, until = part.phrase.begin, part.touched_tick
            phrase_ticks = 0 if since is None or until is None else until - since
            bars = max(1, round(phrase_ticks / bar_ticks))
        return (max(1, round(begin / bar_ticks + bars)) * bar_ticks - begin) if bars else None
