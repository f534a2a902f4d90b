"""When the model may take a shared channel over from the musician, and how long its answer lasts."""

from __future__ import annotations

from collections.abc import Callable

from bollylive.engine.grid import ticks_of
from bollylive.engine.part import Part
from bollylive.engine.part_table import PartTable
from bollylive.model import codec
from bollylive.sets.band import TURN_ROLES, Handover, Set

_BREATH_TICKS = codec.TICKS_PER_BEAT // 2  # between a phrase and its answer


class HandoverRules:
    """What one set says of it, in ticks of the engine's grid. Pure; `is_held` tells whether a key of a channel is."""

    def __init__(self, part_table: PartTable, band: Set, is_held: Callable[[int], bool]) -> None:
        self._parts, self._band, self._is_held = part_table, band, is_held

    def handover_of(self, part: Part) -> Handover:
        """Who answers phrases does so at a bar line, unless the set says otherwise."""
        if part.setting.handover is not None:
            return part.setting.handover
        return "bar" if part.setting.role == "respond" and self._band.handover == "silence" else self._band.handover

    def tick_for(self, part: Part) -> int | None:
        """From when on the model may play, if the musician does nothing; None: not by itself."""
        handover, last = self.handover_of(part), part.history.last
        if part.setting.role not in TURN_ROLES or part.has_word or part.active is None or handover == "command":
            return None
        if (last is not None and not last.asked) or self._is_held(part.channel):
            return None
        if handover == "flow":
            return part.active
        if handover == "bar" and part.setting.role == "respond":  # a phrase may end where its last bar does
            return max(self._parts.bar_line(part.active), part.active + _BREATH_TICKS)
        silent = part.active + ticks_of(self._band.handover_beats)
        return self._parts.bar_line(silent) if handover == "bar" else silent

    def length(self, part: Part, begin: int, phrase_from: int | None) -> int | None:
        """How long an answer lasts that begins there, so that it ends at a bar line; None: until it is interrupted.

        Who responds answers the phrase that began at `phrase_from` with one as long, unless the set says how long.
        """
        bars = part.setting.answer_bars
        if not bars and part.setting.role == "respond":
            phrase = 0 if phrase_from is None or part.active is None else part.active - phrase_from
            bars = max(1, round(phrase / self._parts.bar))
        return (max(1, round(begin / self._parts.bar + bars)) * self._parts.bar - begin) if bars else None
