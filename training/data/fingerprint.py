"""What of a song's voices stays when it is played in another key, at another tempo, in another rhythm.

A voice becomes the set of its n-grams of intervals (as in Downie 1999, "Evaluating a Simple Approach to Music
Information Retrieval"); a song of drums alone has n-grams of hits instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from training.data.corpus import ONSET, PITCH, VOICE, Song

_INTERVALS = 8
_FEWEST_DIFFERENT = 4  # pitches, and intervals: scales, trills and broken chords are everybody's
_HITS = 16
_FEWEST_HITS_DIFFERENT = 3
_STEP_TICKS = TICKS_PER_BEAT // 4
_MOST_STEPS = 63

# Knuth's linear congruential generator (MMIX), and a mixing step of SplitMix64 (Steele et al. 2014).
_FACTOR, _TERM, _MIX = np.uint64(6364136223846793005), np.uint64(1442695040888963407), np.uint64(0xBF58476D1CE4E5B9)

Words = NDArray[np.int16]


@dataclass(frozen=True)
class Fingerprint:
    """The n-grams of a song's voices, sorted, each once in a voice: arrays of equal length."""

    voice: NDArray[np.int64]
    gram: NDArray[np.uint64]  # a hash


def fingerprint(song: Song) -> Fingerprint:
    """The fingerprint of a song; of its drums only where there is nothing else."""
    pitched = song.notes[song.instruments[song.notes[:, VOICE]] != PERCUSSION]
    voice, gram = _melody_grams(pitched) if len(pitched) else _drum_grams(song.notes)
    order = np.lexsort((gram, voice))
    voice, gram = voice[order], gram[order]
    first = np.ones(len(gram), dtype=np.bool_)
    first[1:] = (voice[1:] != voice[:-1]) | (gram[1:] != gram[:-1])
    return Fingerprint(voice[first], gram[first])


def _melody_grams(notes: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The intervals between each voice's highest notes, `_INTERVALS` at a time."""
    notes = notes[np.lexsort((-notes[:, PITCH], notes[:, ONSET], notes[:, VOICE]))]
    highest = np.ones(len(notes), dtype=np.bool_)
    highest[1:] = (np.diff(notes[:, ONSET]) != 0) | (np.diff(notes[:, VOICE]) != 0)
    voice, pitch = notes[highest, VOICE].astype(np.int64), notes[highest, PITCH].astype(np.int16)
    pitches = _windows(pitch, _INTERVALS + 1)
    intervals = _windows(np.diff(pitch), _INTERVALS)
    last = voice[len(voice) - len(pitches) :]
    telling = last == voice[: len(pitches)]
    telling &= (_different(pitches) >= _FEWEST_DIFFERENT) & (_different(intervals) >= _FEWEST_DIFFERENT)
    return last[telling], _hash(intervals[telling])


def _drum_grams(notes: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Which drum is hit how many sixteenths after the hit before, `_HITS` at a time."""
    steps = np.minimum((np.diff(notes[:, ONSET]) + _STEP_TICKS // 2) // _STEP_TICKS, _MOST_STEPS)
    hits = _windows((notes[1:, PITCH] + 128 * steps).astype(np.int16), _HITS)
    gram = _hash(hits[_different(hits) >= _FEWEST_HITS_DIFFERENT])
    return np.zeros(len(gram), dtype=np.int64), gram


def _windows(values: Words, size: int) -> Words:
    """Every run of `size` values [N, size]."""
    if len(values) < size:
        return np.zeros((0, size), dtype=np.int16)
    return np.lib.stride_tricks.sliding_window_view(values, size)


def _different(rows: Words) -> Words:
    """How many different values each row has."""
    new: Words = (np.diff(np.sort(rows, axis=1), axis=1) != 0).sum(axis=1, dtype=np.int16)
    return new + np.int16(1)


def _hash(rows: Words) -> NDArray[np.uint64]:
    code = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        code = code * _FACTOR + column.astype(np.uint64) + _TERM
    code = (code ^ (code >> np.uint64(30))) * _MIX
    return code ^ (code >> np.uint64(32))
