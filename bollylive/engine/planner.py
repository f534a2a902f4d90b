"""The plans of all channels: when the musician plays something new they are withdrawn and made again; in the end they
are fixed.

Notes up to the commit line stay as planned; notes from there to the horizon can be planned again.
"""

from __future__ import annotations

from bollylive.engine.band_state import BandState
from bollylive.engine.conductor import Conductor
from bollylive.engine.form import FILL_DENSITY, is_fill
from bollylive.engine.history import Entry
from bollylive.engine.model_query import Echoes, ModelQuery, query_next_onset, query_note
from bollylive.engine.part import Part
from bollylive.engine.part_state import Playing, Step
from bollylive.engine.texture import NO_LEAD, LeadNow
from bollylive.engine.waves import next_to_choose
from bollylive.midi.messages import Note
from bollylive.model import codec
from bollylive.protocol import Instruction, Play

_LOUDEST = 127


class Planner:
    """Plans what the parts play, in ticks of the engine's grid. Owned by the engine.

    `skipped` counts the notes whose time had passed before they were planned.
    """

    def __init__(self, state: BandState, conductor: Conductor) -> None:
        self.skipped = 0
        self._state, self._conductor = state, conductor
        self._lead = NO_LEAD

    def replan(self, earliest: int) -> None:
        """If the musician has played something, plan everything beyond the commit line again."""
        state = self._state
        stale, state.stale = state.stale, False
        for part in state.parts:
            may_withdraw = stale and part.playing is not None and part.playing.step is not Step.QUEUED
            withdrawn = may_withdraw and state.withdraw(part, earliest + self._state.commit_ticks)
            if withdrawn or part.due_is_stale:
                part.resume(earliest)

    def queries(self, earliest: int) -> list[ModelQuery]:
        """What the model is asked next, in one call: the notes that are due first, and next onsets that are unknown.

        All have as many rows as the first. A part that the musician plays is asked nothing until its turn comes.
        """
        state, bars = self._state, self._state.grid.model_bars
        density_offset = state.live.band.energy * state.energy.density(earliest)
        self._lead = LeadNow(density_offset, state.pause_tick)
        playing = [part for part in state.parts if part.is_playing]
        due: list[Part] = []
        for part in playing:
            part.follow_lead(self._lead, earliest + state.horizon_ticks)
            if part.playing is not None and part.playing.skip_ahead(earliest):
                self.skipped += 1
            if part.prepare(earliest + state.horizon_ticks) and not part.history.needs_query:
                due.append(part)
        notes = [
            query_note(part, bars, *self._manner(part, part.due_tick), state.scale) for part in next_to_choose(due)
        ]
        onsets = [query_next_onset(part, bars, *self._manner(part, part.newest_tick)) for part in playing]
        queries = notes + [query for query in onsets if query is not None]
        return [query for query in queries if len(query.rows) == len(queries[0].rows)]

    def _manner(self, part: Part, tick: int) -> tuple[LeadNow, Echoes]:
        """How a part is asked at a tick: as if the musician did so much, and with which echoes."""
        if not self._conductor.wanted:
            return self._lead, "all"
        if part.instrument == codec.PERCUSSION and is_fill(tick, self._state.grid):
            return self._lead._replace(density=self._lead.density + FILL_DENSITY), "none"
        return self._lead, "untired"

    def commit(self, earliest: int) -> list[Instruction]:
        """The notes that are near enough to be fixed; their loudness follows the musician's playing."""
        state = self._state
        gain = 1.0 + state.live.band.energy * (state.energy.gain(earliest) - 1.0)
        instructions: list[Instruction] = []
        for part in state.parts:
            if part.playing is None:
                continue
            ready = part.commit(self._commit_line(part.playing, earliest))
            for entry in ready:
                velocity = part.level.level(entry.velocity, part.setting.velocity) * gain
                note = self._note(part.channel, entry, part.playing, earliest, velocity)
                entry.played_velocity = note.velocity
                instructions.append(Play(note, state.grid.anchor.epoch))
            if ready:
                part.playing.patience_ticks = 0
        return instructions

    def has_chosen(self, earliest: int) -> bool:
        """Whether all that begins up to the horizon has been chosen."""
        query_tick = self.next_query()
        return not self.has_unprocessed and (query_tick is None or query_tick > earliest)

    @property
    def has_unprocessed(self) -> bool:
        """Whether a part that plays has an entry that the model has yet to process."""
        return any(part.is_playing and (part.history.needs_query or part.due_is_stale) for part in self._state.parts)

    def next_commit(self) -> int | None:
        """When `commit` will have something to return, according to the plans so far."""
        parts = ((part.plan, part.playing) for part in self._state.parts)
        ticks = [plan[0].tick - self._commit_line(playing, 0) for plan, playing in parts if plan and playing]
        return min(ticks, default=None)

    def next_query(self) -> int | None:
        """When the next note has to be chosen."""
        ticks = [part.due_tick for part in self._state.parts if part.needs_model]
        lead = LeadNow(pause_tick=self._state.pause_tick)
        ticks += [tick for part in self._state.parts if (tick := part.answer_tick(lead)) is not None]
        return min(ticks) - self._state.horizon_ticks if ticks else None

    def _commit_line(self, playing: Playing, earliest: int) -> int:
        """Notes up to here are not withdrawn."""
        return earliest - playing.patience_ticks if playing.patience_ticks else earliest + self._state.commit_ticks

    def _note(self, channel: int, entry: Entry, playing: Playing, earliest: int, velocity: float) -> Note:
        """A planned note as it will be played: it ends with the turn, and is late if it waited for the musician's."""
        tick = max(entry.tick, earliest) if playing.patience_ticks else entry.tick
        end = entry.tick + entry.duration_ticks
        ticks = end - entry.tick if playing.until_tick is None else min(end, playing.until_tick) - entry.tick
        bounded = min(max(1, round(velocity)), _LOUDEST)
        return Note(channel, entry.pitch, bounded, self._state.grid.beat_of(tick), ticks / codec.TICKS_PER_BEAT)
