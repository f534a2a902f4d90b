"""Read this first: how the music that the musician plays becomes the music that the band plays.

    handle:  beat · command · program · tempo · note → wake → yield → assemble → energy, band notes, buffer, motifs
    tick:    rest → take turns → conduct → withdraw → query → run the model → plan → commit → move held notes

The engine owns all musical state. It takes messages in, keeps a buffer for each channel, and plans each channel's notes
just in time, in order of time. At one tick bass and percussion choose first, then the others, so that they hear them.
Its only clock is the `now_s` that it is given.

    grid           which tick and bar it is              turn_taking         who plays a shared channel
    part           one channel: buffer, plan, turn       handover_rules      how the model takes it over
    part_table     the parts by channel                  variation_requests  what is asked of its answer
    band_state     what all of these modules share       turn_commands       what the musician's commands do
    rest_and_wake  when all parts begin and end          conductor           which chord the band plays
    lead           what the musician has played          planner, waves      what is due, who chooses first
    scale          which notes the band keeps to         inference           the model is run
    texture        what a part of the band is like       moving_notes        what is held follows the harmony
    level          how loud a channel is
"""

from __future__ import annotations

from typing import TypeAlias

from bollylive.clock.anchor import Anchor
from bollylive.clock.beat_tracker import BeatTracker
from bollylive.engine.band_state import BandState
from bollylive.engine.conductor import Conductor
from bollylive.engine.harmony_scores import HarmonyScores
from bollylive.engine.history import Entry
from bollylive.engine.inference import Inference
from bollylive.engine.moving_notes import Harmony, MovingNotes
from bollylive.engine.part import Part
from bollylive.engine.part_snapshot import snapshot
from bollylive.engine.planner import Planner
from bollylive.engine.rest_and_wake import RestAndWake
from bollylive.engine.turn_commands import CommandTable
from bollylive.engine.turn_taking import FADE_BEATS, TurnTaking
from bollylive.engine.variation_requests import VariationRequests
from bollylive.journal.restore import RestoredState
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Program, Tempo
from bollylive.model.codec import PERCUSSION
from bollylive.model.predictor import Predictor
from bollylive.protocol import EngineStatus, Heard, Instruction, Release
from bollylive.sets.controls import Command, change_set
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import MODEL_ROLES, Set
from bollylive.snapshot.format import Snapshot

Instructions: TypeAlias = list[Instruction]


