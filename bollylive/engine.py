"""Read this first: how what the musician plays becomes what the band plays.

    handle: follow the beat · wake · give way · assemble notes · buffer and ensemble
    tick:   rest · hand over · replan · ask the model · plan · commit

The engine owns all musical state. It hears words from the relay, keeps every channel's buffer, and plans each
channel's notes a little ahead, in order of time and at one instant in order of channel, so that everybody hears
those who decided before. It knows no clock but the `now_s` that it is given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from bollylive import codec
from bollylive.assembler import Assembler
from bollylive.band import Set
from bollylive.grid import Grid, cycle_of
from bollylive.inquiry import Inquiry
from bollylive.lineup import Lineup
from bollylive.note import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    Anchor,
    Bearing,
    Control,
    Heard,
    Note,
    NoteOff,
    NoteOn,
    Play,
    Program,
    Release,
    Sam,
)
from bollylive.part import Ask, Part
from bollylive.past import Past
from bollylive.pickup import Pickup
from bollylive.predictor import Predictor

Words: TypeAlias = list[Play | Release]


class Engine:
    """The band. Feed it with `handle`, call `tick` when `next_due` says so, and relay the words that it returns.

    One thread owns it; a call blocks for at most one call of the model. `counts` holds the model's `failures`, and
    the notes `skipped` because their time had passed before they were planned.
    """

    def __init__(self, band: Set, predictor: Predictor, seed: int, own_downbeat: bool = True) -> None:
        self.band = band
        self._skipped = 0
        self._bar = band.beats_per_bar * codec.TICKS_PER_BEAT
        self._cycle = cycle_of(band.beats_per_bar)
        self._inquiry = Inquiry(predictor, band, seed)
        self._own_downbeat = own_downbeat
        self._grid = Grid(Anchor(0.0, 60 / band.tempo_bpm, 0.0))
        self._assembler = Assembler()
        self.buffer_notes = band.buffer_notes or predictor.buffer_notes
        self._lineup = Lineup(band, self.buffer_notes, predictor.state_shape)
        self._awake = False  # the band sleeps until the musician begins
        self._pickup = self._new_pickup()

    def handle(self, word: Heard | Anchor) -> Words:
        """Take in what the relay says, and give what must happen at once. Never calls the model."""
        if isinstance(word, Anchor):
            self._follow(word)
            return []
        if isinstance(word.event, Program):
            self._lineup.part(word.event.channel).change_program(word.event.program)
        if isinstance(word.event, Sam):
            self._move_sam(word.beat)
        if not isinstance(word.event, NoteOn | NoteOff | Control):
            return []
        if not self._grid.anchor.running:
            if isinstance(word.event, Control):  # a pedal moves while the song stands still; no note is open
                self._assembler.handle(word.event, word.beat)
            return []
        if isinstance(word.event, Control) and word.event.number in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self._sleep(word.beat)
            return [Release(part.channel) for part in self._lineup]
        words = self._begin(word) if isinstance(word.event, NoteOn) else []
        for note in self._assembler.handle(word.event, word.beat):
            self._hear(note)
        return words

    def tick(self, now_s: float) -> Words:
        """Do what is due, with at most one call of the model."""
        if not self._grid.anchor.running:
            return []
        earliest = self._grid.earliest(now_s)
        self._rest(earliest)
        self._hand_over(earliest)
        self._replan(earliest)
        if self._awake:
            self._inquiry.put(self._asks(earliest), self._lineup.ensemble, now_s)
        elif self._pickup is not None:
            self._inquiry.put(self._pickup.asks(self._cycle), self._pickup.silence, now_s)
        return self._commit(earliest)

    def next_due(self, now_s: float) -> float | None:
        """When to call `tick` next; None where nothing can happen before the next word."""
        if not self._grid.anchor.running:
            return None
        parts = self._lineup
        acts = [entry.tick - self._commit_ticks for part in parts for entry in part.plan[:1]]
        if (tick := self._rest_tick()) is not None:
            acts.append(tick)
        due = [self._grid.seconds_at(min(acts))] if acts else []
        if self._lineup.stale:
            due.append(now_s)
        # What needs the model waits until it may be tried again.
        asks = [part.due - self._horizon_ticks for part in parts if part.due is not None and not part.adrift]
        asks += [tick for part in parts if (tick := self._handover_tick(part)) is not None]
        if self._has_to_ask():
            due.append(max(now_s, self._inquiry.retry_s))
        elif asks:
            due.append(max(self._grid.seconds_at(min(asks)), self._inquiry.retry_s))
        return min(due, default=None)

    @property
    def counts(self) -> dict[str, int]:
        """What went wrong so far."""
        return {"failures": self._inquiry.failures, "skipped": self._skipped}

    def prime(self, notes: list[Note], programs: dict[int, int]) -> None:
        """Fill the buffers with music that is taken as just played; the channels that may will continue it."""
        for channel, program in programs.items():
            self._lineup.part(channel).change_program(program)
        for note in notes:
            self._hear(replace(note, duration_beats=None))
            self._hear(note)
        self._awake = True

    @property
    def bearing(self) -> Bearing:
        """What an engine that comes after this one must know beside the notes."""
        return Bearing(self._grid.zero_beats, self._awake)

    def resume(self, past: Past, now_s: float) -> None:
        """Go on where an engine that is gone ended: with its buffers, its bars, and awake if it was."""
        if past.anchor is None:
            return
        self._grid = Grid(past.anchor, past.bearing.zero_beats)
        for channel, program in past.programs.items():
            self._lineup.part(channel).change_program(program)
        for note, by in past.notes:
            if by == "model":
                self._lineup.recollect(self._grid.tick_of(note.onset_beats), note)
            elif note.duration_beats is None:
                held = NoteOn(note.channel, note.pitch, note.velocity)
                for opened in self._assembler.handle(held, note.onset_beats):
                    self._hear(opened)
            else:
                self._hear(replace(note, duration_beats=None))
                self._hear(note)
        self._awake = past.bearing.awake and past.anchor.running
        if self._awake:
            self._lineup.go_on(self._grid.earliest(now_s), self._bar)

    def use(self, band: Set, now_s: float) -> Words:
        """Play another set from now on, in the same bars; gives what must end. Model, buffers and seed stay.

        Who may no longer play falls silent, who newly accompanies comes in, and what is not committed is planned anew.
        """
        beat = self._grid.anchor.beat_at(now_s)
        for channel in (part.channel for part in self._lineup if band.channel(part.channel).role == "off"):
            for note in self._assembler.handle(Control(channel, ALL_NOTES_OFF, 0), beat):
                self._hear(note)
        self.band = band
        self._inquiry.use(band)
        tick = self._grid.tick_of(beat)
        silenced = self._lineup.use(band, tick)
        if self._awake:
            self._lineup.go_on(tick, self._bar)
        else:
            self._pickup = self._new_pickup()
        return [Release(channel) for channel in silenced]

    @property
    def _commit_ticks(self) -> int:
        return round(self.band.commit_beats * codec.TICKS_PER_BEAT)

    @property
    def _horizon_ticks(self) -> int:
        return round(self.band.horizon_beats * codec.TICKS_PER_BEAT)

    def _new_pickup(self) -> Pickup | None:
        return Pickup([self._lineup.new_part(part.channel) for part in self._lineup]) if self._free else None

    @property
    def _free(self) -> bool:
        """The musician's first note is the downbeat, for nobody else gives one."""
        return self._own_downbeat and not self._grid.anchor.followed

    def _follow(self, anchor: Anchor) -> None:
        old = self._grid.anchor
        if not anchor.running or anchor.epoch != old.epoch:
            self._sleep(old.beat_at(anchor.at_s))
        self._lineup.shift(self._grid.follow(anchor))

    def _move_sam(self, beat: float) -> None:
        """The bar begins at the beat nearest to this one; the notes stay where they are, what is not fixed follows."""
        zero = self._grid.zero_beats
        self._lineup.shift(self._grid.move_zero(zero + round(beat - zero)))
        for part in self._lineup:
            if part.due is not None and part.history.last is None:  # who has yet to come in does so at a bar line
                part.come_in(-(-part.due // self._bar) * self._bar)
        self._lineup.stale = True

    def _begin(self, word: Heard) -> Words:
        """The musician begins a note: the band wakes, or who continues this channel yields at once."""
        assert isinstance(word.event, NoteOn)
        part = self._lineup.part(word.event.channel)
        if not self._awake and part.setting.role != "off":
            return self._wake(word.beat)
        if part.setting.role == "accompany" and part.due is None:  # one that joins while the band plays
            part.come_in(self._grid.next_tick(word.beat))
        if part.setting.role != "continue" or part.due is None:
            return []
        self._lineup.quieten(part, self._grid.tick_of(word.beat))
        return [Release(part.channel)]

    def _wake(self, beat: float) -> Words:
        """The accompaniment comes in with the musician's first note; the percussion knows its stroke already."""
        if self._free:
            self._lineup.shift(self._grid.move_zero(beat))
        self._awake = True
        tick = self._grid.next_tick(beat)
        for part in self._lineup:
            ready = self._pickup.take(part.channel) if self._pickup and self._free else None
            if ready is not None:
                self._lineup.join(ready)
            elif part.setting.role == "accompany":
                bars = part.setting.entry_bars
                part.come_in((tick // self._bar + bars) * self._bar if bars else tick)
        return self._commit(tick)

    def _sleep(self, beat: float) -> None:
        """Nothing more is planned until the musician begins again."""
        self._awake = False
        for note in self._assembler.close_all(beat):
            self._hear(note)
        for part in self._lineup:
            self._lineup.quieten(part, self._grid.tick_of(beat))
        self._pickup = self._new_pickup()

    def _hear(self, note: Note) -> None:
        """A note of the musician's begins (its duration is None) or ends."""
        if self.band.channel(note.channel).role == "off":
            return
        tick = self._grid.tick_of(note.onset_beats)
        if note.duration_beats is None:
            self._lineup.begin_note(note.channel, tick, note.pitch, note.velocity)
        else:
            duration = max(1, round(note.duration_beats * codec.TICKS_PER_BEAT))
            self._lineup.end_note(note.channel, tick, note.pitch, duration)

    def _rest_tick(self) -> int | None:
        """When the band goes to sleep, if it may: never under a clock, whose stop decides, nor while a key is held."""
        may_rest = self._awake and self._free and self.band.rest_after_beats > 0
        if not may_rest or any(self._assembler.held(part.channel) for part in self._lineup):
            return None
        return self._lineup.active + round(self.band.rest_after_beats * codec.TICKS_PER_BEAT)

    def _rest(self, earliest: int) -> None:
        tick = self._rest_tick()
        if tick is not None and earliest >= tick:
            # What is committed is played to its end: the band stops, it is not cut off.
            self._sleep(self._grid.beat_of(earliest + self._commit_ticks))

    def _handover_tick(self, part: Part) -> int | None:
        """When the model takes a channel over, if it may."""
        waiting = self._awake and part.due is None and part.active is not None
        if not waiting or part.setting.role != "continue" or self._assembler.held(part.channel):
            return None
        assert part.active is not None
        return part.active + round(self.band.handover_beats * codec.TICKS_PER_BEAT)

    def _hand_over(self, earliest: int) -> None:
        for part in self._lineup:
            tick = self._handover_tick(part)
            if part.adrift or (tick is not None and earliest >= tick):
                part.carry_on(earliest)

    def _has_to_ask(self) -> bool:
        if not self._awake:
            return self._pickup is not None and self._pickup.waits
        return any(part.history.waits or part.adrift for part in self._lineup)

    def _replan(self, earliest: int) -> None:
        """What lies beyond the commit line is planned anew when the musician has played something."""
        if not self._lineup.stale:
            return
        self._lineup.stale = False
        line = earliest + self._commit_ticks
        for part in self._lineup:
            if part.due is not None and self._lineup.withdraw(part, line):
                part.carry_on(earliest)

    def _asks(self, earliest: int) -> list[Ask]:
        """What every part has yet to be asked, and the one note that comes first in time, then in order of channel.

        A note that is due at once is asked for alone: a smaller call is sooner back. So is what has many rows.
        """
        first: Part | None = None
        for part in self._lineup:
            self._skipped += part.skip_ahead(earliest)
            ready = part.prepare(earliest + self._horizon_ticks) and not part.history.waits
            if ready and (first is None or part.due_tick < first.due_tick):
                first = part
        question = [first.ask_to_choose(self._cycle)] if first else []
        if question and question[0].tick <= earliest:
            return question
        others = (part.ask_to_foresee(self._cycle) for part in self._lineup)
        asks = [ask for ask in others if ask is not None] + question
        return [ask for ask in asks if len(ask.rows) == len(asks[0].rows)]

    def _commit(self, earliest: int) -> Words:
        """The notes that are near enough to be fixed."""
        epoch = self._grid.anchor.epoch
        words: Words = []
        for part in self._lineup:
            for entry in part.commit(earliest + self._commit_ticks):
                onset, duration = self._grid.beat_of(entry.tick), entry.duration_ticks / codec.TICKS_PER_BEAT
                words.append(Play(Note(part.channel, entry.pitch, entry.velocity, onset, duration), epoch))
        return words
