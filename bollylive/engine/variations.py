"""The model's answers to one phrase of the musician's, so that another variation, or an earlier one, can follow.

All ticks are those of the engine's grid. A variation's notes are known once it is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bollylive.engine.history import Entry, History

_MOST_VARIATIONS = 16


def copy_notes(notes: Iterable[Entry], ticks: int) -> list[Entry]:
    """Copies of the notes, `ticks` later; they count as neither played nor processed by the model yet."""
    return [replace(note, tick=note.tick + ticks, played_velocity=0, queried=False, state=None) for note in notes]


class NoteQueue:
    """Notes to be played as they are, in order of time; the queue is false if it is empty.

    The model chooses again from `then_tick` on at the earliest; None: at any time.
    """

    def __init__(self, notes: Iterable[Entry] = (), then_tick: int | None = None) -> None:
        """The notes are copied."""
        self.then_tick = then_tick
        self._notes = copy_notes(notes, 0)

    def __bool__(self) -> bool:
        """Whether a note is left."""
        return bool(self._notes)

    @property
    def next_tick(self) -> int | None:
        """Where the next note stands; after the last, where the model may choose again."""
        return self._notes[0].tick if self._notes else self.then_tick

    def pop(self, earliest_tick: int, until_tick: int) -> list[Entry]:
        """Take out the notes up to a tick, and return those that are not overdue."""
        ready = [note for note in self._notes if note.tick <= until_tick]
        self._notes = self._notes[len(ready) :]
        return [note for note in ready if note.tick >= earliest_tick]


@dataclass(slots=True)
class Variation:
    """One of the model's answers: where it began, its notes, as many as the buffer holds, and how long it was."""

    begin: int
    notes: list[Entry] = field(default_factory=list)
    ticks: int = 0

    def close(self, history: History, tick: int) -> None:
        """End the variation at a tick."""
        self.notes, self.ticks = history.model_notes(self.begin, tick), tick - self.begin

    def cut(self, first: int, end: int) -> Variation:
        """Return a piece: from `first` ticks after its beginning up to, but not including, `end` ticks after it."""
        since, until = self.begin + first, self.begin + end
        return Variation(since, [note for note in self.notes if since <= note.tick < until], end - first)

    def at(self, tick: int) -> Variation:
        """The same at another tick."""
        return Variation(tick, copy_notes(self.notes, tick - self.begin), self.ticks)

    def queue(self) -> NoteQueue:
        """Its notes, to be played once more where they stand; after it the model chooses."""
        return NoteQueue(self.notes, self.begin + self.ticks)


class Variations:
    """The model's answers to one phrase on one channel. Owned by the engine.

    `begin` is where the model took over, and `current` the variation that plays, or played last. `length` is how many
    ticks a variation lasts; with `at_bar` its first note falls on its beginning.
    """

    def __init__(self, history: History, begin: int, length: int | None, at_bar: bool) -> None:
        """`history` is the buffer as it was before the answer; it is kept."""
        self.begin, self.length, self.at_bar = begin, length, at_bar
        self.current = Variation(begin)
        self._variations = [self.current]
        self._history = history

    def phrase_at(self, tick: int) -> History:
        """The buffer as it was before the answer, moved so that an answer at this tick follows it as the first did."""
        return self._history.branch(tick - self.begin)

    def start(self, tick: int) -> None:
        """A new variation begins at a tick."""
        self.current = Variation(tick)
        self._variations = [*self._variations, self.current][-_MOST_VARIATIONS:]

    def go_back(self, tick: int) -> Variation:
        """Begin the variation before the current one again, at a tick; without one, the current."""
        current = next(i for i, variation in enumerate(self._variations) if variation is self.current)
        index = max(0, current - 1)
        self.current = self._variations[index] = self._variations[index].at(tick)
        return self.current


@dataclass(slots=True)
class Phrase:
    """The musician's newest phrase on one channel, what the model played to it, and what the musician wants next."""

    begin: int | None = None
    answers: Variations | None = None
    next_begin: int | None = None  # where what the musician has asked for begins
    next_command: str = ""  # which of `again`, `back`, `keep` and `vary` that is
    loop: Variation | None = None  # what is repeated until the musician plays
