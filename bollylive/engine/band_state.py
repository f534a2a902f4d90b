"""What the engine knows of a performance: where the beat is, who plays, and what has been played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bollylive.clock.anchor import Anchor
from bollylive.engine.band_notes import BandNotes
from bollylive.engine.energy import Energy
from bollylive.engine.grid import Grid, ticks_of
from bollylive.engine.history import Entry
from bollylive.engine.lead import Lead
from bollylive.engine.part import Part
from bollylive.engine.part_state import Step
from bollylive.engine.part_table import PartTable
from bollylive.engine.scale import Scale
from bollylive.journal.restore import RestoredState
from bollylive.midi.assembler import Assembler
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn
from bollylive.midi.pedals import LONGEST_RINGING_BEATS
from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from bollylive.sets.live_set import LiveSet
from bollylive.sets.note_map import NoteMap
from bollylive.sets.settings import MODEL_ROLES

_PAUSE_TICKS = 33  # a beat and a half, but for what a melody is played late
_EIGHTH_TICKS = TICKS_PER_BEAT // 2
_PEDAL_TICKS = round(LONGEST_RINGING_BEATS * TICKS_PER_BEAT)


class BandState:
    """The state that the engine's modules share, each thing in one place; all times are in ticks of `grid`.

    Each of the `parts` has its own buffer, and hears the others through `band_notes`. `energy` and `scale` are the
    musician's, `lead` is what they have played, `lead_tick` is where their newest pitch begins, and `assembler` has the
    notes that they hold. `awake` is whether the band plays. `stale` is set while the plans do not yet take into account
    what the musician did, and `touched_tick` is when the musician last did anything. `pitchless_tick` is when the band
    began to play without a pitch of the musician's, as it does to their drums; None: it has heard one since.
    """

    def __init__(self, live: LiveSet, buffer_notes: int, state_shape: tuple[int, int], own_downbeat: bool) -> None:
        """With `own_downbeat` the musician's first note is the downbeat, unless a clock or a session gives one."""
        self.live = live
        self.own_downbeat = own_downbeat
        self.grid = Grid(live, Anchor(0.0, 60 / live.band.tempo_bpm, 0.0))
        self.parts = PartTable(live, buffer_notes, state_shape)
        self.band_notes = BandNotes()
        self.energy = Energy()
        self.lead = Lead(self.band_notes)
        self.scale = Scale(live)
        self.lead_tick: int | None = None
        self.assembler = Assembler()
        self.awake = False
        self.stale = False
        self.touched_tick = 0
        self.pitchless_tick: int | None = None

    @property
    def is_free(self) -> bool:
        """Whether the musician's first note is the downbeat: neither a clock nor a session gives one."""
        return self.own_downbeat and self.grid.anchor.is_free

    @property
    def commit_ticks(self) -> int:
        """How far ahead of now planned notes can no longer be withdrawn."""
        return ticks_of(self.live.band.commit_beats)

    @property
    def horizon_ticks(self) -> int:
        """How far ahead the model chooses: just in time for the commit line, or as far as the set asks."""
        return max(self.commit_ticks, ticks_of(self.live.band.horizon_beats))

    @property
    def pause_tick(self) -> int | None:
        """The eighth from which on the musician pauses, unless they begin a pitch before; None: they have begun none.

        It is a beat and a half after their newest pitch: of shorter gaps a melody has many.
        """
        if self.lead_tick is None:
            return None
        tick = self.lead_tick + _PAUSE_TICKS
        return tick + (-self.grid.ticks_past(tick, _EIGHTH_TICKS)) % _EIGHTH_TICKS

    def notice(self, beat: float) -> None:
        """Note that the musician did something other than play, so that the band does not rest yet."""
        self.touched_tick = max(self.touched_tick, self.grid.tick_of(beat))

    def holds(self, part: Part) -> bool:
        """Whether the musician holds a key on a part's channel; a stroke of percussion is over once it is struck."""
        return part.instrument != PERCUSSION and self.assembler.held(part.channel)

    def silent_tick(self, part: Part) -> int | None:
        """Since when the musician is silent on a part's channel where no key is down; None: since the model's turn.

        What only a pedal holds still sounds: for `_PEDAL_TICKS` after the key came up, or until the pedal lifts.
        """
        lifted_beat = self.assembler.lifted_beat(part.channel)
        if part.touched_tick is None or lifted_beat is None or part.instrument == PERCUSSION:
            return part.touched_tick
        return max(part.touched_tick, self.grid.tick_of(lifted_beat) + _PEDAL_TICKS)

    def join(self, part: Part) -> None:
        """Put a new part, which may already have planned notes, on its channel."""
        self.parts.put(part)
        for entry in part.plan:
            self.band_notes.add(part.channel, part.instrument, entry)

    def end_note(self, note: Note) -> None:
        """The musician has ended a note, and its duration is known; ignored on a channel that is off."""
        part = self.parts.part(note.channel)
        if part.setting.role != "off":
            self.close_note(part, note, max(1, ticks_of(note.duration_beats or 0.0)))

    def end_notes(self, event: NoteOff | Control, beat: float) -> None:
        """The musician lifts a key or moves a pedal. While the song stands still no note is open, but both move."""
        part = self.parts.part(event.channel)
        held = isinstance(event, NoteOff) and self.holds(part)
        notes = self.assembler.handle(event, beat)
        for note in notes:
            self.end_note(note)
        if held and not notes and self.grid.anchor.running and not self.holds(part):
            self._touch(part, self.grid.tick_of(beat))  # its note ended when the song stopped, but it was held on

    def close_note(self, part: Part, note: Note, duration_ticks: int) -> None:
        """Give one of the musician's notes its duration, whatever the channel's role."""
        tick = self.grid.tick_of(note.onset_beats)
        self.band_notes.close(part.channel, tick, note.pitch, duration_ticks)
        part.history.close(tick, note.pitch, duration_ticks)
        if part.instrument != PERCUSSION:
            self.scale.hear(tick, tick + duration_ticks, note.pitch)
        self._touch(part, tick + duration_ticks)

    def end_early(self, part: Part, note: Entry, tick: int) -> None:
        """One of the model's notes ends at a tick, before its time."""
        self.band_notes.close(part.channel, note.tick, note.pitch, tick - note.tick)
        part.history.close(note.tick, note.pitch, tick - note.tick)

    def add(self, part: Part, note: Entry) -> None:
        """Put a note of the model's that sounds, and is not to be planned, into all that remembers it."""
        part.history.insert(note)
        self.band_notes.add(part.channel, part.instrument, note)

    def restore(self, past: RestoredState, anchor: Anchor, remember: Callable[[Note], None]) -> None:
        """Take over the beat, the programs and the notes of an engine that is gone, in the beats of its last `anchor`.

        `remember` is called for each note of the musician's at its onset.
        """
        note_map = NoteMap(self.live.band)
        self.grid.anchor, self.grid.zero_beats = anchor, past.status.zero_beats
        self.parts.change_programs(past.programs)
        for sent, by in past.notes:
            note = replace(sent, pitch=note_map.meaning(sent.channel, sent.pitch))  # the journal has the keys as sent
            if by == "model":
                self._restore_model_note(note)
            elif note.duration_beats is None:
                for held in self.assembler.handle(NoteOn(note.channel, note.pitch, note.velocity), note.onset_beats):
                    remember(held)
            else:
                remember(note)
                self.end_note(note)

    def withdraw(self, part: Part, after_tick: int) -> bool:
        """Withdraw what a part has planned after a tick; return False if there was nothing."""
        self.band_notes.withdraw(part.channel, after_tick)
        return part.withdraw(after_tick)

    def silence(self, part: Part, after_tick: int) -> None:
        """End the model's turn on a part's channel."""
        self.band_notes.withdraw(part.channel, after_tick)
        part.silence(after_tick)

    def move_sam(self, beat: float) -> None:
        """Begin the bar at the nearest beat; notes stay where they are, and what is not fixed yet follows the bar."""
        zero = self.grid.zero_beats
        self.grid.move_zero(zero + round(beat - zero))
        self.keep_to_bars()

    def keep_to_bars(self) -> None:
        """The bar lines have moved: parts that have yet to enter do so at one of the new bar lines."""
        for part in self.parts:
            if part.playing is not None and part.playing.step is not Step.QUEUED and part.history.last is None:
                part.enter(self.grid.bar_line(part.due_tick))
        self.stale = True

    def _touch(self, part: Part, tick: int) -> None:
        part.touched_tick = self.touched_tick = tick

    def _restore_model_note(self, note: Note) -> None:
        """Put into the buffer what the model played some time ago."""
        part = self.parts.part(note.channel)
        if part.setting.role not in MODEL_ROLES:
            return
        tick, duration_ticks = self.grid.tick_of(note.onset_beats), max(1, ticks_of(note.duration_beats or 0.0))
        self.add(part, Entry(tick, note.pitch, duration_ticks, note.velocity, by_model=True))
