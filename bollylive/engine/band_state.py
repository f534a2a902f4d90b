"""How a performance stands: where its bars are, whether the band is awake, who has the word, what has been heard.

The band sleeps until the musician begins, and again when the song stops, when they have rested for long, or at a panic.
"""

from __future__ import annotations

import math
from dataclasses import replace

from bollylive.clock.anchor import Anchor
from bollylive.engine.entry import PreparedEntry
from bollylive.engine.grid import Grid, ticks_of
from bollylive.engine.part import Part
from bollylive.engine.part_table import PartTable
from bollylive.engine.turn_taking import TurnTaking
from bollylive.journal.restore import RestoredState
from bollylive.midi.assembler import Assembler
from bollylive.midi.messages import ALL_NOTES_OFF, Control, Note, NoteOff, NoteOn
from bollylive.protocol import Instruction, Release
from bollylive.sets.band import TURN_ROLES, Set
from bollylive.sets.controls import Command
from bollylive.sets.note_map import NoteMap

FADE_BEATS = 0.25  # the model's last note ends under the musician's first
JUMP_S = 0.5  # a song that stands still for longer was stopped


class BandState:
    """The state of a performance; all that changes it says what must happen at once. Owned by the engine.

    With `own_downbeat` the musician's first note is one, as long as nobody else says where the bars are.
    """

    def __init__(self, band: Set, buffer_notes: int, state_shape: tuple[int, int], own_downbeat: bool) -> None:
        self.band = band
        self.grid = Grid(Anchor(0.0, 60 / band.tempo_bpm, 0.0))
        self.parts = PartTable(band, buffer_notes, state_shape)
        self.awake = False
        self._awake_s = -math.inf  # when a stop or a jump put the band to sleep
        self._soloists: list[Part] = []  # on whose channels the model had the word then
        self._own_downbeat = own_downbeat
        self._assembler = Assembler()
        self.turns = TurnTaking(self.parts, band, self._assembler.held)
        self.pickup = self._new_pickup()

    @property
    def is_free(self) -> bool:
        """The musician's first note is the downbeat, for nobody else gives one."""
        return self._own_downbeat and self.grid.anchor.is_free

    def follow(self, anchor: Anchor) -> list[Instruction]:
        """Take in how the beat goes on; a stop or a jump ends what is under way.

        A song that goes on at once, elsewhere, is a loop or a locate: the band goes on with it.
        """
        old, cues = self.grid.anchor, []
        if not anchor.running or anchor.epoch != old.epoch:
            if self.awake:
                self._awake_s = anchor.at_s
                self._soloists = [part for part in self.parts.shared(None) if part.has_word]
            # What was planned and is still on its way to the relay is taken back too.
            cues = self.sleep(old.beat_at(anchor.at_s))
        self._shift(self.grid.follow(anchor))
        if anchor.bar_beat not in (None, old.bar_beat):
            self._keep_to_bars()
        if anchor.running and not self.awake and anchor.at_s - self._awake_s < JUMP_S:
            self._go_on(anchor)
        return cues

    def hear(self, event: NoteOn | NoteOff | Control, beat: float) -> list[Instruction]:
        """Take in what the musician plays: the band wakes, who has the word yields, and notes go into the buffers."""
        if not self.grid.anchor.running:
            if isinstance(event, Control):  # a pedal moves while the song stands still; no note is open
                self._assembler.handle(event, beat)
            return []
        cues = self._begin(event, beat) if isinstance(event, NoteOn) else []
        for note in self._assembler.handle(event, beat):
            self._remember(note)
        return cues

    def notice(self, beat: float) -> None:
        """The musician is there, though they play nothing."""
        self.parts.active = max(self.parts.active, self.grid.tick_of(beat))

    def obey(self, command: Command, beat: float) -> list[Instruction]:
        """Do what the musician asks for, beside the music; it shows that they are there."""
        self.notice(beat)
        if command.does == "sam":
            self._move_sam(beat)
        elif command.does == "sleep":
            return self.sleep(beat)
        elif command.does == "hand over":
            if not self.awake:
                self._wake(beat)
            tick = self.grid.next_tick(beat)
            taken = [part for part in self.parts.shared(command.channel) if self.turns.hand_over(part, tick)]
            return [Release(part.channel, FADE_BEATS) for part in taken]
        elif self.awake:
            for part in self.parts.shared(command.channel):
                self.turns.ask_for(command.does, part, self.grid.next_tick(beat))
        return []

    def use(self, band: Set, beat: float) -> list[Instruction]:
        """Go on with another set: who may no longer play ends, who may now comes in at a bar line."""
        before, self.band = self.band, band
        self.parts.use(band)
        self.turns.use(band)
        self.parts.stale = True
        changed = [part for part in self.parts if part.setting.role != before.channel(part.channel).role]
        for part in changed:
            if part.setting.role == "off":  # a key that is held there is never heard to come up
                for note in self._assembler.handle(Control(part.channel, ALL_NOTES_OFF, 0), beat):
                    self.parts.end_note(note.channel, self.grid.tick_of(note.onset_beats), note.pitch, 1)
            self.turns.end(part, self.grid.tick_of(beat))
            if self.awake and part.setting.role == "accompany":
                part.come_in(self.parts.bar_line(self.grid.next_tick(beat)))
        if not self.awake:
            self.pickup = self._new_pickup()
        return [Release(part.channel, 0.0 if part.setting.role == "off" else FADE_BEATS) for part in changed]

    def prime(self, notes: list[Note], programs: dict[int, int]) -> None:
        """Fill the buffers with music that is taken as just played; the channels that may will continue it."""
        self.parts.change_programs(programs)
        for note in notes:
            self._remember(replace(note, duration_beats=None))
            self._remember(note)
        for part in self.parts:  # nobody is there who waits
            part.awaited = False
        self.awake = True

    def resume(self, past: RestoredState, now_s: float) -> None:
        """Go on where an engine that is gone ended: with its buffers, its bars, and awake if it was."""
        if past.anchor is None:
            return
        self.grid.anchor, self.grid.zero_beats = past.anchor, past.status.zero_beats
        self.parts.change_programs(past.programs)
        touch = NoteMap(self.band)  # the journal has what was on the cable
        for played, by in past.notes:
            note = replace(played, pitch=touch.meaning(played.channel, played.pitch))
            if by == "model":
                self.parts.recollect(self.grid.tick_of(note.onset_beats), note)
            elif note.duration_beats is None:
                held = NoteOn(note.channel, note.pitch, note.velocity)
                for opened in self._assembler.handle(held, note.onset_beats):
                    self._remember(opened)
            else:
                self._remember(replace(note, duration_beats=None))
                self._remember(note)
        self.awake = past.status.awake and past.anchor.running
        if self.awake:
            self.parts.go_on(self.grid.earliest(now_s))

    def sleep(self, beat: float) -> list[Instruction]:
        """Nothing more is planned until the musician begins again."""
        self.awake = False
        for note in self._assembler.close_all(beat):
            self._remember(note)
        for part in self.parts:
            self.turns.end(part, self.grid.tick_of(beat))
        self.pickup = self._new_pickup()
        return [Release(part.channel) for part in self.parts]

    def rest_tick(self) -> int | None:
        """When the band goes to sleep, if it may.

        Never under a clock, whose stop decides, nor while a key is held, nor in a loop that the musician keeps.
        """
        clocked = self.grid.anchor.followed or not self._own_downbeat
        may_rest = self.awake and not clocked and self.band.rest_after_beats > 0
        if not may_rest or self.turns.keeps or any(self._assembler.held(part.channel) for part in self.parts):
            return None
        return self.parts.active + ticks_of(self.band.rest_after_beats)

    def rest(self, earliest: int) -> None:
        """Go to sleep if it is time; what is committed is played to its end: the band stops, it is not cut off."""
        tick = self.rest_tick()
        if tick is not None and earliest >= tick:
            self.sleep(self.grid.beat_of(earliest + ticks_of(self.band.commit_beats)))

    def _begin(self, event: NoteOn, beat: float) -> list[Instruction]:
        part = self.parts.part(event.channel)
        if not self.awake and part.setting.role != "off":
            self._wake(beat)
        if part.setting.role == "accompany" and not part.has_word:  # one that joins while the band plays
            part.come_in(self.grid.next_tick(beat))
        yields = part.setting.role in TURN_ROLES and self.turns.begin_note(part, self.grid.tick_of(beat))
        return [Release(part.channel, FADE_BEATS)] if yields else []

    def _wake(self, beat: float) -> None:
        """The accompaniment comes in with the musician's first note; the percussion knows its stroke already."""
        if self.is_free:
            self._shift(self.grid.move_zero(beat))
        self.awake = True
        tick = self.grid.next_tick(beat)
        for part in self.parts:
            ready = self.pickup.take(part.channel) if self.pickup and self.is_free else None
            if ready is not None:
                self.parts.join(ready)
            elif part.setting.role == "accompany":
                part.come_in(self.parts.entry_tick(part, tick))

    def _go_on(self, anchor: Anchor) -> None:
        """The song has jumped: everybody who played is there at once."""
        self.awake, self._awake_s = True, -math.inf
        tick = self.grid.next_tick(anchor.beat)
        for part in self.parts:
            if part.setting.role == "accompany":
                part.come_in(tick)
            elif part in self._soloists and part.setting.role in TURN_ROLES:
                self.turns.hand_over(part, tick)

    def _new_pickup(self) -> PreparedEntry | None:
        return PreparedEntry([self.parts.new_part(part.channel) for part in self.parts]) if self.is_free else None

    def _shift(self, ticks: int) -> None:
        self.parts.shift(ticks)
        self.turns.shift(ticks)

    def _move_sam(self, beat: float) -> None:
        """The bar begins at the beat nearest to this one; the notes stay where they are, what is not fixed follows."""
        zero = self.grid.zero_beats
        self._shift(self.grid.move_zero(zero + round(beat - zero)))
        self._keep_to_bars()

    def _keep_to_bars(self) -> None:
        """The bar lines are elsewhere now; who has yet to come in does so at one of them."""
        for part in self.parts:
            if part.due is not None and part.history.last is None:
                part.come_in(self.parts.bar_line(part.due))
        self.parts.stale = True

    def _remember(self, note: Note) -> None:
        """A note of the musician's begins (its duration is None) or ends."""
        if self.band.channel(note.channel).role == "off":
            return
        tick = self.grid.tick_of(note.onset_beats)
        if note.duration_beats is None:
            self.parts.begin_note(note.channel, tick, note.pitch, note.velocity)
        else:
            self.parts.end_note(note.channel, tick, note.pitch, max(1, ticks_of(note.duration_beats)))
