"""One channel of the band: its buffer, its plan ahead of now, and whether the model has the word."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bollylive import codec
from bollylive.band import ChannelSet
from bollylive.bias import Bias
from bollylive.history import Entry, History
from bollylive.memory import CONTEXT_NOTES, Context, Memory
from bollylive.predictor import Floats, Ints
from bollylive.recall import recall

MOST_ROWS = 16  # to hear more at once takes longer than a note may wait


@dataclass(frozen=True, slots=True)
class Ask:
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


class Part:
    """What the engine keeps for each channel; all times are ticks of the engine's grid.

    `plan` holds the notes that the model has chosen but that can still be taken back. `due` is the tick of the
    row to be chosen next; None while the musician, or nobody, has the word. Nothing is planned from `until` on.
    `score` holds notes that are to be played as they stand, before the model chooses again.
    """

    def __init__(
        self,
        setting: ChannelSet,
        history: History,
        quantise: bool = False,
        memory: Memory | None = None,
        memory_weight: float = 0.0,
    ) -> None:
        """With `quantise`, what the model chooses keeps to sixteenths and triplets; `memory_weight` is 0 to 1."""
        self.instrument = codec.PERCUSSION if setting.is_percussion else (setting.program or 0)
        self.use(setting, quantise, memory_weight)
        self.history = history
        self.plan: list[Entry] = []
        self.score: list[Entry] = []
        self._then: int | None = None  # where the model chooses again after it, at the earliest
        self.due: int | None = None
        self.until: int | None = None
        self.resting = False  # the row at `due` is a rest
        self.adrift = False  # `due` means nothing: where the buffer ends has yet to be heard
        self.hesitates = False  # the first planned note leaves it to the musician to play first
        self._entry = 0  # where it was to come in
        self.active: int | None = None  # when the musician last touched this channel
        self.push = 0.0  # how much denser than its setting it is to be
        self.memory = Memory() if memory is None else memory  # an empty one is false

    @property
    def channel(self) -> int:
        """The channel, 0-15."""
        return self.setting.channel

    @property
    def has_word(self) -> bool:
        """Whether the model plays this channel, or is about to."""
        return self.due is not None

    @property
    def prepares(self) -> bool:
        """Whether a row is to be chosen by the model, sooner or later."""
        if self.due is None or self.adrift or self.score:
            return False
        return self.until is None or self.due < self.until

    def use(self, setting: ChannelSet, quantise: bool, memory_weight: float) -> None:
        """Play by another setting from now on."""
        self.setting = setting
        self._bias = Bias(setting, quantise)
        self._memory_weight = np.float32(memory_weight)

    def change_program(self, program: int) -> None:
        """Change the instrument; percussion stays what it is, whatever the kit."""
        if not self.setting.is_percussion:
            self.instrument = program

    def come_in(self, tick: int) -> None:
        """Give the model the word, with its next note at `tick`."""
        self.due, self.resting, self.adrift, self._then = tick, False, False, None
        self._entry = tick

    def carry_on(self, earliest_tick: int) -> None:
        """Give the model the word where the buffer ends, at the onset that the model itself foresees.

        Where the newest entry has not been heard yet, nothing happens: it is to be told again when it has.
        """
        last = self.history.last
        if last is None:  # who was to come in later still does
            self.come_in(max(self._entry, earliest_tick))
        elif not last.asked:
            self.adrift = self.due is not None
        else:
            self._follow(last.tick, last.next_ticks)
            self.skip_ahead(earliest_tick)

    def skip_ahead(self, earliest_tick: int) -> bool:
        """Never plan the past: what is overdue moves on by whole beats, so that it keeps its place in the beat.

        A voice that rests goes on resting, and says then when it plays again. True where a note came too late.
        """
        if self.due is None or self.adrift or self.score or self.due >= earliest_tick:
            return False
        late_beats = -(-(earliest_tick - self.due) // codec.TICKS_PER_BEAT)
        self.due += late_beats * codec.TICKS_PER_BEAT
        return not self.resting

    def withdraw(self, after_tick: int) -> bool:
        """Take back what is planned after a tick; False if there was nothing."""
        self.plan = [entry for entry in self.plan if entry.tick <= after_tick]
        return self.history.withdraw(after_tick)

    def be_quiet(self, now_tick: int) -> None:
        """Take the word from the model."""
        if self.hesitates and self.plan:  # its time may have come, but it was never played
            now_tick = min(now_tick, self.plan[0].tick - 1)
        self.due, self.adrift, self.hesitates = None, False, False
        self.until, self.score, self._then = None, [], None
        self.withdraw(now_tick)
        self.plan = []

    def shift(self, ticks: int) -> None:
        """Move everything in time, when the beat jumps or the bar begins elsewhere."""
        known = {id(entry) for entry in self.history.entries}
        for entry in self.plan:
            if id(entry) not in known:  # of an answer that is over, but for this
                entry.tick += ticks
        self.history.shift(ticks)
        self.memory.shift(ticks)
        self._entry += ticks
        for name in ("active", "due", "until", "_then"):
            if getattr(self, name) is not None:
                setattr(self, name, getattr(self, name) + ticks)
        self.score = [replace(entry, tick=entry.tick + ticks) for entry in self.score]

    def prepare(self, until_tick: int) -> bool:
        """Make the next row ready to be asked; False if none is due by a tick."""
        if not self.prepares or self.due_tick > until_tick:
            return False
        if self.history.last is not None:  # the musician may have got there first
            self.due = max(self.due_tick, self.history.last.tick)
        self.history.reach(self.due_tick)
        if self.resting and not self.history.waits:
            self.history.rest(self.due_tick)
        return True

    def ask_to_foresee(self, cycle: int) -> Ask | None:
        """The question what comes after the newest entry, if that is not known yet."""
        if not self.history.waits:
            return None
        index = len(self.history.entries) - 1
        heard = index - self.history.first_to_hear(index)
        if heard > MOST_ROWS:  # a long buffer is heard bit by bit
            index -= heard - MOST_ROWS
        tick = self.history.entries[index].tick
        *before, (last, _) = self.history.notes_before(index + 1, CONTEXT_NOTES + 1) or [(tick, 0)]
        _, recalled = self._recall(before, last, cycle, tick - last)
        onset_bias = self._bias.of_onset(tick, self._sounding_at(tick), self.push) + recalled
        return self._ask(index, cycle, None, self._bias.of_pitch([]), onset_bias)

    @property
    def due_tick(self) -> int:
        """The tick of the row to be chosen next, of a part that has the word."""
        assert self.due is not None, "only a part that has the word is asked"
        return self.due

    def ask_to_choose(self, cycle: int) -> Ask:
        """The question for the note that is due; nothing else may be waiting to be asked."""
        tick, end = self.due_tick, len(self.history.entries)
        pitch, onset = self._recall(self.history.notes_before(end, CONTEXT_NOTES), tick, cycle)
        onset_bias = self._bias.of_onset(tick, self._sounding_at(tick) + 1, self.push) + onset
        pitch_bias = self._bias.of_pitch(self.history.newest_pitches()) + pitch
        return self._ask(end, cycle, tick, pitch_bias, onset_bias)

    def take(self, ask: Ask, choice: codec.Choice, states: Floats) -> Entry | None:
        """Take an answer into the buffer; gives the new note if one was chosen."""
        self.history.hear(ask.first, states)
        if ask.index is not None:
            self.history.foresee(ask.index, choice.next_ticks)
            if self.resting and ask.tick == self.due:
                self._follow(ask.tick, choice.next_ticks)
            return None
        # A chord that has no room left in the channel's range, above its last note, ends there.
        in_chord = int(ask.rows[-1, 0]) == 0
        if (in_chord and choice.pitch <= int(ask.rows[-1, 8])) or not self._bias.allows(choice.pitch):
            self._follow(ask.tick, choice.next_ticks or codec.TICKS_PER_BEAT)
            return None
        entry = Entry(
            ask.tick, choice.pitch, choice.duration_ticks, choice.velocity, True, choice.next_ticks, asked=True
        )
        self.history.insert(entry)
        self.plan.append(entry)
        self._follow(ask.tick, choice.next_ticks)
        return entry

    def play(self, notes: list[Entry], then_tick: int) -> None:
        """Give the model the word, with these notes first, in order of time; it chooses again from a tick on."""
        self.score, self._then, self.adrift = list(notes), then_tick, False
        self._turn_page()

    def read(self, earliest_tick: int, until_tick: int) -> list[Entry]:
        """Put the notes of `score` up to a tick into the plan, and give them; what is overdue is left out."""
        if self.until is not None:
            until_tick = min(until_tick, self.until - 1)
        ready = [entry for entry in self.score if entry.tick <= until_tick]
        self.score = self.score[len(ready) :]
        ready = [entry for entry in ready if entry.tick >= earliest_tick]
        for entry in ready:
            self.history.insert(entry)
            self.plan.append(entry)
        self._turn_page()
        return ready

    def commit(self, until_tick: int) -> list[Entry]:
        """Hand over the planned notes up to a tick: from now on they are played, whatever comes."""
        ready = [entry for entry in self.plan if entry.tick <= until_tick]
        self.plan = self.plan[len(ready) :]
        return ready

    def _ask(self, index: int, cycle: int, tick: int | None, pitch_bias: Floats, onset_bias: Floats) -> Ask:
        """Ask about an entry, or for a new one at a tick, once the model has heard what comes before."""
        rows, ticks = self.history.rows(index + (tick is None), self.instrument, cycle, tick)
        first = self.history.first_to_hear(index)
        return Ask(
            part=self,
            first=first,
            index=index if tick is None else None,
            rows=rows[first:],
            ticks=ticks[first:],
            echoes=recall(rows, ticks, index)[0],
            state=self.history.state_before(first),
            pitch_bias=pitch_bias,
            onset_bias=onset_bias,
        )

    def _follow(self, tick: int, next_ticks: int | None) -> None:
        self.resting, self.adrift = next_ticks is None, False
        self.due = tick + (codec.WAIT_TICKS if next_ticks is None else next_ticks)
        if self._then is not None and self.due < self._then:
            self.due, self.resting = self._then, False
        self._then = None

    def _turn_page(self) -> None:
        """The next note is that of the score; after the last, it comes when the model says so, once it has heard it."""
        self.due, self.resting = (self.score[0].tick if self.score else self._then), False
        self.adrift = not self.score and self.history.last is not None

    def _recall(self, before: Context, tick: int, cycle: int, elapsed: int = 0) -> tuple[Floats, Floats]:
        pitch, onset = self.memory.recall(before, tick, tick % cycle, elapsed)
        return self._memory_weight * pitch, self._memory_weight * onset

    def _sounding_at(self, tick: int) -> int:
        return sum(entry.tick == tick and entry.pitch != codec.REST for entry in self.history.entries)
