"""The rolling buffer of one channel: its last n notes, each with the model's state after it.

A row's state is computed once and kept, so undoing a prediction is a step back and not a replay. A row without a
state is *unheard*: it waits for the model. A held note is heard as held, and again once its duration is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from bollylive import codec
from bollylive.predictor import Floats

_LONGEST_SILENCE_TICKS = 16 * codec.WAIT_TICKS  # after more than this, the voice begins afresh
_MOST_RESTS = 256  # a voice that waits for hours stays as small as one that plays


@dataclass(slots=True)
class Entry:
    """One row of the buffer: a note or a rest, the state after it, and when it says the next one comes."""

    tick: int
    pitch: int  # 0-127, or REST
    duration_ticks: int = 0  # 0 while held
    velocity: int = 0
    by_model: bool = False
    state: Floats | None = None  # [L, H]; None while unheard
    next_ticks: int | None = None  # None: a rest of WAIT_TICKS


class History:
    """The entries of one channel in order of (tick, pitch), never more than `notes` notes.

    The states remember between n and 2n notes: after 2n they are computed again from the last n, so that what the
    model knows is bounded by the buffer, as it was in training.
    """

    def __init__(self, notes: int, state_shape: tuple[int, int]) -> None:
        self.notes = notes
        self.entries: list[Entry] = []
        self._fresh: Floats = np.zeros(state_shape, dtype=np.float32)
        self._base, self._base_pitch, self._base_tick = self._fresh, codec.REST, 0
        self._heard = 0

    @property
    def last(self) -> Entry | None:
        """The newest entry."""
        return self.entries[-1] if self.entries else None

    def unheard(self) -> int | None:
        """The index of the first entry that the model has not heard."""
        return next((i for i, entry in enumerate(self.entries) if entry.state is None), None)

    def state_before(self, index: int) -> Floats:
        """The state [L, H] before an entry whose predecessors are all heard."""
        before = self.entries[index - 1].state if index else self._base
        assert before is not None, "the entries before were heard first"
        return before

    def previous_pitch(self, index: int) -> int:
        """The last pitch sounded before an entry, or REST."""
        return next((e.pitch for e in reversed(self.entries[:index]) if e.pitch != codec.REST), self._base_pitch)

    def notes_before(self, index: int, count: int) -> list[tuple[int, int]]:
        """The (tick, pitch) of the last `count` notes before an entry, oldest first."""
        sounded = ((e.tick, e.pitch) for e in reversed(self.entries[:index]) if e.pitch != codec.REST)
        return list(islice(sounded, count))[::-1]

    def row(self, index: int, instrument: int, cycle: int) -> codec.Rows:
        """An entry as the model's row [1, 9], with `next` to be chosen."""
        entry = self.entries[index]
        voice = codec.Voice(
            *(np.array([value]) for value in (entry.tick, entry.pitch, entry.duration_ticks, entry.velocity))
        )
        before = self.entries[index - 1].tick if index else self._base_tick
        since = entry.tick if entry.pitch == codec.REST else before
        previous = self.previous_pitch(index)
        return codec.encode(voice, since=since, previous=previous, instrument=instrument, origin=0, cycle=cycle)

    def question(self, tick: int, instrument: int, cycle: int) -> codec.Rows:
        """The row [1, 9] that asks for a note at `tick`; call `reach(tick)` first."""
        since, previous = self.entries[-1].tick, self.previous_pitch(len(self.entries))
        return codec.question(tick, since=since, previous=previous, instrument=instrument, origin=0, cycle=cycle)

    def reach(self, tick: int) -> None:
        """Fill the time up to `tick` with rests, so that a note can begin there."""
        if not self.entries or tick - self.entries[-1].tick > _LONGEST_SILENCE_TICKS:
            self.entries.append(Entry(tick - codec.TICKS_PER_BEAT, codec.REST))
        for rest in codec.rest_ticks(self.entries[-1].tick, tick):
            self.rest(rest)

    def rest(self, tick: int) -> None:
        """Add a rest at the end."""
        self.entries.append(Entry(tick, codec.REST))
        self._roll()

    def insert(self, note: Entry) -> None:
        """Add a note, usually at the end; what comes after it will be heard anew.

        One that is there already, or that is older than all of a full buffer, changes nothing.
        """
        self.reach(note.tick)
        index = len(self.entries)
        while index and (self.entries[index - 1].tick, self.entries[index - 1].pitch) > (note.tick, note.pitch):
            index -= 1
        twin = self.entries[index - 1] if index else None
        if twin and (twin.tick, twin.pitch) == (note.tick, note.pitch):
            return
        if index == 0 and len(self._sounded()) >= self.notes:
            return
        self.entries.insert(index, note)
        self._heard += note.state is not None
        self._forget_states(index + 1)
        self._roll()

    def close(self, tick: int, pitch: int, duration_ticks: int) -> None:
        """Give a held note its duration."""
        for index in range(len(self.entries) - 1, -1, -1):
            entry = self.entries[index]
            if (entry.tick, entry.pitch) == (tick, pitch):
                entry.duration_ticks = duration_ticks
                self._forget_states(index)
                return

    def withdraw(self, after_tick: int) -> bool:
        """Take back the model's own entries, and the rests, after a tick; False if there were none."""
        kept = [e for e in self.entries if e.tick <= after_tick or not (e.by_model or e.pitch == codec.REST)]
        gone = len(kept) < len(self.entries)
        self.entries = kept
        return gone

    def hear(self, index: int, state: Floats, next_ticks: int | None) -> None:
        """Keep the state after an entry, and when the next one comes."""
        self.entries[index].state, self.entries[index].next_ticks = state, next_ticks
        self._heard += 1

    def shift(self, ticks: int) -> None:
        """Move the whole buffer in time, when the beat jumps."""
        self._base_tick += ticks
        for entry in self.entries:
            entry.tick += ticks

    def _forget_states(self, index: int) -> None:
        for entry in self.entries[index:]:
            entry.state = None

    def _sounded(self) -> list[int]:
        return [i for i, entry in enumerate(self.entries) if entry.pitch != codec.REST]

    def _roll(self) -> None:
        sounded = self._sounded()
        extra = len(sounded) - self.notes
        cut = max(sounded[extra] if extra > 0 else 0, len(self.entries) - self.notes - _MOST_RESTS)
        if cut <= 0:
            return
        edge = self.entries[cut - 1]
        if edge.state is None or self._heard >= 2 * self.notes:
            first = Entry(self.entries[cut].tick - codec.TICKS_PER_BEAT, codec.REST)
            self._base, self._base_pitch, self._base_tick, self._heard = self._fresh, codec.REST, first.tick, 0
            self.entries[:cut] = [first]
            self._forget_states(0)
        else:
            self._base, self._base_pitch, self._base_tick = edge.state, self.previous_pitch(cut), edge.tick
            del self.entries[:cut]
