"""The rolling buffer of one channel: its last n notes, each with the model's state after it.

A row's state is computed once and kept, so that a note can be withdrawn without computing everything again. Entries
without a state are processed with the next query. A held note is processed as held, and again once its duration is
known.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice, takewhile

import numpy as np

from bollylive.engine.grid import Bars
from bollylive.model import codec
from bollylive.model.predictor import Floats, Ints
from bollylive.model.row_cache import RowCache

_MOST_RESTS = 256  # a voice that waits for hours takes no more memory than one that plays


@dataclass(slots=True)
class Entry:
    """One row of the buffer: a note or a rest, the model's state after it, and when the model expects the next."""

    tick: int
    pitch: int  # 0-127, or REST
    duration_ticks: int = 0  # 0 while held
    velocity: int = 0
    by_model: bool = False
    next_ticks: int | None = None  # None: a rest of WAIT_TICKS
    queried: bool = False  # the model has given `next_ticks`
    opens: bool = False  # the rest with which a voice begins; the model is never asked what follows it
    state: Floats | None = None  # [S, H]; None: the model has yet to process it
    played_velocity: int = 0  # with which a note of the model's sounds, once that is fixed; 0: not so far


class History:
    """The entries of one channel in order of (tick, pitch), never more than `notes` notes.

    The states remember between n and 2n notes: after that they are computed again from the last n, so that what the
    model knows is bounded by the buffer, as it was in training.
    """

    def __init__(self, notes: int, state_shape: tuple[int, int]) -> None:
        self.notes = notes
        self.entries: list[Entry] = []
        self._fresh: Floats = np.zeros(state_shape, dtype=np.float32)
        self._base, self._base_pitch, self._base_tick = self._fresh, codec.REST, 0
        self._base_rows = 0  # how many rows the state before the first entry has processed
        self._row_cache = RowCache()
        self._gone_rows = 0  # how many of the cached rows are of entries that have left the buffer

    @property
    def last(self) -> Entry | None:
        """The newest entry."""
        return self.entries[-1] if self.entries else None

    @property
    def since(self) -> int:
        """The tick of the oldest entry; 0 without any."""
        return self.entries[0].tick if self.entries else 0

    @property
    def needs_query(self) -> bool:
        """Whether the model has yet to say what comes after the newest entry."""
        return bool(self.entries) and not self.entries[-1].queried

    def first_unprocessed(self, index: int) -> int:
        """The first entry that the model must process before a query about entry `index`; always an earlier one."""
        first = index  # an entry without a state has none with a state after it
        while first and self.entries[first - 1].state is None:
            first -= 1
        return min(first, index - 1)

    def state_before(self, index: int) -> Floats:
        """The state [S, H] before an entry whose predecessors the model has processed."""
        before = self.entries[index - 1].state if index else self._base
        assert before is not None, "the entries before were processed first"
        return before

    def previous_pitch(self, index: int) -> int:
        """The last pitch sounded before an entry, or REST."""
        return next((e.pitch for e in reversed(self.entries[:index]) if e.pitch != codec.REST), self._base_pitch)

    def newest_pitches(self) -> Iterator[int]:
        """The pitches of the notes, from the newest back."""
        return (entry.pitch for entry in reversed(self.entries) if entry.pitch != codec.REST)

    def notes_before(self, index: int, count: int) -> list[tuple[int, int]]:
        """The (tick, pitch) of the last `count` notes before an entry, oldest first."""
        sounded = ((e.tick, e.pitch) for e in reversed(self.entries[:index]) if e.pitch != codec.REST)
        return list(islice(sounded, count))[::-1]

    def model_notes(self, since: int, until: int) -> list[Entry]:
        """The model's notes from a tick to before another."""
        return [e for e in self.entries if e.by_model and e.pitch != codec.REST and since <= e.tick < until]

    def sounding_at(self, tick: int) -> int:
        """How many notes begin at a tick."""
        lately = takewhile(lambda entry: entry.tick >= tick, reversed(self.entries))
        return sum(entry.tick == tick and entry.pitch != codec.REST for entry in lately)

    def lasting(self, tick: int) -> list[Entry]:
        """The notes that have begun by a tick and last beyond it, from low to high; striking a pitch again ends it."""
        newest = {entry.pitch: entry for entry in self.entries if entry.pitch != codec.REST and entry.tick <= tick}
        lasting = (e for e in newest.values() if not e.duration_ticks or e.tick + e.duration_ticks > tick)
        return sorted(lasting, key=lambda entry: entry.pitch)

    def highest_at(self, tick: int) -> int | None:
        """The highest pitch that begins at a tick; None: none does."""
        lately = takewhile(lambda entry: entry.tick >= tick, reversed(self.entries))
        return max((e.pitch for e in lately if e.tick == tick and e.pitch != codec.REST), default=None)

    def onsets(self, since: int, until: int) -> list[int]:
        """The ticks at which something begins, from a tick to before another, ascending."""
        lately = takewhile(lambda entry: entry.tick >= since, reversed(self.entries))
        return sorted({entry.tick for entry in lately if entry.tick < until and entry.pitch != codec.REST})

    def silence_at(self, tick: int) -> int:
        """How long the channel has been silent at a tick, as far as is known; 0 if nothing has sounded yet."""
        ends = [entry.tick + entry.duration_ticks for entry in self.entries if entry.pitch != codec.REST]
        return max(0, tick - max(ends)) if ends else 0

    def rows(self, end: int, instrument: int, bars: Bars, new_tick: int | None = None) -> tuple[codec.Rows, Ints]:
        """The first `end` entries as rows [T, F] and their ticks [T], the last row's `next` to be chosen.

        With `new_tick`, a row follows for a note to be chosen there; call `reach` first. `bars` are those that
        the model knows. Rows are encoded once.
        """
        self._row_cache.drop_first(self._gone_rows)
        self._gone_rows = 0
        known = self._row_cache.count(end, instrument, *bars)
        entries = self.entries[known:end]
        if new_tick is not None:
            entries.append(Entry(new_tick, 0, 1, 1))
        columns = [(entry.tick, entry.pitch, entry.duration_ticks, entry.velocity) for entry in entries]
        voice = codec.Voice(*np.array(columns, dtype=np.int64).reshape(-1, 4).T)
        before_first = self.entries[0].tick if self.entries[0].pitch == codec.REST else self._base_tick
        since, previous = self.entries[known - 1].tick if known else before_first, self.previous_pitch(known)
        return self._row_cache.extend(known, voice, since, previous, for_new_note=new_tick is not None)

    def reach(self, tick: int) -> None:
        """Fill the time up to `tick` with rests, so that a note can begin there."""
        if not self.entries or tick - self.entries[-1].tick > codec.LONGEST_SILENCE_TICKS:
            self.entries.append(_opening(tick))
        if tick - self.entries[-1].tick > codec.WAIT_TICKS:
            for rest in codec.rest_ticks(self.entries[-1].tick, tick):
                self.rest(rest)

    def rest(self, tick: int) -> None:
        """Add a rest at the end."""
        self.entries.append(Entry(tick, codec.REST))
        self._roll()

    def insert(self, note: Entry) -> None:
        """Add a note, usually at the end; the entries after it will be processed again.

        A note that is already there, or older than the whole buffer, changes nothing.
        """
        self.reach(note.tick)
        index = len(self.entries)
        while index and (self.entries[index - 1].tick, self.entries[index - 1].pitch) > (note.tick, note.pitch):
            index -= 1
        twin = self.entries[index - 1]
        if index == 0 or (twin.tick, twin.pitch) == (note.tick, note.pitch):
            return
        if index < len(self.entries):
            self._forget(index)
        self.entries.insert(index, note)
        self._roll()

    def close(self, tick: int, pitch: int, duration_ticks: int) -> None:
        """Give a note its duration: it was held, or it ends earlier than it was planned."""
        for index in range(len(self.entries) - 1, -1, -1):
            entry = self.entries[index]
            if (entry.tick, entry.pitch) == (tick, pitch):
                entry.duration_ticks = duration_ticks
                self._forget(index)
                return

    def withdraw(self, after_tick: int) -> bool:
        """Remove the model's own entries, and the rests, after a tick; return False if there were none."""
        before = len(self.entries)
        count = sum(entry.tick <= after_tick for entry in self.entries)
        later = [entry for entry in self.entries[count:] if not (entry.by_model or entry.pitch == codec.REST)]
        if count + len(later) == before:
            return False
        self._forget(count)
        del self.entries[count:]
        if count == 1 and not self.entries[0].opens:  # a query about a note needs a row before it
            self._row_cache.truncate(self._gone_rows)
            self.entries[0].state = None  # it follows the opening now
            self.entries.insert(0, _opening(self.entries[0].tick))
        for note in later:
            self.insert(note)
        return True

    def store_states(self, first: int, states: Floats) -> None:
        """Store the states [T, S, H] after the entries from number `first` on."""
        for entry, state in zip(self.entries[first:], states, strict=False):
            entry.state = state

    def store_next(self, index: int, next_ticks: int | None) -> None:
        """Store the predicted ticks from entry `index` to the next onset; None: a rest of WAIT_TICKS."""
        self.entries[index].next_ticks, self.entries[index].queried = next_ticks, True

    def branch(self, ticks: int = 0) -> History:
        """An independent copy, so many ticks later."""
        other = copy(self)
        other.entries = [replace(entry, tick=entry.tick + ticks, played_velocity=0) for entry in self.entries]
        other._base_tick += ticks
        other._row_cache, other._gone_rows = RowCache(), 0  # places in the bar are others there
        return other

    def _forget(self, index: int) -> None:
        """Note that the entries from a number on have changed: their states, predictions and rows are not valid."""
        for entry in self.entries[index:]:
            entry.state, entry.queried = None, entry.opens
        self._row_cache.truncate(self._gone_rows + index)

    def _roll(self) -> None:
        sounded = [i for i, entry in enumerate(self.entries) if entry.pitch != codec.REST]
        extra = len(sounded) - self.notes
        cut = max(sounded[extra] if extra > 0 else 0, len(self.entries) - self.notes - _MOST_RESTS)
        if cut <= 0:
            return
        edge = self.entries[cut - 1]
        if edge.state is None or self._base_rows + cut > self.notes:
            first = _opening(self.entries[cut].tick)
            self._base, self._base_pitch, self._base_tick, self._base_rows = self._fresh, codec.REST, first.tick, 0
            self.entries[:cut] = [first]
            self._forget(0)
        else:
            self._base, self._base_pitch, self._base_tick = edge.state, self.previous_pitch(cut), edge.tick
            self._base_rows += cut
            del self.entries[:cut]
            self._gone_rows += cut


def _opening(tick: int) -> Entry:
    """The rest with which a voice begins a beat before its first note, as in training."""
    ahead = codec.OPENING_REST_TICKS
    return Entry(tick - ahead, codec.REST, next_ticks=ahead, queried=True, opens=True)
