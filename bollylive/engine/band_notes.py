"""The recent and planned notes of all channels, from which each part's context is computed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bollylive.engine.history import Entry
from bollylive.engine.waves import is_foundation
from bollylive.model.codec import PERCUSSION
from bollylive.model.context import FOUNDATION, MUSICIAN, Floats, NoteArrays, hear

_STILL_HELD = np.iinfo(np.int64).max // 2
_MOST_NOTES = 4096

_ONSET, _END, _PITCH, _VELOCITY, _CHANNEL, _RANK, _PERCUSSION = range(7)


class BandNotes:
    """The newest 4096 notes of all channels, in ticks. Owned by the engine alone.

    They lie in order of onset in an array with a row for each field. It has room for as many again, so that a note that
    comes last, as most do, moves no other.
    """

    def __init__(self) -> None:
        self._table: NDArray[np.int64] = np.empty((7, 2 * _MOST_NOTES), dtype=np.int64)
        self._first = self._end = 0

    @property
    def _notes(self) -> NDArray[np.int64]:
        return self._table[:, self._first : self._end]

    def add(self, channel: int, instrument: int, note: Entry) -> None:
        """Add a note of a channel; a duration of 0 means that it is still held."""
        self._make_room()
        end = note.tick + note.duration_ticks if note.duration_ticks else _STILL_HELD
        rank = MUSICIAN if not note.by_model else FOUNDATION if is_foundation(instrument) else channel
        place = self._first + self._after(note.tick)
        self._table[:, place + 1 : self._end + 1] = self._table[:, place : self._end]
        self._table[:, place] = note.tick, end, note.pitch, note.velocity, channel, rank, instrument == PERCUSSION
        self._end += 1

    def close(self, channel: int, tick: int, pitch: int, duration_ticks: int) -> None:
        """End a held note, or one that ends earlier than it was planned."""
        notes = self._notes
        same = (notes[_CHANNEL] == channel) & (notes[_ONSET] == tick) & (notes[_PITCH] == pitch)
        notes[_END, same] = tick + duration_ticks

    def withdraw(self, channel: int, after_tick: int) -> None:
        """Remove the model's notes of a channel that begin after a tick."""
        notes = self._notes
        later = self._after(after_tick)
        stays = (notes[_RANK, later:] == MUSICIAN) | (notes[_CHANNEL, later:] != channel)
        kept = notes[:, later:][:, stays]
        self._end = self._first + later + kept.shape[1]
        self._table[:, self._first + later : self._end] = kept

    def lead(self, since_tick: int) -> NDArray[np.int64]:
        """The musician's pitched notes that begin at a tick or later: int64 [3, N] of onset, end and pitch, in ticks.

        A note that is still held ends beyond any tick.
        """
        notes = self._notes[:, self._after(since_tick - 1) :]
        return notes[_ONSET : _PITCH + 1, _is_pitch_of_musician(notes)]

    def musician_pitches(self, tick: int) -> set[int]:
        """The pitches of the musician's that sound at a tick, on all channels; a note that is held lasts for ever."""
        notes = self._notes[:, : self._after(tick)]
        return {pitch for pitch, end in notes[:, _is_pitch_of_musician(notes)][[_PITCH, _END]].T.tolist() if end > tick}

    def musician_onsets(self, after_tick: int) -> list[tuple[int, int]]:
        """The (tick, pitch) of the musician's notes that begin after a tick, on all channels, in order of time."""
        return [(tick, pitch) for tick, _, pitch in self.lead(after_tick + 1).T.tolist()]

    def context(self, channels: list[int], ticks: list[int]) -> Floats:
        """Return what each (channel, tick) hears of the other channels: float32 [Q, C], as in `model.context`."""
        notes = self._notes
        band = NoteArrays(
            notes[_ONSET],
            notes[_END],
            notes[_PITCH],
            notes[_VELOCITY],
            notes[_CHANNEL],
            notes[_RANK],
            notes[_PERCUSSION] == 1,
            np.zeros(notes.shape[1], dtype=np.int64),
        )
        return hear(band.between(min(ticks), max(ticks)), np.array(channels), np.array(ticks))

    def _after(self, tick: int) -> int:
        """The number of the first note that begins after a tick."""
        return int(np.searchsorted(self._notes[_ONSET], tick, side="right"))

    def _make_room(self) -> None:
        """Forget the oldest note where there are too many, and move all to the front where the array is full."""
        self._first = max(self._first, self._end - _MOST_NOTES + 1)
        if self._end == self._table.shape[1]:
            notes = self._notes
            self._first, self._end = 0, notes.shape[1]
            self._table[:, : self._end] = notes


def _is_pitch_of_musician(notes: NDArray[np.int64]) -> NDArray[np.bool_]:
    is_pitch: NDArray[np.bool_] = (notes[_RANK] == MUSICIAN) & (notes[_PERCUSSION] == 0)
    return is_pitch
