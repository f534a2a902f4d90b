"""The recent and planned notes of all channels, from which each part's context is computed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bollylive.engine.history import Entry
from bollylive.model.codec import PERCUSSION
from bollylive.model.context import MUSICIAN, Floats, NoteArrays, hear

_STILL_HELD = np.iinfo(np.int64).max // 2
_MOST_NOTES = 4096

_ONSET, _END, _PITCH, _VELOCITY, _CHANNEL, _RANK, _PERCUSSION = range(7)


class BandNotes:
    """The newest 4096 notes of all channels, in ticks. Owned by the engine alone."""

    def __init__(self) -> None:
        self._notes: NDArray[np.int64] = np.empty((0, 7), dtype=np.int64)

    def add(self, channel: int, instrument: int, note: Entry) -> None:
        """Add a note of a channel; a duration of 0 means that it is still held."""
        end = note.tick + note.duration_ticks if note.duration_ticks else _STILL_HELD
        rank = channel if note.by_model else MUSICIAN
        row = (note.tick, end, note.pitch, note.velocity, channel, rank, instrument == PERCUSSION)
        place = int(np.searchsorted(self._notes[:, _ONSET], note.tick, side="right"))
        self._notes = np.insert(self._notes, place, row, axis=0)[-_MOST_NOTES:]

    def close(self, channel: int, tick: int, pitch: int, duration_ticks: int) -> None:
        """End a held note."""
        same = (self._notes[:, (_CHANNEL, _ONSET, _PITCH)] == (channel, tick, pitch)).all(axis=1)
        self._notes[same, _END] = tick + duration_ticks

    def withdraw(self, channel: int, after_tick: int) -> None:
        """Remove the model's notes of a channel that begin after a tick."""
        gone = (self._notes[:, _RANK] == channel) & (self._notes[:, _ONSET] > after_tick)
        self._notes = self._notes[~gone]

    def context(self, channels: list[int], ticks: list[int]) -> Floats:
        """Return what each (channel, tick) hears of the other channels: float32 [Q, C], as in `model.context`."""
        notes = self._notes
        band = NoteArrays(
            notes[:, _ONSET],
            notes[:, _END],
            notes[:, _PITCH],
            notes[:, _VELOCITY],
            notes[:, _CHANNEL],
            notes[:, _RANK],
            notes[:, _PERCUSSION] == 1,
            np.zeros(len(notes), dtype=np.int64),
        )
        return hear(band.between(min(ticks), max(ticks)), np.array(channels), np.array(ticks))