class Engine:
    """The band. Feed it with `handle`, call `tick` when `next_due` says so, and carry out the instructions it returns.

    One thread owns it; a call blocks for at most one call of the model. `counts` says how often the model failed
    (`failures`), and how many notes were `skipped` because their time had passed before they were planned.
    """

    def __init__(
        self, band: Set, predictor: Predictor, seed: int, own_downbeat: bool = True, harmony: Harmony | None = None
    ) -> None:
        """With `own_downbeat` the musician's first note is the downbeat, unless a clock or a session gives one.

        Held notes follow `harmony`; None: the conductor's.
        """
        self.buffer_notes = band.buffer_notes or predictor.buffer_notes
        self._live = LiveSet(band)
        self._state = BandState(self._live, self.buffer_notes, predictor.state_shape, own_downbeat)
        requests = VariationRequests(self._state)
        self._turns = TurnTaking(self._state, requests)
        self._rest_and_wake = RestAndWake(self._state, self._turns)
        self._commands = CommandTable(self._state, self._turns, requests, self._rest_and_wake)
        self.conductor = Conductor(self._state, predictor.chord_predictor, seed)
        self._planner = Planner(self._state, self.conductor)
        self._moving_notes = MovingNotes(self._state, self._planner, harmony or self.conductor)
        self._inference = Inference(predictor, self._live, HarmonyScores(self.conductor), seed)
        self._beat_tracker = BeatTracker()

    @property
    def band(self) -> Set:
        """The set that is played, with the present values of the knobs."""
        return self._live.band

    @property
    def anchor(self) -> Anchor:
        """The beat, as the newest `Anchor` gives it."""
        return self._state.grid.anchor

    def handle(self, message: Heard | Anchor) -> Instructions:
        """Handle one message, and return what must happen at once. Never runs the model."""
        if isinstance(message, Anchor):
            return self._rest_and_wake.follow(message)
        was_awake = self._state.awake
        instructions: Instructions = []
        match message.event:
            case NoteOn() as event:
                instructions = self._begin_note(event, message)
            case NoteOff() | Control() as event:
                self._state.end_notes(event, message.beat)
            case Command() as command:
                instructions = self._obey(command, message)
            case Program(channel, program):
                self._state.parts.part(channel).change_program(program)
            case Tempo():
                self._beat_tracker.retime(self._state.grid.anchor, message.at_s)
        if self._state.awake and not was_awake:  # what was prepared while the band rested is played at once
            instructions += self._planner.commit(self._state.grid.next_tick(message.beat))
        return instructions

    def tick(self, now_s: float) -> Instructions:
        """Do what is due, with at most one call of the model."""
        state = self._state
        if not state.grid.anchor.running:
            return []
        earliest = state.grid.earliest(now_s)
        self._rest_and_wake.rest(earliest)
        entry = self._rest_and_wake.prepared_entry
        if state.awake:
            self._turns.advance(earliest)
            self.conductor.advance(earliest)
            self._planner.replan(earliest)
            self._inference.run(self._planner.queries(earliest), state.band_notes, now_s)
        elif entry is not None:
            self._inference.run(entry.queries(state.grid.model_bars.ticks), entry.band_notes, now_s)
        instructions = self._planner.commit(earliest)
        return instructions + self._moving_notes.advance(earliest) if state.awake else instructions

    def next_due(self, now_s: float) -> float | None:
        """When to call `tick` next; None if nothing can happen before the next message."""
        state, entry = self._state, self._rest_and_wake.prepared_entry
        if not state.grid.anchor.running:
            return None
        earliest, retry_s = state.grid.earliest(now_s), self._inference.retry_s
        ticks, waiting = [self._planner.next_commit(), self._rest_and_wake.rest_tick()], [self._planner.next_query()]
        if state.awake:
            ticks += [self._turns.next_tick(), self.conductor.next_tick(earliest)]
            waiting.append(self._moving_notes.next_tick(earliest))
        due = [state.grid.seconds_at(tick) for tick in ticks if tick is not None]
        if state.stale and state.awake:
            due.append(now_s)
        # What needs the model waits until it may run again, and so does what moves, since it follows all choices.
        due += [max(state.grid.seconds_at(tick), retry_s) for tick in waiting if tick is not None]
        if self._planner.has_unprocessed if state.awake else entry is not None and entry.needs_query:
            due.append(max(now_s, retry_s))
        return min(due, default=None)

    def use(self, band: Set, now_s: float) -> Instructions:
        """Play another set from now on: parts that may no longer play end, and parts that may play now enter.

        The model, the length of the buffers and the tempo stay as they are.
        """
        before, self._live.band = self._live.band, band
        self._state.parts.refresh()
        self._state.stale = True
        return self._rest_and_wake.change_roles(before, self.anchor.beat_at(now_s))

    def prime(self, notes: list[Note], programs: dict[int, int]) -> None:
        """Fill the buffers with music, as if it had just been played; channels that the model may play continue it."""
        self._state.parts.change_programs(programs)
        for note in notes:
            self._remember(note)
            self._state.end_note(note)
        for part in self._state.parts:  # no musician waits
            part.answer_expected = False
        self._state.awake = True

    def resume(self, past: RestoredState, now_s: float) -> None:
        """Go on where an earlier engine ended: with its buffers and its bars, and awake if that engine was."""
        if past.anchor is not None:
            self._state.restore(past, past.anchor, self._remember)
            self.conductor.restore(past.chords)
            if past.status.awake and past.anchor.running:
                self._rest_and_wake.resume(self._state.grid.earliest(now_s))

    @property
    def status(self) -> EngineStatus:
        """What an engine that takes over from this one must know, in addition to the notes."""
        return EngineStatus(self._state.grid.zero_beats, self._state.awake, self.conductor.newest_chord)

    @property
    def counts(self) -> dict[str, int]:
        """What went wrong so far."""
        return {"failures": self._inference.failures + self.conductor.failures, "skipped": self._planner.skipped}

    def snapshot(self, now_s: float) -> Snapshot:
        """The present state of the band, for programs that watch; takes about 0.2 ms for sixteen channels."""
        return snapshot(self._state, self.conductor.plan, now_s, self.counts["failures"], self._planner.skipped)

    def _begin_note(self, event: NoteOn, message: Heard) -> Instructions:
        """The musician strikes a key: the band wakes, the model yields the channel, and the note goes into memory."""
        state, beat = self._state, message.beat
        instructions = self._track(event, message.at_s) if self._live.band.follow_tempo else []
        if not state.grid.anchor.running:
            return instructions
        part = state.parts.part(event.channel)
        if not state.awake and part.setting.role != "off":
            self._rest_and_wake.wake(beat, event.channel)
        tick, place = state.grid.position_of(beat)
        if part.setting.role in MODEL_ROLES and self._turns.begin_note(part, tick):
            instructions.append(Release(part.channel, FADE_BEATS))
        if state.pitchless_tick is not None and part.instrument != PERCUSSION and part.setting.role != "off":
            instructions += self._rest_and_wake.hear_pitch(tick)
        for note in state.assembler.handle(event, beat):
            if note.duration_beats is None:
                self._store(part, note, tick, place)
            else:  # it was struck again while it sounded
                state.end_note(note)
        return instructions

    def _remember(self, note: Note) -> None:
        """A note of the musician's begins, at its onset."""
        self._store(self._state.parts.part(note.channel), note, *self._state.grid.position_of(note.onset_beats))

    def _store(self, part: Part, note: Note, tick: int, place: int) -> None:
        """Store a note in everything that remembers the musician's playing; `place` is ticks after a bar line."""
        if part.setting.role == "off":
            return
        state, entry = self._state, Entry(tick, note.pitch, 0, note.velocity)
        state.energy.add(tick, note.velocity)
        state.band_notes.add(part.channel, part.instrument, entry)
        if part.setting.role != "player":
            part.history.insert(entry)
            # Learn only from the musician: otherwise what the model has played would come back again and again.
            part.memory.learn(tick, note.pitch, place)
        if part.instrument != PERCUSSION:
            state.lead_tick = tick
        part.touched_tick = state.touched_tick = tick
        state.stale = part.answer_expected = True

    def _obey(self, command: Command, message: Heard) -> Instructions:
        if command.changes_set:
            self._state.notice(message.beat)
            return self.use(change_set(self.band, command), message.at_s)
        if not self._state.grid.anchor.running:
            return []
        return self._commands.obey(command, message.beat)

    def _track(self, event: NoteOn, at_s: float) -> Instructions:
        """Without a clock or a session, the band's beat follows the musician's."""
        state = self._state
        if not state.is_free or self.band.channel(event.channel).role == "off":
            return []
        if not state.awake:
            self._beat_tracker.begin(state.grid.anchor, at_s)
            return []
        heard = self._beat_tracker.hear(state.grid.anchor, at_s)
        return [] if heard is None else [heard]
