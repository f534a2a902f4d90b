"""Everybody in the band: a part for each channel, and the ensemble that they hear together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bollylive.engine.band_notes import BandNotes
from bollylive.engine.energy import Energy
from bollylive.engine.grid import cycle_of, ticks_of
from bollylive.engine.history import Entry, History
from bollylive.engine.motif_memory import MotifMemory
from bollylive.engine.part import Part
from bollylive.midi.messages import Note
from bollylive.sets.band import MODEL_ROLES, TURN_ROLES, Set


class PartTable:
    """The parts in order of channel, all times in ticks of the engine's grid. Owned by the engine.

    `bar` is how long one is. `active` is when the musician last did something; `stale` is set when they played
    something that the plans do not know yet.
    """

    def __init__(self, band: Set, buffer_notes: int, state_shape: tuple[int, int]) -> None:
        self.band_notes = BandNotes()
        self.energy = Energy()
        self.active = 0
        self.stale = False
        self._buffer_notes, self._state_shape = buffer_notes, state_shape
        self._parts: dict[int, Part] = {}
        self._memories: dict[int, MotifMemory] = {}  # of every channel, whoever plays it
        self._set(band)

    def __iter__(self) -> Iterator[Part]:
        return iter(list(self._parts.values()))

    def use(self, band: Set) -> None:
        """Play by another set from now on; who is new in it joins."""
        self._set(band)
        for part in self:
            setting, before = band.channel(part.channel), part.setting
            if setting.program is not None and setting.program != before.program:
                part.change_program(setting.program)
            part.use(setting, band.quantise, band.memory)

    def part(self, channel: int) -> Part:
        """The part of a channel 0-15; one that the set does not name joins when it is first asked for."""
        if channel not in self._parts:
            self.join(self.new_part(channel))
        return self._parts[channel]

    def shared(self, channel: int | None) -> list[Part]:
        """The parts that musician and model take turns on: one of them, or, for None, all."""
        return [part for part in self if part.setting.role in TURN_ROLES and channel in (None, part.channel)]

    def new_part(self, channel: int) -> Part:
        """A part with an empty buffer, which has not joined yet."""
        history = History(self._buffer_notes, self._state_shape)
        memory = self._memories.setdefault(channel, MotifMemory())
        return Part(self._band.channel(channel), history, self._band.quantise, memory, self._band.memory)

    def recollect(self, tick: int, note: Note) -> None:
        """Put into the buffer what the model played on a channel some time ago."""
        part = self.part(note.channel)
        if part.setting.role not in MODEL_ROLES:
            return
        entry = Entry(tick, note.pitch, max(1, ticks_of(note.duration_beats or 0.0)), note.velocity, by_model=True)
        part.history.insert(entry)
        self.band_notes.add(part.channel, part.instrument, entry)

    def go_on(self, tick: int) -> None:
        """Give the model the word wherever it should have it and has not: a band that is awake goes on playing.

        Who has played already goes on when the model says so, and who has not comes in at a bar line.
        """
        for part in self:
            last, role = part.history.last, part.setting.role
            if not part.has_word and (role == "accompany" or (role == "continue" and last and last.by_model)):
                part.come_in(max(self.bar_line(tick), self.entry_tick(part, 0)))
                part.carry_on(tick)

    def bar_line(self, tick: int) -> int:
        """The first bar line that is not before a tick."""
        return -(-tick // self.bar) * self.bar

    def entry_tick(self, part: Part, tick: int) -> int:
        """When a part comes in, of a band that begins at a tick."""
        bars = part.setting.entry_bars
        return (tick // self.bar + bars) * self.bar if bars else tick

    def change_programs(self, programs: Mapping[int, int]) -> None:
        """Change the instruments of some channels 0-15."""
        for channel, program in programs.items():
            self.part(channel).change_program(program)

    def join(self, part: Part) -> None:
        """Let a part play its channel, in place of who did, with what it has planned already."""
        self._parts = dict(sorted({**self._parts, part.channel: part}.items()))
        for entry in part.plan:
            self.band_notes.add(part.channel, part.instrument, entry)

    def begin_note(self, channel: int, tick: int, pitch: int, velocity: int) -> None:
        """The musician begins a note."""
        part = self.part(channel)
        self.energy.hear(tick, velocity)
        entry = Entry(tick, pitch, 0, velocity)
        self.band_notes.add(channel, part.instrument, entry)
        if part.setting.role != "player":
            part.history.insert(entry)
            # Only the musician teaches: what the model itself has played would come back again and again.
            part.memory.learn(tick, pitch, tick % self._cycle)
        self.stale = part.awaited = True
        part.active = self.active = tick

    def end_note(self, channel: int, tick: int, pitch: int, duration_ticks: int) -> None:
        """The musician ends the note that began at a tick."""
        part = self.part(channel)
        self.band_notes.close(channel, tick, pitch, duration_ticks)
        part.history.close(tick, pitch, duration_ticks)
        part.active = self.active = tick + duration_ticks

    def withdraw(self, part: Part, after_tick: int) -> bool:
        """Take back what a part has planned after a tick; False if there was nothing."""
        self.band_notes.withdraw(part.channel, after_tick)
        return part.withdraw(after_tick)

    def quieten(self, part: Part, after_tick: int) -> None:
        """Take the word from the model on a part's channel."""
        self.band_notes.withdraw(part.channel, after_tick)
        part.be_quiet(after_tick)

    def shift(self, ticks: int) -> None:
        """Move all that is known in time, when the beat jumps or the bar begins elsewhere."""
        self.band_notes.shift(ticks)
        self.energy.shift(ticks)
        self.active += ticks
        for part in self:
            part.shift(ticks)

    def _set(self, band: Set) -> None:
        self._band = band
        self.bar, self._cycle = ticks_of(band.beats_per_bar), cycle_of(band.beats_per_bar)
        for setting in band.channels:
            self.part(setting.channel)
