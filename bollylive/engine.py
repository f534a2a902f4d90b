"""Read this first: how what the musician plays becomes what the band plays.

    handle: follow the beat · obey · track the musician's beat · wake · give way · assemble notes · buffer and ensemble
    tick:   rest · take turns · replan · ask the model · plan · commit

The engine owns all musical state. It hears words from the relay, keeps every channel's buffer, and plans each
channel's notes a little ahead, in order of time and at one instant in order of channel, so that everybody hears
those who decided before. It knows no clock but the `now_s` that it is given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from bollylive import codec
from bollylive.assembler import Assembler
from bollylive.band import KNOBS, TURN_ROLES, Set
from bollylive.grid import Grid
from bollylive.inquiry import Inquiry
from bollylive.knobs import turn_knob
from bollylive.lineup import Lineup
from bollylive.note import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    Anchor,
    Bearing,
    Command,
    Control,
    Cue,
    Heard,
    Note,
    NoteOff,
    NoteOn,
    Program,
    Release,
    Tempo,
)
from bollylive.part import Part
from bollylive.past import Past
from bollylive.pickup import Pickup
from bollylive.planner import Planner
from bollylive.predictor import Predictor
from bollylive.snapshot import Snapshot
from bollylive.tracker import BeatTracker
from bollylive.turns import Turns
from bollylive.view import view

FADE_BEATS = 0.25  # the model's last note ends under the musician's first

Words: TypeAlias = list[Cue]


class Engine:
    """The band. Feed it with `handle`, call `tick` when `next_due` says so, and relay the words that it returns.

    One thread owns it; a call blocks for at most one call of the model. `counts` holds the model's `failures`, and
    the notes `skipped` because their time had passed before they were planned.
    """

    def __init__(self, band: Set, predictor: Predictor, seed: int, own_downbeat: bool = True) -> None:
        self.band = band
        self._bar = band.beats_per_bar * codec.TICKS_PER_BEAT
        self._own_downbeat = own_downbeat
        self._grid = Grid(Anchor(0.0, 60 / band.tempo_bpm, 0.0))
        self._assembler = Assembler()
        self.buffer_notes = band.buffer_notes or predictor.buffer_notes
        self._lineup = Lineup(band, self.buffer_notes, predictor.state_shape)
        self._turns = Turns(self._lineup, band, self._assembler.held)
        self._planner = Planner(self._lineup, self._grid, band)
        self._inquiry = Inquiry(predictor, band, seed)
        self._awake = False  # the band sleeps until the musician begins
        self._pickup = self._new_pickup()
        self._tracker = BeatTracker() if band.follow_tempo else None

    def handle(self, word: Heard | Anchor) -> Words:
        """Take in what the relay says, and give what must happen at once. Never calls the model."""
        if isinstance(word, Anchor):
            return self._follow(word)
        event = word.event
        if isinstance(event, Program):
            self._lineup.part(event.channel).change_program(event.program)
        if isinstance(event, Command):
            return self._obey(event, word)
        if isinstance(event, Tempo) and self._tracker is not None:
            self._tracker.retime(self._grid.anchor, word.at_s)
        if not isinstance(event, NoteOn | NoteOff | Control):
            return []
        if not self._grid.anchor.running:
            if isinstance(event, Control):  # a pedal moves while the song stands still; no note is open
                self._assembler.handle(event, word.beat)
            return []
        if isinstance(event, Control) and event.number in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            return self._sleep(word.beat)
        words = [*self._track(event, word.at_s), *self._begin(event, word.beat)] if isinstance(event, NoteOn) else []
        for note in self._assembler.handle(event, word.beat):
            self._hear(note)
        return words

    def tick(self, now_s: float) -> Words:
        """Do what is due, with at most one call of the model."""
        if not self._grid.anchor.running:
            return []
        earliest = self._grid.earliest(now_s)
        self._rest(earliest)
        if self._awake:
            self._turns.advance(earliest)
            self._planner.replan(earliest)
            self._inquiry.put(self._planner.asks(earliest), self._lineup.ensemble, now_s)
        elif self._pickup is not None:
            self._inquiry.put(self._pickup.asks(self._planner.cycle), self._pickup.silence, now_s)
        return self._planner.commit(earliest)

    def next_due(self, now_s: float) -> float | None:
        """When to call `tick` next; None where nothing can happen before the next word."""
        if not self._grid.anchor.running:
            return None
        turn_tick = self._turns.next_tick() if self._awake else None
        acts = [tick for tick in (self._planner.next_commit(), self._rest_tick(), turn_tick) if tick is not None]
        due = [self._grid.seconds_at(min(acts))] if acts else []
        if self._lineup.stale and self._awake:
            due.append(now_s)
        # What needs the model waits until it may be tried again.
        ask_tick = self._planner.next_ask()
        if self._planner.has_to_ask if self._awake else self._pickup is not None and self._pickup.waits:
            due.append(max(now_s, self._inquiry.retry_s))
        elif ask_tick is not None:
            due.append(max(self._grid.seconds_at(ask_tick), self._inquiry.retry_s))
        return min(due, default=None)

    def use(self, band: Set, now_s: float) -> Words:
        """Play by another set from now on: who may no longer play ends, who may now comes in, the rest goes on.

        The model, the length of the buffers and the tempo stay as they are.
        """
        before, self.band = self.band, band
        beat = self._grid.anchor.beat_at(now_s)
        self._bar = band.beats_per_bar * codec.TICKS_PER_BEAT
        for room in (self._lineup, self._turns, self._planner, self._inquiry):
            room.use(band)
        self._lineup.stale = True
        words: Words = []
        for part in self._lineup:
            if part.setting.role == before.channel(part.channel).role:
                continue
            if part.setting.role == "off":  # a key that is held there is never heard to come up
                for note in self._assembler.handle(Control(part.channel, ALL_NOTES_OFF, 0), beat):
                    self._lineup.end_note(note.channel, self._grid.tick_of(note.onset_beats), note.pitch, 1)
            self._turns.end(part, self._grid.tick_of(beat))
            words.append(Release(part.channel, 0.0 if part.setting.role == "off" else FADE_BEATS))
            if self._awake and part.setting.role == "accompany":
                part.come_in(-(-self._grid.next_tick(beat) // self._bar) * self._bar)
        if not self._awake:
            self._pickup = self._new_pickup()
        return words

    @property
    def counts(self) -> dict[str, int]:
        """What went wrong so far."""
        return {"failures": self._inquiry.failures, "skipped": self._planner.skipped}

    def snapshot(self, now_s: float) -> Snapshot:
        """The band as it stands, for whoever watches; some 0.2 ms for sixteen channels."""
        anchor, tick = self._grid.anchor, self._grid.earliest(now_s)
        return Snapshot(
            name=self.band.name,
            beat=anchor.beat_at(now_s),
            bpm=60 / anchor.seconds_per_beat,
            running=anchor.running,
            awake=self._awake,
            parts=tuple(view(part, self._awake, tick, self._grid.beat_of) for part in self._lineup),
            failures=self._inquiry.failures,
            skipped=self._planner.skipped,
        )

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
        self._grid.anchor, self._grid.zero_beats = past.anchor, past.bearing.zero_beats
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

    def _new_pickup(self) -> Pickup | None:
        return Pickup([self._lineup.new_part(part.channel) for part in self._lineup]) if self._free else None

    @property
    def _free(self) -> bool:
        """The musician's first note is the downbeat, for nobody else gives one."""
        anchor = self._grid.anchor
        return self._own_downbeat and not anchor.followed and anchor.bar_beat is None

    def _follow(self, anchor: Anchor) -> Words:
        old = self._grid.anchor
        # What was planned and is still on its way to the relay is taken back too.
        words = self._sleep(old.beat_at(anchor.at_s)) if not anchor.running or anchor.epoch != old.epoch else []
        self._shift(self._grid.follow(anchor))
        if anchor.bar_beat not in (None, old.bar_beat):
            self._keep_to_bars()
        return words

    def _shift(self, ticks: int) -> None:
        self._lineup.shift(ticks)
        self._turns.shift(ticks)

    def _obey(self, command: Command, word: Heard) -> Words:
        """Do what the musician asks for, beside the music."""
        if command.does in KNOBS:
            return self.use(turn_knob(self.band, command), word.at_s)
        beat = word.beat
        if not self._grid.anchor.running:
            return []
        match command.does:
            case "sam":
                self._move_sam(beat)
            case "sleep":
                return self._sleep(beat)
            case "hand over" if not self._awake:
                words = self._wake(beat)
                return words + self._hand_over(command, beat)
            case "hand over":
                return self._hand_over(command, beat)
            case _ if self._awake:
                for part in self._lineup.shared(command.channel):
                    self._turns.ask_for(command.does, part, self._grid.next_tick(beat))
        return []

    def _hand_over(self, command: Command, beat: float) -> Words:
        tick = self._grid.next_tick(beat)
        taken = [part for part in self._lineup.shared(command.channel) if self._turns.hand_over(part, tick)]
        return [Release(part.channel, FADE_BEATS) for part in taken]

    def _move_sam(self, beat: float) -> None:
        """The bar begins at the beat nearest to this one; the notes stay where they are, what is not fixed follows."""
        zero = self._grid.zero_beats
        self._shift(self._grid.move_zero(zero + round(beat - zero)))
        self._keep_to_bars()

    def _keep_to_bars(self) -> None:
        """The bar lines are elsewhere now."""
        for part in self._lineup:
            if part.due is not None and part.history.last is None:  # who has yet to come in does so at a bar line
                part.come_in(-(-part.due // self._bar) * self._bar)
        self._lineup.stale = True

    def _track(self, event: NoteOn, at_s: float) -> Words:
        """Where nobody else leads, the band's beat goes with the musician's, if the set says so."""
        if self._tracker is None or not self._free or self.band.channel(event.channel).role == "off":
            return []
        if not self._awake:
            self._tracker.begin(self._grid.anchor, at_s)
            return []
        heard = self._tracker.hear(self._grid.anchor, at_s)
        return [] if heard is None else [heard]

    def _begin(self, event: NoteOn, beat: float) -> Words:
        """The musician begins a note: the band wakes, or who plays on this channel yields at once."""
        part = self._lineup.part(event.channel)
        words = [] if self._awake or part.setting.role == "off" else self._wake(beat)
        if part.setting.role == "accompany" and not part.has_word:  # one that joins while the band plays
            part.come_in(self._grid.next_tick(beat))
        if part.setting.role in TURN_ROLES and self._turns.begin_note(part, self._grid.tick_of(beat)):
            words.append(Release(part.channel, FADE_BEATS))
        return words

    def _wake(self, beat: float) -> Words:
        """The accompaniment comes in with the musician's first note; the percussion knows its stroke already."""
        if self._free:
            self._shift(self._grid.move_zero(beat))
        self._awake = True
        tick = self._grid.next_tick(beat)
        for part in self._lineup:
            ready = self._pickup.take(part.channel) if self._pickup and self._free else None
            if ready is not None:
                self._lineup.join(ready)
            elif part.setting.role == "accompany":
                self._come_in(part, tick)
        return self._planner.commit(tick)

    def _come_in(self, part: Part, tick: int) -> None:
        bars = part.setting.entry_bars
        part.come_in((tick // self._bar + bars) * self._bar if bars else tick)

    def _sleep(self, beat: float) -> Words:
        """Nothing more is planned until the musician begins again."""
        self._awake = False
        for note in self._assembler.close_all(beat):
            self._hear(note)
        for part in self._lineup:
            self._turns.end(part, self._grid.tick_of(beat))
        self._pickup = self._new_pickup()
        return [Release(part.channel) for part in self._lineup]

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
        clocked = self._grid.anchor.followed or not self._own_downbeat
        may_rest = self._awake and not clocked and self.band.rest_after_beats > 0
        if not may_rest or any(self._assembler.held(part.channel) for part in self._lineup):
            return None
        return self._lineup.active + round(self.band.rest_after_beats * codec.TICKS_PER_BEAT)

    def _rest(self, earliest: int) -> None:
        tick = self._rest_tick()
        if tick is not None and earliest >= tick:
            # What is committed is played to its end: the band stops, it is not cut off.
            self._sleep(self._grid.beat_of(earliest + round(self.band.commit_beats * codec.TICKS_PER_BEAT)))
