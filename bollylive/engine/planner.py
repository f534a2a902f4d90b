"""The plans of all channels: withdrawn where the musician has played something new, asked for, and at last fixed.

Everything up to the commit line stays as it is planned; from there to the horizon it can be planned anew.
"""

from __future__ import annotations

from bollylive.engine.grid import Grid, cycle_of, ticks_of
from bollylive.engine.model_query import ModelQuery, ask_to_choose, ask_to_foresee
from bollylive.engine.part import Part
from bollylive.engine.part_table import PartTable
from bollylive.midi.messages import Note
from bollylive.model import codec
from bollylive.protocol import Instruction, Play
from bollylive.sets.band import Set

_LOUDEST = 127
_HESITATION_TICKS = 2  # a twelfth of a beat: so long the model waits for the musician's own note, where it flows in


class Planner:
    """Plans what a lineup plays, in ticks of the engine's grid. Owned by the engine.

    `skipped` counts the notes whose time had passed before they were planned.
    """

    def __init__(self, part_table: PartTable, grid: Grid, band: Set) -> None:
        self.skipped = 0
        self._parts, self._grid = part_table, grid
        self.use(band)

    def use(self, band: Set) -> None:
        """Plan by another set from now on."""
        self._commit, self._horizon = ticks_of(band.commit_beats), ticks_of(band.horizon_beats)
        self._energy = band.energy
        self.cycle = cycle_of(band.beats_per_bar)

    def replan(self, earliest: int) -> None:
        """What lies beyond the commit line is planned anew when the musician has played something."""
        stale, self._parts.stale = self._parts.stale, False
        for part in self._parts:
            withdrawn = (
                stale and part.has_word and not part.score and self._parts.withdraw(part, earliest + self._commit)
            )
            if withdrawn or part.adrift:
                part.carry_on(earliest)

    def asks(self, earliest: int) -> list[ModelQuery]:
        """What every part has yet to be asked, and the one note that comes first in time, then in order of channel.

        A note that is due at once is asked for alone: a smaller call is sooner back. So is what has many rows.
        """
        first: Part | None = None
        push = self._energy * self._parts.energy.density(earliest)
        for part in self._parts:
            part.push = push
            self.skipped += part.skip_ahead(earliest)
            ready = part.prepare(earliest + self._horizon) and not part.history.waits
            if ready and (first is None or part.due_tick < first.due_tick):
                first = part
        question = [ask_to_choose(first, self.cycle)] if first else []
        if question and question[0].tick <= earliest:
            return question
        others = (ask_to_foresee(part, self.cycle) for part in self._parts)
        asks = [ask for ask in others if ask is not None] + question
        return [ask for ask in asks if len(ask.rows) == len(asks[0].rows)]

    def commit(self, earliest: int) -> list[Instruction]:
        """The notes that are near enough to be fixed, as loud as the musician's playing makes them."""
        gain = 1.0 + self._energy * (self._parts.energy.gain(earliest) - 1.0)
        words: list[Instruction] = []
        for part in self._parts:
            ready = part.commit(self._line(part, earliest))
            for entry in ready:
                tick = max(entry.tick, earliest) if part.hesitates else entry.tick
                end = entry.tick + entry.duration_ticks
                ticks = end - entry.tick if part.until is None else min(end, part.until) - entry.tick
                velocity = min(max(1, round(entry.velocity * gain)), _LOUDEST)
                note = Note(part.channel, entry.pitch, velocity, self._grid.beat_of(tick), ticks / codec.TICKS_PER_BEAT)
                words.append(Play(note, self._grid.anchor.epoch))
            part.hesitates &= not ready
        return words

    @property
    def has_to_ask(self) -> bool:
        """Whether the model has yet to hear something."""
        return any(part.history.waits or part.adrift for part in self._parts)

    def next_commit(self) -> int | None:
        """When `commit` has something to give, as far as it is planned."""
        ticks = [part.plan[0].tick - self._line(part, 0) for part in self._parts if part.plan]
        return min(ticks, default=None)

    def next_ask(self) -> int | None:
        """When a note has to be asked for."""
        ticks = [part.due_tick for part in self._parts if part.prepares]
        return min(ticks, default=self._horizon) - self._horizon if ticks else None

    def _line(self, part: Part, earliest: int) -> int:
        """What comes up to here is not taken back."""
        return earliest - _HESITATION_TICKS if part.hesitates else earliest + self._commit
