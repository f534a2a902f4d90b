"""Little melodies for the tests of the arranger, as songs of one voice."""

from __future__ import annotations

import numpy as np

from training.data.corpus import Song

_BEAT = 24
# Two phrases in C major that end at home, long notes where bars begin: (beats, pitch).
_KEHERWA = (
    *((2.0, 60), (0.5, 62), (0.5, 64), (1.0, 65), (3.0, 67), (1.0, 65), (2.0, 64), (1.0, 60), (1.0, 64), (4.0, 62)),
    *((2.0, 64), (0.5, 65), (0.5, 67), (1.0, 69), (3.0, 67), (1.0, 64), (2.0, 62), (1.0, 64), (1.0, 59), (4.0, 60)),
)
_DADRA = (
    *((1.5, 60), (0.5, 62), (1.0, 64), (3.0, 67), (1.5, 69), (0.5, 67), (1.0, 65), (3.0, 64)),
    *((1.5, 62), (0.5, 64), (1.0, 65), (3.0, 62), (1.5, 59), (0.5, 60), (1.0, 62), (3.0, 60)),
)


def make_song(steps: tuple[tuple[float, int], ...], *, times: int = 2, transpose: int = 0, valid: bool = False) -> Song:
    """A song of one flute that plays steps (beats, pitch) one after the other, some times over."""
    rows, tick = [], 0
    for beats, pitch in steps * times:
        rows.append((tick, round(beats * _BEAT), pitch + transpose, 100, 0))
        tick += round(beats * _BEAT)
    notes = np.array(rows, dtype=np.int32)
    return Song("tune.mid", "tune", valid, notes, np.array([73], dtype=np.int16), np.array([[0, 96]], dtype=np.int32))


def keherwa_song(*, transpose: int = 0, valid: bool = False) -> Song:
    """A tune in four beats."""
    return make_song(_KEHERWA, transpose=transpose, valid=valid)


def dadra_song(*, transpose: int = 0) -> Song:
    """A tune in three beats."""
    return make_song(_DADRA, transpose=transpose)
