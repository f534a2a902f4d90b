"""What the model has answered to one phrase of the musician's, so that another answer can follow, or an earlier one.

Ticks are those of the engine's grid. A take's notes are known once it is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bollylive.engine.history import Entry, History

_MOST_TAKES = 16


def copy_notes(notes: Iterable[Entry], ticks: int) -> list[Entry]:
    """The same notes so many ticks later, which no model has heard."""
    return [replace(note, tick=note.tick + ticks, asked=False, state=None) for note in notes]


class Score:
    """What is left to be read, in order of time; without a note it is false. Ticks are those of the engine's grid.

    The model chooses again from `then_tick` on, at the earliest; None: whenever it likes.
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

    def read(self, earliest_tick: int, until_tick: int) -> list[Entry]:
        """Take out the notes up to a tick, and give them; what is overdue is left out."""
        ready = [note for note in self._notes if note.tick <= until_tick]
        self._notes = self._notes[len(ready) :]
        return [note for note in ready if note.tick >= earliest_tick]

    def shift(self, ticks: int) -> None:
        """Follow the grid when it moves."""
        self._notes = copy_notes(self._notes, ticks)
        self.then_tick = None if self.then_tick is None else self.then_tick + ticks


@dataclass(slots=True)
class Variation:
    """One answer: where it began, its notes, as many as the buffer holds, and how long it was."""

    begin: int
    notes: list[Entry] = field(default_factory=list)
    ticks: int = 0

    def close(self, history: History, tick: int) -> None:
        """It ends here."""
        self.notes, self.ticks = history.model_notes(self.begin, tick), tick - self.begin

    def cut(self, first: int, end: int) -> Variation:
        """A piece of it, from so many ticks after its beginning to before so many."""
        since, until = self.begin + first, self.begin + end
        return Variation(since, [note for note in self.notes if since <= note.tick < until], end - first)

    def at(self, tick: int) -> Variation:
        """The same at another tick."""
        return Variation(tick, copy_notes(self.notes, tick - self.begin), self.ticks)

    def score(self) -> Score:
        """Its notes to be played once more, where they stand; after it the model chooses."""
        return Score(self.notes, self.begin + self.ticks)


class Variations:
    """The answers of one channel to one phrase. Owned by the engine.

    `begin` is where the model took over, and `current` the take that plays, or played last. With `length` a take
    lasts so many ticks; with `at_bar` its first note falls on its beginning.
    """

    def __init__(self, history: History, begin: int, length: int | None, at_bar: bool) -> None:
        """`history` is the buffer as it was before the answer; it is kept."""
        self.begin, self.length, self.at_bar = begin, length, at_bar
        self.current = Variation(begin)
        self._takes = [self.current]
        self._history = history

    def phrase_at(self, tick: int) -> History:
        """The buffer as it was before the answer, moved so that an answer at a tick comes as the first one did."""
        history = self._history.branch()
        history.shift(tick - self.begin)
        return history

    def start(self, tick: int) -> None:
        """A new take begins at a tick."""
        self.current = Variation(tick)
        self._takes = [*self._takes, self.current][-_MOST_TAKES:]

    def go_back(self, tick: int) -> Variation:
        """Take up the take before the current one again, at a tick; without one, the current."""
        index = max(0, next(i for i, take in enumerate(self._takes) if take is self.current) - 1)
        self.current = self._takes[index] = self._takes[index].at(tick)
        return self.current

    def shift(self, ticks: int) -> None:
        """Follow the grid when it moves."""
        self.begin += ticks
        self._history.shift(ticks)
        for take in self._takes:
            take.begin += ticks
            take.notes = copy_notes(take.notes, ticks)
