"""Read this first: how what the musician plays becomes what the band plays.

    handle: follow the beat · obey commands · track the musician's beat · wake, give way, fill the buffers
    tick:   rest · take turns · replan · ask the model · plan · commit

The engine owns all musical state. It hears words from the relay, keeps every channel's buffer, and plans each
channel's notes a little ahead, in order of time and at one instant in order of channel, so that everybody hears
those who decided before. It knows no clock but the `now_s` that it is given.
"""

from __future__ import annotations

from typing import TypeAlias

from bollylive.clock.anchor import Anchor
from bollylive.clock.beat_tracker import BeatTracker
from bollylive.engine.band_state import BandState
from bollylive.engine.inference import Inference
from bollylive.engine.part_snapshot import part_snapshot
from bollylive.engine.planner import Planner
from bollylive.journal.restore import RestoredState
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Program, Tempo
from bollylive.model.predictor import Predictor
from bollylive.protocol import EngineStatus, Heard, Instruction
from bollylive.sets.band import KNOBS, Set
from bollylive.sets.controls import Command, turn_knob
from bollylive.snapshot.format import Snapshot

Words: TypeAlias = list[Instruction]


class Engine:
    """The band. Feed it with `handle`, call `tick` when `next_due` says so, and relay the words that it returns.

    One thread owns it; a call blocks for at most one call of the model. `counts` holds the model's `failures`, and
    the notes `skipped` because their time had passed before they were planned.
    """

    def __init__(self, band: Set, predictor: Predictor, seed: int, own_downbeat: bool = True) -> None:
        self.buffer_notes = band.buffer_notes or predictor.buffer_notes
        self._show = BandState(band, self.buffer_notes, predictor.state_shape, own_downbeat)
        self._planner = Planner(self._show.parts, self._show.grid, band)
        self._inference = Inference(predictor, band, seed)
        self._tracker = BeatTracker()

    @property
    def band(self) -> Set:
        """The set that is played, with the knobs as they stand."""
        return self._show.band

    @property
    def anchor(self) -> Anchor:
        """The beat, as it was last told."""
        return self._show.grid.anchor

    def handle(self, word: Heard | Anchor) -> Words:
        """Take in what the relay says, and give what must happen at once. Never calls the model."""
        if isinstance(word, Anchor):
            return self._show.follow(word)
        match word.event:
            case Command() as command:
                return self._obey(command, word)
            case Program(channel, program):
                self._show.parts.part(channel).change_program(program)
            case Tempo():
                self._tracker.retime(self._show.grid.anchor, word.at_s)
            case NoteOn() as event:
                slept = not self._show.awake
                words = [*self._track(event, word.at_s), *self._show.hear(event, word.beat)]
                return words + self._begin(word.beat) if slept else words
            case NoteOff() | Control() as event:
                return self._show.hear(event, word.beat)
        return []

    def tick(self, now_s: float) -> Words:
        """Do what is due, with at most one call of the model."""
        show = self._show
        if not show.grid.anchor.running:
            return []
        earliest = show.grid.earliest(now_s)
        show.rest(earliest)
        if show.awake:
            show.turns.advance(earliest)
            self._planner.replan(earliest)
            self._inference.put(self._planner.asks(earliest), show.parts.band_notes, now_s)
        elif show.pickup is not None:
            self._inference.put(show.pickup.asks(self._planner.cycle), show.pickup.silence, now_s)
        return self._planner.commit(earliest)

    def next_due(self, now_s: float) -> float | None:
        """When to call `tick` next; None where nothing can happen before the next word."""
        show = self._show
        if not show.grid.anchor.running:
            return None
        turn_tick = show.turns.next_tick() if show.awake else None
        acts = [tick for tick in (self._planner.next_commit(), show.rest_tick(), turn_tick) if tick is not None]
        due = [show.grid.seconds_at(min(acts))] if acts else []
        if show.parts.stale and show.awake:
            due.append(now_s)
        # What needs the model waits until it may be tried again.
        ask_tick = self._planner.next_ask()
        if self._planner.has_to_ask if show.awake else show.pickup is not None and show.pickup.waits:
            due.append(max(now_s, self._inference.retry_s))
        elif ask_tick is not None:
            due.append(max(show.grid.seconds_at(ask_tick), self._inference.retry_s))
        return min(due, default=None)

    def use(self, band: Set, now_s: float) -> Words:
        """Play by another set from now on: who may no longer play ends, who may now comes in, the rest goes on.

        The model, the length of the buffers and the tempo stay as they are.
        """
        self._planner.use(band)
        self._inference.use(band)
        return self._show.use(band, self._show.grid.anchor.beat_at(now_s))

    def prime(self, notes: list[Note], programs: dict[int, int]) -> None:
        """Fill the buffers with music that is taken as just played; the channels that may will continue it."""
        self._show.prime(notes, programs)

    def resume(self, past: RestoredState, now_s: float) -> None:
        """Go on where an engine that is gone ended: with its buffers, its bars, and awake if it was."""
        self._show.resume(past, now_s)

    @property
    def bearing(self) -> EngineStatus:
        """What an engine that comes after this one must know beside the notes."""
        return EngineStatus(self._show.grid.zero_beats, self._show.awake)

    @property
    def counts(self) -> dict[str, int]:
        """What went wrong so far."""
        return {"failures": self._inference.failures, "skipped": self._planner.skipped}

    def snapshot(self, now_s: float) -> Snapshot:
        """The band as it stands, for whoever watches; some 0.2 ms for sixteen channels."""
        grid, awake = self._show.grid, self._show.awake
        return Snapshot(
            name=self.band.name,
            beat=grid.anchor.beat_at(now_s),
            bpm=60 / grid.anchor.seconds_per_beat,
            running=grid.anchor.running,
            awake=awake,
            parts=tuple(part_snapshot(part, awake, grid.earliest(now_s), grid.beat_of) for part in self._show.parts),
            failures=self._inference.failures,
            skipped=self._planner.skipped,
        )

    def _obey(self, command: Command, word: Heard) -> Words:
        if command.does in KNOBS:
            self._show.notice(word.beat)
            return self.use(turn_knob(self.band, command), word.at_s)
        if not self._show.grid.anchor.running:
            return []
        slept = not self._show.awake
        words = self._show.obey(command, word.beat)
        return words + self._begin(word.beat) if slept else words

    def _begin(self, beat: float) -> Words:
        """What was ready before the band woke is played at once."""
        return self._planner.commit(self._show.grid.next_tick(beat))

    def _track(self, event: NoteOn, at_s: float) -> Words:
        """Where nobody else leads, the band's beat goes with the musician's, if the set says so."""
        show = self._show
        if not self.band.follow_tempo or not show.is_free or self.band.channel(event.channel).role == "off":
            return []
        if not show.awake:
            self._tracker.begin(show.grid.anchor, at_s)
            return []
        heard = self._tracker.hear(show.grid.anchor, at_s)
        return [] if heard is None else [heard]
