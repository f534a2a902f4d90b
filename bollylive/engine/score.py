"""Notes that are to be played as they stand, before the model chooses again: an answer that is kept, or begun alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bollylive.engine.history import Entry


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
