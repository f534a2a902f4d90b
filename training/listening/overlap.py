"""How alike two sets of music are, feature by feature: the overlapping area of their distributions.

After Yang and Lerch (2020), "On the evaluation of generative models in music": what counts is whether the features
of the generated music are distributed as those of the real one. Theirs is the overlap of smoothed distances between
pieces; here it is that of the features themselves: both sets' values are counted over all their notes (or onsets, or
bars), each histogram h is divided by its sum, and the overlap is the sum of min(h1, h2) over its bins: 1 for the same
distribution, 0 for two that share nothing.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec
from training.data.corpus import DURATION, ONSET, PITCH, VELOCITY, VOICE
from training.listening.excerpt import Notes, percussive

Histograms: TypeAlias = dict[str, NDArray[np.float64]]

# What is counted of each feature. Percussion has neither pitch, interval, duration nor polyphony.
FEATURES = {
    "pitch_class": "pitch classes above the tonic of the real song, by notes",
    "interval": "semitones from the highest note of one onset of a voice to that of its next, at most 24 either way",
    "place": "onsets by their tick in the beat, of 24",
    "grid_place": "onsets by the nearest sixteenth or triplet in the beat: what a band on the grid can reach",
    "duration": "durations, in the steps that the codec has",
    "velocity": "velocities, in the steps that the codec has",
    "density": "notes in a bar of a voice",
    "polyphony": "notes that sound at an onset, over all voices, at most 12",
}

_FURTHEST = 24
_GRID = np.array([0, 6, 8, 12, 16, 18, 24])  # the sixteenths and triplets of 24 ticks
_NEAREST = (
    np.array([_GRID[np.abs(_GRID - tick).argmin()] for tick in range(codec.TICKS_PER_BEAT)]) % codec.TICKS_PER_BEAT
)
_DENSITY_BORDERS = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32])  # the last is open
_MOST_SOUNDING = 12


def count(notes: Notes, channels: list[int], tonic: int, cycle: int, first_bar: int, last_bar: int) -> Histograms:
    """Count the features of the notes that begin in bars `first_bar` to before `last_bar`.

    `channels` are those that could play: one that is silent counts as bars of no notes.
    """
    bar = notes[:, ONSET] // cycle
    notes = notes[(bar >= first_bar) & (bar < last_bar) & np.isin(notes[:, VOICE], channels)]
    pitched = notes[~percussive(notes)]
    return {
        "pitch_class": _counts((pitched[:, PITCH] - tonic) % 12, 12),
        "interval": _intervals(pitched),
        "place": _counts(notes[:, ONSET] % codec.TICKS_PER_BEAT, codec.TICKS_PER_BEAT),
        "grid_place": _counts(_NEAREST[notes[:, ONSET] % codec.TICKS_PER_BEAT], codec.TICKS_PER_BEAT),
        "duration": _counts(np.searchsorted(codec.DURATION_BORDERS, pitched[:, DURATION]), codec.DURATIONS),
        "velocity": _counts(notes[:, VELOCITY] * codec.VELOCITIES // 128, codec.VELOCITIES),
        "density": _density(notes, channels, cycle, first_bar, last_bar),
        "polyphony": _counts(np.minimum(sounding_at_onsets(pitched), _MOST_SOUNDING), _MOST_SOUNDING + 1),
    }


def add(parts: list[Histograms]) -> Histograms:
    """The histograms of several pieces together."""
    return {feature: np.sum([part[feature] for part in parts], axis=0) for feature in FEATURES}


def overlap(one: Histograms, other: Histograms) -> dict[str, float | None]:
    """The overlapping area of each feature, 0-1; None where one side has nothing to count."""
    areas: dict[str, float | None] = {}
    for feature in FEATURES:
        sums = one[feature].sum(), other[feature].sum()
        shares = np.minimum(one[feature] / max(sums[0], 1), other[feature] / max(sums[1], 1))
        areas[feature] = float(shares.sum()) if min(sums) > 0 else None
    return areas


def tops(notes: Notes, channel: int) -> Notes:
    """The highest note of each onset of a channel."""
    own = notes[notes[:, VOICE] == channel]
    own = own[np.lexsort((own[:, PITCH], own[:, ONSET]))]
    last = np.append(np.diff(own[:, ONSET]) > 0, True)[: len(own)]
    return np.asarray(own[last])


def sounding_at_onsets(notes: Notes) -> NDArray[np.int64]:
    """How many notes sound at each onset, those that begin there among them."""
    onsets = np.unique(notes[:, ONSET])
    begun = np.searchsorted(np.sort(notes[:, ONSET]), onsets, side="right")
    ended = np.searchsorted(np.sort(notes[:, ONSET] + notes[:, DURATION]), onsets, side="right")
    return np.asarray(begun - ended, dtype=np.int64)


def notes_per_bar(notes: Notes, channels: list[int], cycle: int, first_bar: int, last_bar: int) -> NDArray[np.int64]:
    """The notes of each channel in each bar: [channels, bars]."""
    bars = last_bar - first_bar
    rows = [notes[notes[:, VOICE] == channel, ONSET] // cycle - first_bar for channel in channels]
    return np.array([np.bincount(row, minlength=bars)[:bars] for row in rows], dtype=np.int64).reshape(-1, bars)


def _density(notes: Notes, channels: list[int], cycle: int, first_bar: int, last_bar: int) -> NDArray[np.float64]:
    per_bar = notes_per_bar(notes, channels, cycle, first_bar, last_bar)
    return _counts(np.searchsorted(_DENSITY_BORDERS, per_bar.ravel(), side="right") - 1, len(_DENSITY_BORDERS))


def _intervals(pitched: Notes) -> NDArray[np.float64]:
    steps = [np.diff(tops(pitched, channel)[:, PITCH]) for channel in np.unique(pitched[:, VOICE])]
    every = np.concatenate([np.zeros(0, dtype=np.int32), *steps])
    return _counts(np.clip(every, -_FURTHEST, _FURTHEST) + _FURTHEST, 2 * _FURTHEST + 1)


def _counts(values: NDArray[np.integer], size: int) -> NDArray[np.float64]:
    return np.bincount(values, minlength=size).astype(np.float64)
