"""Takes made of notes, for the judge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.judging.take import Kind, Notes, Role, Take, Voice, joined

Note = tuple[float, float, int] | tuple[float, float, int, int]  # onset, duration in beats; pitch; velocity, or 80

KIND_OF: dict[Role, Kind] = {"lead": "winds", "bass": "bass", "drums": "drums", "other": "keys"}


def notes_of(notes: Sequence[Note]) -> Notes:
    return joined([np.array([[*note, 80][:4] for note in notes], dtype=np.float64).reshape(-1, 4)])


def voice(role: Role, notes: Sequence[Note], name: str = "", kind: Kind | None = None) -> Voice:
    return Voice(name or role, kind or KIND_OF[role], role, notes_of(notes))


def take(*voices: Voice, bars: int, bar_beats: float = 4.0, tempo_bpm: float = 120.0) -> Take:
    return Take("take", voices, bar_beats, bars, tempo_bpm)


def chords(*roots: int, beats: float = 2.0, steps: tuple[int, ...] = (0, 4, 7)) -> list[Note]:
    """Chords of so many beats each, one after another: major triads above middle C."""
    return [(i * beats, beats, 60 + root + step) for i, root in enumerate(roots) for step in steps]
