"""Whether the model plays a channel, and what it does there next."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from bollylive.engine.variations import NoteQueue
from bollylive.model import codec


class Step(Enum):
    """What the model does next on a channel that it plays."""

    NOTE = "it chooses a note at `due_tick`"
    REST = "it rests until `due_tick`, and then says what follows"
    QUEUED = "it plays the queued note at `due_tick`"
    UNKNOWN = "it has yet to process the newest entry of the buffer; until then `due_tick` is stale"


@dataclass(slots=True)
class Playing:
    """The model's turn on a channel; without it a part is silent or the musician's. All times in grid ticks."""

    begin_tick: int  # its first note is not before this
    due_tick: int
    step: Step = Step.NOTE
    until_tick: int | None = None  # nothing is planned from here on; None: the turn has no end yet
    patience_ticks: int = 0  # how long after its time the first note still gives way to the musician
    queue: NoteQueue = field(default_factory=NoteQueue)  # notes that are played before the model chooses its own

    @property
    def needs_model(self) -> bool:
        """Whether the next row is one that the model chooses, before the turn ends."""
        chooses = self.step in (Step.NOTE, Step.REST)
        return chooses and (self.until_tick is None or self.due_tick < self.until_tick)

    @property
    def next_queued_tick(self) -> int | None:
        """Where the next queued note stands, if there is one before the turn ends."""
        tick = self.queue.next_tick if self.step is Step.QUEUED else None
        return None if tick is None or (self.until_tick is not None and tick >= self.until_tick) else tick

    def enter(self, tick: int) -> None:
        """The next row is a note at `tick`."""
        self.begin_tick = self.due_tick = tick
        self.step, self.queue.then_tick = Step.NOTE, None

    def follow(self, tick: int, next_ticks: int | None) -> None:
        """Note that the next row is due `next_ticks` after the one at `tick`; None: it is a rest of WAIT_TICKS.

        After queued notes it is not due before `queue.then_tick`.
        """
        self.step = Step.REST if next_ticks is None else Step.NOTE
        self.due_tick = tick + (codec.WAIT_TICKS if next_ticks is None else next_ticks)
        then_tick, self.queue.then_tick = self.queue.then_tick, None
        if then_tick is not None and self.due_tick < then_tick:
            self.due_tick, self.step = then_tick, Step.NOTE

    def follow_queue(self, *, has_entries: bool) -> None:
        """Play the first queued note next; after the last, the model says when to play, if it has any entry to hear."""
        if self.queue.next_tick is not None:
            self.due_tick = self.queue.next_tick
        if self.queue:
            self.step = Step.QUEUED
        else:
            self.step = Step.UNKNOWN if has_entries else Step.NOTE

    def skip_ahead(self, earliest_tick: int) -> bool:
        """Move an overdue row by whole beats, so that it keeps its place in the beat; True if that row was a note.

        A voice that rests goes on resting, and decides afterwards when it plays again.
        """
        if self.step not in (Step.NOTE, Step.REST) or self.due_tick >= earliest_tick:
            return False
        late_beats = -(-(earliest_tick - self.due_tick) // codec.TICKS_PER_BEAT)
        self.due_tick += late_beats * codec.TICKS_PER_BEAT
        return self.step is Step.NOTE
