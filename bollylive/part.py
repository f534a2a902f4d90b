"""One channel of the band: its buffer, its plan ahead of now, and whether the model has the word."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from bollylive import codec
from bollylive.band import ChannelSet
from bollylive.history import Entry, History
from bollylive.instruments import PERCUSSION_CHANNEL
from bollylive.memory import CONTEXT_NOTES, Context, Memory
from bollylive.predictor import Floats

_FORBIDDEN = -1e9
_PATIENCE_NOTES, _BOREDOM = 6, 0.5  # after so many repeats, so much of a score for each further one
_SIXTEENTH_TICKS, _TRIPLET_TICKS = codec.TICKS_PER_BEAT // 4, codec.TICKS_PER_BEAT // 3
_AHEAD_BEATS: Floats = (np.minimum(np.arange(codec.ONSETS), codec.WAIT_TICKS) / codec.TICKS_PER_BEAT).astype(np.float32)


def _grid_bias() -> Floats:
    """Scores [tick in the beat, ONSETS] that keep a voice to sixteenths and triplets.

    From a sixteenth it goes to sixteenths, from a triplet to triplets, from a beat or from off the grid to either.
    """
    places = np.arange(codec.TICKS_PER_BEAT)[:, None]
    ahead = np.arange(codec.ONSETS)
    allowed = np.zeros((codec.TICKS_PER_BEAT, codec.ONSETS), dtype=bool)
    for step in (_SIXTEENTH_TICKS, _TRIPLET_TICKS):
        other = _SIXTEENTH_TICKS + _TRIPLET_TICKS - step
        from_here = (places % step == 0) | (places % other != 0)
        allowed |= from_here & ((places + ahead) % step == 0)
    allowed[:, [0, codec.WAIT]] = True  # a chord, and a rest
    return np.where(allowed, 0, _FORBIDDEN).astype(np.float32)


_GRID_BIAS = _grid_bias()


@dataclass(frozen=True, slots=True)
class Ask:
    """One row for the model, and where its answer belongs."""

    part: Part
    tick: int
    index: int | None  # the entry that is to be heard; None: the note at `tick` is to be chosen
    row: codec.Rows
    state: Floats
    pitch_bias: Floats
    onset_bias: Floats


class Part:
    """What the engine keeps for each channel; all times are ticks of the engine's grid.

    `plan` holds the notes that the model has chosen but that can still be taken back. `due` is the tick of the
    row to be chosen next; None while the musician, or nobody, has the word. With `quantise`, what the model chooses
    keeps to sixteenths and triplets. What is in `memory` weighs as much as `recall` says, 0 to 1.
    """

    def __init__(
        self,
        setting: ChannelSet,
        history: History,
        quantise: bool = False,
        memory: Memory | None = None,
        recall: float = 0.0,
    ) -> None:
        self.setting = setting
        self.instrument = codec.PERCUSSION if setting.channel == PERCUSSION_CHANNEL else (setting.program or 0)
        self.history = history
        self.plan: list[Entry] = []
        self.due: int | None = None
        self.resting = False  # the row at `due` is a rest
        self.adrift = False  # `due` means nothing: where the buffer ends has yet to be heard
        self.active: int | None = None  # when the musician last touched this channel
        self._pitch_bias = np.full(codec.PITCHES, _FORBIDDEN, dtype=np.float32)
        self._pitch_bias[setting.lowest : setting.highest + 1] = 0
        self._density_bias: Floats = np.float32(-setting.density) * _AHEAD_BEATS
        self._quantise = quantise
        self.memory = Memory() if memory is None else memory  # an empty one is false
        self._recall_weight = np.float32(recall)

    @property
    def channel(self) -> int:
        """The channel, 0-15."""
        return self.setting.channel

    def change_program(self, program: int) -> None:
        """Change the instrument; channel 10 stays percussion."""
        if self.channel != PERCUSSION_CHANNEL:
            self.instrument = program

    def come_in(self, tick: int) -> None:
        """Give the model the word, with its next note at `tick`."""
        self.due, self.resting, self.adrift = tick, False, False

    def carry_on(self, earliest_tick: int) -> None:
        """Give the model the word where the buffer ends, at the onset that the model itself foresees.

        Where the newest entry has not been heard yet, nothing happens: it is to be told again when it has.
        """
        last = self.history.last
        if last is None:
            self.come_in(earliest_tick)
        elif last.state is None:
            self.adrift = self.due is not None
        else:
            self._follow(last.tick, last.next_ticks)
            self.skip_ahead(earliest_tick)

    def skip_ahead(self, earliest_tick: int) -> bool:
        """Never plan the past: what is overdue moves on by whole beats, so that it keeps its place in the beat."""
        if self.due is None or self.adrift or self.due >= earliest_tick:
            return False
        late_beats = -(-(earliest_tick - self.due) // codec.TICKS_PER_BEAT)
        self.due, self.resting = self.due + late_beats * codec.TICKS_PER_BEAT, False
        return True

    def withdraw(self, after_tick: int) -> bool:
        """Take back what is planned after a tick; False if there was nothing."""
        self.plan = [entry for entry in self.plan if entry.tick <= after_tick]
        return self.history.withdraw(after_tick)

    def be_quiet(self, now_tick: int) -> None:
        """Take the word from the model."""
        self.due, self.adrift = None, False
        self.withdraw(now_tick)
        self.plan = []

    def shift(self, ticks: int) -> None:
        """Move everything in time, when the beat jumps; nothing may be planned."""
        self.history.shift(ticks)
        self.memory.shift(ticks)
        if self.active is not None:
            self.active += ticks

    def prepare(self, until_tick: int) -> bool:
        """Make the next row ready to be asked; False if none is due by a tick."""
        if self.due is None or self.adrift or self.due > until_tick:
            return False
        if self.history.last is not None:  # the musician may have got there first
            self.due = max(self.due, self.history.last.tick)
        self.history.reach(self.due)
        if self.resting and self.history.unheard() is None:
            self.history.rest(self.due)
        return True

    def ask_to_hear(self, cycle: int) -> Ask | None:
        """The next row that the model has not heard, if there is one."""
        index = self.history.unheard()
        if index is None:
            return None
        tick = self.history.entries[index].tick
        row = self.history.row(index, self.instrument, cycle)
        *before, (last, _) = self.history.notes_before(index + 1, CONTEXT_NOTES + 1) or [(tick, 0)]
        _, recalled = self._recall(before, last, cycle, tick - last)
        onset_bias = self._onset_bias(tick, self._sounding_at(tick)) + recalled
        return Ask(self, tick, index, row, self.history.state_before(index), self._pitch_bias, onset_bias)

    @property
    def due_tick(self) -> int:
        """The tick of the row to be chosen next, of a part that has the word."""
        assert self.due is not None, "only a part that has the word is asked"
        return self.due

    def ask_to_choose(self, cycle: int) -> Ask:
        """The question for the note that is due; all rows before it must have been heard."""
        tick = self.due_tick
        row = self.history.question(tick, self.instrument, cycle)
        end = len(self.history.entries)
        pitch, onset = self._recall(self.history.notes_before(end, CONTEXT_NOTES), tick, cycle)
        onset_bias = self._onset_bias(tick, self._sounding_at(tick) + 1) + onset
        state = self.history.state_before(end)
        return Ask(self, tick, None, row, state, self._tired_of_repeating() + pitch, onset_bias)

    def take(self, ask: Ask, choice: codec.Choice, state: Floats) -> Entry | None:
        """Take an answer into the buffer; gives the new note if one was chosen."""
        if ask.index is not None:
            self.history.hear(ask.index, state, choice.next_ticks)
            if self.resting and ask.tick == self.due:
                self._follow(ask.tick, choice.next_ticks)
            return None
        # A chord that has no room left in the channel's range, above its last note, ends there.
        in_chord = int(ask.row[0, 0]) == 0
        if (in_chord and choice.pitch <= int(ask.row[0, 8])) or self._pitch_bias[choice.pitch] < 0:
            self._follow(ask.tick, choice.next_ticks or codec.TICKS_PER_BEAT)
            return None
        entry = Entry(ask.tick, choice.pitch, choice.duration_ticks, choice.velocity, True, state, choice.next_ticks)
        self.history.insert(entry)
        self.plan.append(entry)
        self._follow(ask.tick, choice.next_ticks)
        return entry

    def commit(self, until_tick: int) -> list[Entry]:
        """Hand over the planned notes up to a tick: from now on they are played, whatever comes."""
        ready = [entry for entry in self.plan if entry.tick <= until_tick]
        self.plan = self.plan[len(ready) :]
        return ready

    def _follow(self, tick: int, next_ticks: int | None) -> None:
        self.resting, self.adrift = next_ticks is None, False
        self.due = tick + (codec.WAIT_TICKS if next_ticks is None else next_ticks)

    def _recall(self, before: Context, tick: int, cycle: int, elapsed: int = 0) -> tuple[Floats, Floats]:
        pitch, onset = self.memory.recall(before, tick, tick % cycle, elapsed)
        return self._recall_weight * pitch, self._recall_weight * onset

    def _onset_bias(self, tick: int, sounding: int) -> Floats:
        """The scores of what comes after a tick; a chord of as many notes as the channel may have is complete."""
        bias = self._density_bias.copy()
        if sounding >= self.setting.polyphony:
            bias[0] = _FORBIDDEN
        if self._quantise:
            bias += _GRID_BIAS[tick % codec.TICKS_PER_BEAT]
        return bias

    def _tired_of_repeating(self) -> Floats:
        """The scores of the pitches: one that has been struck again and again becomes less likely each time.

        A model that hears mostly its own repeated note finds nothing more likely than that note, for ever.
        """
        pitch = self.history.previous_pitch(len(self.history.entries))
        sounded = (entry.pitch for entry in reversed(self.history.entries) if entry.pitch != codec.REST)
        run = sum(1 for _ in takewhile(lambda other: other == pitch, sounded))
        if run <= _PATIENCE_NOTES:
            return self._pitch_bias
        bias = self._pitch_bias.copy()
        bias[pitch] -= _BOREDOM * (run - _PATIENCE_NOTES)
        return bias

    def _sounding_at(self, tick: int) -> int:
        return sum(entry.tick == tick and entry.pitch != codec.REST for entry in self.history.entries)
