"""What the model has answered to one phrase of the musician's, so that another answer can follow, or an earlier one.

Ticks are those of the engine's grid. A take's notes are known once it is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bollylive.history import Entry, History

MOST_TAKES = 16


def copy_notes(notes: Iterable[Entry], ticks: int) -> list[Entry]:
    """The same notes so many ticks later, which no model has heard."""
    return [replace(note, tick=note.tick + ticks, asked=False, state=None) for note in notes]


@dataclass(slots=True)
class Take:
    """One answer: where it began, and its notes."""

    begin: int
    notes: list[Entry] = field(default_factory=list)  # as many as the buffer holds

    def at(self, tick: int, until: int | None = None) -> list[Entry]:
        """The notes as they are to be played again from a tick on; those before `until`, where one is given."""
        notes = copy_notes(self.notes, tick - self.begin)
        return [note for note in notes if until is None or note.tick < until]


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
        self._takes = [*self._takes, self.current][-MOST_TAKES:]

    def go_back(self, tick: int) -> list[Entry]:
        """The notes of the take before the current one, which from a tick on is the current one again."""
        index = max(0, next(i for i, take in enumerate(self._takes) if take is self.current) - 1)
        notes = self._takes[index].at(tick)
        self.current = self._takes[index] = Take(tick)
        return notes

    def shift(self, ticks: int) -> None:
        """Follow the grid when it moves."""
        self.begin += ticks
        self._history.shift(ticks)
        for take in self._takes:
            take.begin += ticks
            take.notes = copy_notes(take.notes, ticks)
