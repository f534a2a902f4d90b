"""Songs of random melodies, made in memory: for the tests of works and of what they resemble."""

from __future__ import annotations

import random

import numpy as np

from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from training.data.corpus import Song

_FLUTE = 73


def tune(seed: int, length: int = 40) -> list[int]:
    """Pitches that no other seed has."""
    rng = random.Random(seed)
    return [60 + rng.randrange(24) for _ in range(length)]


def melody_song(
    *voices: list[int], name: str = "song.mid", work: str = "", valid: bool = False, ticks: int = TICKS_PER_BEAT
) -> Song:
    """A song of voices of one note every `ticks`; its work is its name unless given."""
    rows = [
        (i * ticks, ticks, pitch, 80, voice) for voice, pitches in enumerate(voices) for i, pitch in enumerate(pitches)
    ]
    return _song(sorted(rows), [_FLUTE] * len(voices), name, work, valid)


def drum_song(hits: list[int], step: int = 6) -> Song:
    """A song of drums alone, a hit every `step` ticks."""
    return _song([(i * step, 1, hit, 80, 0) for i, hit in enumerate(hits)], [PERCUSSION], "drums.mid", "", False)


def _song(rows: list[tuple[int, ...]], instruments: list[int], name: str, work: str, valid: bool) -> Song:
    bars = np.array([(0, 4 * TICKS_PER_BEAT)], dtype=np.int32)
    notes = np.array(rows, dtype=np.int32).reshape(-1, 5)
    return Song(name, work or name, valid, notes, np.array(instruments, dtype=np.int16), bars)
