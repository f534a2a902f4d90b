"""What the model is asked about a part, a note to choose or when the next one comes, and what becomes of its answer."""

from __future__ import annotations

from dataclasses import dataclass

from bollylive.engine.history import Entry
from bollylive.engine.motif_memory import CONTEXT_NOTES
from bollylive.engine.part import Part
from bollylive.model import codec
from bollylive.model.bar_echoes import find_echoes
from bollylive.model.predictor import Floats, Ints

MOST_ROWS = 16  # to hear more at once takes longer than a note may wait


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """The newest rows of a part, the last of which the model is asked for, and where its answer belongs."""

    part: Part
    first: int  # the number of the entry that the first row is
    index: int | None  # the entry asked for; None: a note is to be chosen at the last tick
    rows: codec.Rows  # [T, 9]
    ticks: Ints  # [T]
    echoes: Ints  # [E, 5]
    state: Floats  # [S, H]
    pitch_bias: Floats
    onset_bias: Floats

    @property
    def tick(self) -> int:
        """Where the row asked for stands."""
        return int(self.ticks[-1])

    def take(self, choice: codec.Choice, states: Floats) -> Entry | None:
        """Take an answer into the part; gives the new note if one was chosen. `states` [T - 1, S, H]."""
        part = self.part
        part.history.hear(self.first, states)
        if self.index is not None:
            part.history.foresee(self.index, choice.next_ticks)
            if part.resting and self.tick == part.due:
                part.follow(self.tick, choice.next_ticks)
            return None
        # A chord that has no room left in the channel's range, above its last note, ends there.
        in_chord = int(self.rows[-1, 0]) == 0
        if (in_chord and choice.pitch <= int(self.rows[-1, 8])) or not part.bias.allows(choice.pitch):
            part.follow(self.tick, choice.next_ticks or codec.TICKS_PER_BEAT)
            return None
        entry = Entry(
            self.tick, choice.pitch, choice.duration_ticks, choice.velocity, True, choice.next_ticks, asked=True
        )
        part.add(entry)
        part.follow(self.tick, choice.next_ticks)
        return entry


def ask_to_foresee(part: Part, cycle: int) -> ModelQuery | None:
    """The question what comes after the newest entry of a part, if that is not known yet."""
    history = part.history
    if not history.waits:
        return None
    index = len(history.entries) - 1
    heard = index - history.first_to_hear(index)
    if heard > MOST_ROWS:  # a long buffer is heard bit by bit
        index -= heard - MOST_ROWS
    tick = history.entries[index].tick
    *before, (last, _) = history.notes_before(index + 1, CONTEXT_NOTES + 1) or [(tick, 0)]
    _, recalled = part.recall(before, last, cycle, tick - last)
    begun, may_rest = history.sounding_at(tick), part.may_rest(tick)
    onset_bias = part.bias.of_onset(tick, begun, part.push, may_rest=may_rest) + recalled
    return _ask(part, index, cycle, None, part.bias.of_pitch([]), onset_bias)


def ask_to_choose(part: Part, cycle: int) -> ModelQuery:
    """The question for the note of a part that is due; nothing else may be waiting to be asked."""
    history, tick = part.history, part.due_tick
    end = len(history.entries)
    pitch, onset = part.recall(history.notes_before(end, CONTEXT_NOTES), tick, cycle)
    onset_bias = part.bias.of_onset(tick, history.sounding_at(tick) + 1, part.push) + onset
    return _ask(part, end, cycle, tick, part.bias.of_pitch(history.newest_pitches()) + pitch, onset_bias)


def _ask(part: Part, index: int, cycle: int, tick: int | None, pitch_bias: Floats, onset_bias: Floats) -> ModelQuery:
    """Ask about an entry, or for a new one at a tick, once the model has heard what comes before."""
    rows, ticks = part.history.rows(index + (tick is None), part.instrument, cycle, tick)
    first = part.history.first_to_hear(index)
    return ModelQuery(
        part=part,
        first=first,
        index=index if tick is None else None,
        rows=rows[first:],
        ticks=ticks[first:],
        echoes=find_echoes(rows, ticks, index)[0],
        state=part.history.state_before(first),
        pitch_bias=pitch_bias,
        onset_bias=onset_bias,
    )
