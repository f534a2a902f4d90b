"""One channel of the band: its buffer, its plan ahead of now, and whether the model has the word."""

from __future__ import annotations

import numpy as np

from bollylive.engine.history import Entry, History
from bollylive.engine.motif_memory import Context, MotifMemory
from bollylive.engine.pitch_bias import PitchBias
from bollylive.engine.variations import Score
from bollylive.model import codec
from bollylive.model.predictor import Floats
from bollylive.sets.band import TURN_ROLES, ChannelSet

_LONGEST_SILENCE_TICKS = 2 * codec.TICKS_PER_BEAT


class Part:
    """What the engine keeps for each channel; all times are ticks of the engine's grid.

    `plan` holds the notes that the model has chosen but that can still be taken back. `due` is the tick of the
    row to be chosen next; None while the musician, or nobody, has the word. Nothing is planned from `until` on.
    What stands in `score` comes first. `bias` is what the setting adds to the model's scores.
    """

    def __init__(
        self,
        setting: ChannelSet,
        history: History,
        quantise: bool = False,
        memory: MotifMemory | None = None,
        memory_weight: float = 0.0,
    ) -> None:
        """With `quantise`, what the model chooses keeps to sixteenths and triplets; `memory_weight` is 0 to 1."""
        self.instrument = codec.PERCUSSION if setting.is_percussion else (setting.program or 0)
        self.use(setting, quantise, memory_weight)
        self.history = history
        self.plan: list[Entry] = []
        self.score = Score()
        self.due: int | None = None
        self.until: int | None = None
        self.resting = False  # the row at `due` is a rest
        self.adrift = False  # `due` means nothing: where the buffer ends has yet to be heard
        self.hesitates = False  # the first planned note leaves it to the musician to play first
        self._entry = 0  # where it was to come in
        self.active: int | None = None  # when the musician last touched this channel
        self.awaited = False  # a musician shares the channel, and waits for its answer
        self.push = 0.0  # how much denser than its setting it is to be
        self.memory = MotifMemory() if memory is None else memory  # an empty one is false

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

    @property
    def due_tick(self) -> int:
        """The tick of the row to be chosen next, of a part that has the word."""
        assert self.due is not None, "only a part that has the word is asked"
        return self.due

    def may_rest(self, tick: int) -> bool:
        """Whether the model may be silent for long after a tick.

        Not on a shared channel that waits for its answer: whoever takes over from a musician who has paused hears that
        this voice is silent now, and would go on so.
        """
        waits = self.awaited and self.has_word and self.setting.role in TURN_ROLES
        return not waits or self.history.silence_at(tick) < _LONGEST_SILENCE_TICKS

    @property
    def next_page(self) -> int | None:
        """Where the next note of the score stands, if there is one before the end."""
        if not self.score or self.score.next_tick is None:
            return None
        return self.score.next_tick if self.until is None or self.score.next_tick < self.until else None

    def use(self, setting: ChannelSet, quantise: bool, memory_weight: float) -> None:
        """Play by another setting from now on."""
        self.setting = setting
        self.bias = PitchBias(setting, quantise)
        self._memory_weight = np.float32(memory_weight)

    def change_program(self, program: int) -> None:
        """Change the instrument; percussion stays what it is, whatever the kit."""
        if not self.setting.is_percussion:
            self.instrument = program

    def come_in(self, tick: int) -> None:
        """Give the model the word, with its next note at `tick`."""
        self.due, self.resting, self.adrift = tick, False, False
        self.score.then_tick = None
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
            self.follow(last.tick, last.next_ticks)
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
        self.until, self.score = None, Score()
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
        for name in ("active", "due", "until"):
            if getattr(self, name) is not None:
                setattr(self, name, getattr(self, name) + ticks)
        self.score.shift(ticks)

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

    def motif_bias(self, before: Context, tick: int, cycle: int, elapsed: int = 0) -> tuple[Floats, Floats]:
        """What the memory adds to the scores, as much as the set wants; see `MotifMemory.recall`."""
        pitch, onset = self.memory.recall(before, tick, tick % cycle, elapsed)
        return self._memory_weight * pitch, self._memory_weight * onset

    def follow(self, tick: int, next_ticks: int | None) -> None:
        """The next row is due so many ticks after one at a tick; None: after a rest, which the model is asked about."""
        self.resting, self.adrift = next_ticks is None, False
        self.due = tick + (codec.WAIT_TICKS if next_ticks is None else next_ticks)
        then_tick, self.score.then_tick = self.score.then_tick, None
        if then_tick is not None and self.due < then_tick:
            self.due, self.resting = then_tick, False

    def add(self, note: Entry) -> None:
        """Put a note of the model's into the buffer and the plan."""
        self.history.insert(note)
        self.plan.append(note)

    def play(self, score: Score) -> None:
        """Give the model the word, with these notes first."""
        self.score = score
        self._turn_page()

    def read(self, earliest_tick: int, until_tick: int) -> list[Entry]:
        """Put the notes of `score` up to a tick into the plan, and give them; what is overdue is left out."""
        if self.until is not None:
            until_tick = min(until_tick, self.until - 1)
        ready = self.score.read(earliest_tick, until_tick)
        for note in ready:
            self.add(note)
        self._turn_page()
        return ready

    def commit(self, until_tick: int) -> list[Entry]:
        """Hand over the planned notes up to a tick: from now on they are played, whatever comes."""
        ready = [entry for entry in self.plan if entry.tick <= until_tick]
        self.plan = self.plan[len(ready) :]
        return ready

    def _turn_page(self) -> None:
        """The next note is that of the score; after the last, it comes when the model says so, once it has heard it."""
        self.due, self.resting = self.score.next_tick, False
        self.adrift = not self.score and self.history.last is not None
