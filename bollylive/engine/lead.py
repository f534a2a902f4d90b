"""The lead: the pitched notes that the musician has played tonight, as far back as the conductor looks."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bollylive.engine.band_notes import BandNotes
from bollylive.model.chord_predictor import LeadSteps
from bollylive.model.lead_steps import lead_steps

_MOST_NOTES: Final = 4096
_MOST_TICKS: Final = int(np.iinfo(np.int64).max) // 2
_LATEST: Final = 64  # nobody holds a note that so many others have followed
_ONSET, _END, _PITCH = range(3)


class Lead:
    """The musician's newest 4096 pitched notes, in ticks, as of the last `listen`. Owned by the engine.

    `BandNotes` forgets them sooner, because it keeps the whole band's.
    """

    def __init__(self, band_notes: BandNotes) -> None:
        self._band_notes = band_notes
        self._notes: NDArray[np.int64] = np.empty((3, 0), dtype=np.int64)

    @property
    def first_tick(self) -> int | None:
        """Where the oldest note begins; None before the first."""
        return int(self._notes[_ONSET, 0]) if self._notes.shape[1] else None

    def listen(self, tick: int) -> None:
        """Take in what the musician has played up to a tick, and which of their notes have ended."""
        kept = self._notes.shape[1]
        if kept:
            lately = self._notes[:, -_LATEST:]
            held = np.flatnonzero(lately[_END] > tick)
            since = lately[_ONSET, held[0] if len(held) else -1]
            kept = int(np.searchsorted(self._notes[_ONSET], since))
        fresh = self._band_notes.lead(int(self._notes[_ONSET, kept]) if kept < self._notes.shape[1] else -_MOST_TICKS)
        self._notes = np.concatenate((self._notes[:, :kept], fresh), axis=1)[:, -_MOST_NOTES:]

    def silent_since(self, tick: int) -> int | None:
        """When the lead fell silent, if it is at a tick; None while it sounds, and before its first note."""
        lately = self._notes[:, -_LATEST:]
        newest = lately[_END, lately[_ONSET] <= tick].max(initial=-_MOST_TICKS)
        return int(newest) if -_MOST_TICKS < newest <= tick else None

    def held(self, tick: int) -> list[tuple[int, int]]:
        """The (onset tick, pitch) of what sounds at a tick."""
        lately = self._notes[:, -_LATEST:]
        sounds = (lately[_ONSET] <= tick) & (tick < lately[_END])
        return [(int(onset), int(pitch)) for onset, _, pitch in lately[:, sounds].T]

    def steps(self, first_tick: int, count: int, step_ticks: int, heard_until: int) -> LeadSteps:
        """The lead of `count` steps from a tick on, as heard before `heard_until`; a held note sounds until then.

        Notes that begin at `heard_until` or later are left out.
        """
        onsets, pitches = self._notes[_ONSET], self._notes[_PITCH]
        ends = np.minimum(self._notes[_END], heard_until)
        known = (ends > first_tick) & (onsets < heard_until)
        return lead_steps(onsets[known] - first_tick, ends[known] - first_tick, pitches[known], 0, count, step_ticks)
