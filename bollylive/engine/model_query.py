"""A query to the model about one part, for a new note or for the next onset, and what becomes of the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np

from bollylive.engine.grid import Bars
from bollylive.engine.history import Entry
from bollylive.engine.motif_memory import CONTEXT_NOTES
from bollylive.engine.part import Part
from bollylive.engine.part_state import Step
from bollylive.engine.repeated_bars import is_tired
from bollylive.engine.scale import Scale
from bollylive.engine.texture import NO_LEAD, LeadNow
from bollylive.model import codec
from bollylive.model.bar_echoes import ECHOES, NO_ECHO, find_echoes
from bollylive.model.predictor import Floats, Ints

Echoes: TypeAlias = Literal["all", "untired", "none"]

_NO_ECHOES: Final[Ints] = np.tile(np.array(NO_ECHO, dtype=np.int64), (ECHOES, 1))
_RULED_OUT = -1e8  # a pitch with a lower score is forbidden
MOST_ROWS = 16  # processing more rows at once takes longer than a note may wait


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """The newest rows of a part, of which the model completes the last, and where its answer belongs."""

    part: Part
    first: int  # the number of the entry that the first row is
    index: int | None  # the entry whose next onset is wanted; None: a note is to be chosen at the last tick
    rows: codec.Rows  # [T, 9]
    ticks: Ints  # [T]
    echoes: Ints  # [E, 5]
    state: Floats  # [S, H]
    pitch_bias: Floats  # [128]
    onset_bias: Floats  # [ONSETS]
    lengths: tuple[int, int] | None = None  # the shortest and the longest that the note may be, in ticks

    @property
    def tick(self) -> int:
        """Where the last row stands."""
        return int(self.ticks[-1])

    def apply(self, choice: codec.Choice, states: Floats) -> Entry | None:
        """Put an answer into the part; return the new note if one was chosen. `states` [T - 1, S, H]."""
        part, playing = self.part, self.part.playing
        part.history.store_states(self.first, states)
        if self.index is not None:
            part.history.store_next(self.index, choice.next_ticks)
            if playing is not None and playing.step is Step.REST and self.tick == playing.due_tick:
                playing.follow(self.tick, choice.next_ticks)
            return None
        assert playing is not None, "only a part that is playing chooses a note"
        # A chord that has no room left above its last note, in the channel's range and the scale, ends there.
        onset, previous = (int(self.rows[-1, column]) for column in (codec.ONSET, codec.PREVIOUS))
        if (onset == 0 and choice.pitch <= previous) or self.pitch_bias[choice.pitch] < _RULED_OUT:
            playing.follow(self.tick, choice.next_ticks or codec.TICKS_PER_BEAT)
            return None
        shortest, longest = self.lengths or (choice.duration_ticks, choice.duration_ticks)
        duration_ticks = min(max(choice.duration_ticks, shortest), longest)
        entry = Entry(self.tick, choice.pitch, duration_ticks, choice.velocity, True, choice.next_ticks, queried=True)
        part.add(entry)
        playing.follow(self.tick, choice.next_ticks)
        return entry


def query_next_onset(part: Part, bars: Bars, lead: LeadNow = NO_LEAD, echoes: Echoes = "all") -> ModelQuery | None:
    """A query for the onset after the newest entry of a part; None if that onset is known.

    `bars` are those that the model knows, see `Grid`; `lead` is what the musician does now. The part hears all its
    `echoes`, none, or none of those that it tires of (`repeated_bars`).
    """
    history = part.history
    if not history.needs_query:
        return None
    index = len(history.entries) - 1
    rows_before = index - history.first_unprocessed(index)
    if rows_before > MOST_ROWS:  # a long buffer is processed bit by bit
        index -= rows_before - MOST_ROWS
    tick = history.entries[index].tick
    *before, (last, _) = history.notes_before(index + 1, CONTEXT_NOTES + 1) or [(tick, 0)]
    _, motif = part.motif_bias(before, last, bars, tick - last)
    begun, may_rest = history.sounding_at(tick), part.may_rest(tick)
    onset_bias = part.pitch_bias.of_onset(bars.place(tick), begun, lead.density, may_rest=may_rest) + motif
    if (shape := part.texture.shape(tick, bars, lead)) is not None:
        onset_bias += part.texture.onset_bias(shape, history, tick, begun, part.begin_tick, bars, lead)
    return _query(part, index, bars, None, part.pitch_bias.of_pitch([]), onset_bias, echoes)


def query_note(
    part: Part, bars: Bars, lead: LeadNow = NO_LEAD, echoes: Echoes = "all", scale: Scale | None = None
) -> ModelQuery:
    """A query for the note that is due in a part; call `Part.prepare` first, and `query_next_onset` until it is None.

    The arguments are those of `query_next_onset`; the note keeps to the `scale`, if there is one.
    """
    history, tick = part.history, part.due_tick
    end = len(history.entries)
    pitch_motif, onset_motif = part.motif_bias(history.notes_before(end, CONTEXT_NOTES), tick, bars)
    begun, setting = history.sounding_at(tick) + 1, part.setting
    onset_bias = part.pitch_bias.of_onset(bars.place(tick), begun, lead.density) + onset_motif
    pitch_bias = part.pitch_bias.of_pitch(history.newest_pitches()) + pitch_motif
    if scale is not None:
        pitch_bias += scale.bias(part.instrument, setting.lowest, setting.highest)
    if (shape := part.texture.shape(tick, bars, lead)) is None:
        return _query(part, end, bars, tick, pitch_bias, onset_bias, echoes)
    onset_bias += part.texture.onset_bias(shape, history, tick, begun, part.begin_tick, bars, lead)
    pitch_bias += part.texture.pitch_bias(shape, history, tick)
    query = _query(part, end, bars, tick, pitch_bias, onset_bias, echoes)
    return replace(query, lengths=part.texture.lengths(shape, lead))


def _query(
    part: Part, index: int, bars: Bars, tick: int | None, pitch_bias: Floats, onset_bias: Floats, echoes: Echoes
) -> ModelQuery:
    """A query about an entry, or for a new one at a tick, with all that the model must process before it."""
    rows, ticks = part.history.rows(index + (tick is None), part.instrument, bars, tick)
    first = part.history.first_unprocessed(index)
    own = _without_earlier_answers(part, rows)
    without = echoes == "none" or (echoes == "untired" and is_tired(own, ticks, int(ticks[index]), bars))
    return ModelQuery(
        part=part,
        first=first,
        index=index if tick is None else None,
        rows=rows[first:],
        ticks=ticks[first:],
        echoes=_NO_ECHOES if without else find_echoes(own, ticks, index)[0],
        state=part.history.state_before(first),
        pitch_bias=pitch_bias,
        onset_bias=onset_bias,
    )


def _without_earlier_answers(part: Part, rows: codec.Rows) -> codec.Rows:
    """The rows of a part in which, if it answers phrases, its answers before the present one are rests.

    Otherwise the model would echo its answer to a call whenever that call comes again.
    """
    answers = part.phrase.answers
    if part.setting.role != "respond" or answers is None:
        return rows
    entries = part.history.entries[: len(rows)]
    earlier = [i for i, entry in enumerate(entries) if entry.by_model and entry.tick < answers.current.begin]
    kept = rows.copy()
    kept[earlier, codec.PITCH] = codec.REST
    return kept
