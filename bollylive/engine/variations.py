"""What the model has answered to one phrase of the musician's, so that another answer can follow, or an earlier one.

Ticks are those of the engine's grid. A take's notes are known once it is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bollylive.engine.history import Entry, History
from bollylive.engine.score import Score, copy_notes

_MOST_TAKES = 16


@dataclass(slots=True)
class Take:
    """One answer: where it began, its notes, as many as the buffer holds, and how long it was."""

    begin: int
    notes: list[Entry] = field(default_factory=list)
    ticks: int = 0

    def close(self, history: History, tick: int) -> None:
        """It ends here."""
        self.notes, self.ticks = history.model_notes(self.begin, tick), tick - self.begin

    def cut(self, first: int, end: int) -> Take:
        """A piece of it, from so many ticks after its beginning to before so many."""
        since, until = self.begin + first, self.begin + end
        return Take(since, [note for note in self.notes if since <= note.tick < until], end - first)

    def at(self, tick: int) -> Take:
        """The same at another tick."""
        return Take(tick, copy_notes(self.notes, tick - self.begin), self.ticks)

    def score(self) -> Score:
        """Its notes to be played once more, where they stand; after it the model chooses."""
        return Score(self.notes, self.begin + self.ticks)


class Answers:
    """The answers of one channel to one phrase. Owned by the engine.

    `begin` is where the model took over, and `current` the take that plays, or played last. With `length` a take
    lasts so many ticks; with `at_bar` its first note falls on its beginning.
    """

    def __init__(self, history: History, begin: int, length: int | None, at_bar: bool) -> None:
        """`history` is the buffer as it was before the answer; it is kept."""
        self.begin, self.length, self.at_bar = begin, length, at_bar
        self.current = Take(begin)
        self._takes = [self.current]
        self._history = history

    def phrase_at(self, tick: int) -> History:
        """The buffer as it was before the answer, moved so that an answer at a tick comes as the first one did."""
        history = self._history.branch()
        history.shift(tick - self.begin)
        return history

    def start(self, tick: int) -> None:
        """A new take begins at a tick."""
        self.current = Take(tick)
        self._takes = [*self._takes, self.current][-_MOST_TAKES:]

    def go_back(self, tick: int) -> Take:
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
