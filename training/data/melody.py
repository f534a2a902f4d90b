"""Which voice of a song has the melody: the one rule that training, measuring, listening and arranging use."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from training.data.corpus import DURATION, ONSET, PITCH, VOICE


def find_melody(
    notes: NDArray[np.int32],
    candidates: Iterable[int],
    *,
    largest_chord: float = math.inf,
    chord_semitones: float = 0.0,
    by_duration: bool = False,
) -> int | None:
    """Find the highest of some voices by its mean pitch; None if there is none with notes.

    `notes` are int32 [N, 5], see `corpus.Song`. A voice that plays more than `largest_chord` notes at one onset on
    average cannot have the melody, and each note more than one counts `chord_semitones` against it. The mean pitch is
    over notes or, with `by_duration`, over time. The rule is the skyline for whole voices (Uitdenbogerd and Zobel,
    "Manipulation of music for melody matching", 1998). The first of equals is taken.
    """
    best: tuple[float, int] | None = None
    for voice in candidates:
        own = notes[notes[:, VOICE] == voice]
        if not len(own):
            continue
        chord = len(own) / len(np.unique(own[:, ONSET]))
        weights = own[:, DURATION] if by_duration else None
        height = float(np.average(own[:, PITCH], weights=weights)) - chord_semitones * (chord - 1)
        if chord <= largest_chord and (best is None or height > best[0]):
            best = height, voice
    return best[1] if best else None


def busiest_voice(notes: NDArray[np.int32]) -> int:
    """The voice with the most notes; in a corpus of melodies, where nearly every song has one voice, the melody."""
    return int(np.bincount(notes[:, VOICE]).argmax())
