"""What generated music shares, note for note, with the songs that were trained on.

A voice is read as its highest notes, one an onset, on the nearest sixteenth: each is a word of its interval and its
step in time from the one before, so that a figure is found in any key. Percussion is read by itself, each onset as
the set of its drums. The runs of words that also stand in some training song are found by hashes of 8, 16 and 32
words (Karp and Rabin 1987, "Efficient randomized pattern-matching algorithms") and followed to their ends.

Repetition is no memory: the length of a run is the number of different figures of four notes in it, plus three. So
a run without repetition counts all of its notes, a pitch that is struck forty times counts four, and a drum loop
counts once however often it comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from training.data.corpus import ONSET, PITCH, VOICE, Song
from training.listening.excerpt import Notes

_STEP_TICKS = TICKS_PER_BEAT // 4
_LONGEST_STEP = 63
_LEVELS = (32, 16, 8)  # words; what is shorter is everybody's
_MOST_PLACES = 64  # of a figure that stands in more places, so many are followed
_FIGURE_WORDS = 3
_BASE = np.uint64(0x9E3779B97F4A7C15)
_DRUMS = np.random.default_rng(1).integers(1 << 40, size=128)

Words = NDArray[np.int64]


@dataclass(frozen=True)
class Run:
    """Notes that a voice shares with a training song."""

    voice: int
    first: int  # of the voice's words
    words: int
    length: int  # in notes, without repetition
    song: str


class Library:
    """All voices of the training songs, to be searched; tens of bytes for each of their notes."""

    def __init__(self, songs: Iterable[Song], percussion: bool) -> None:
        names, voices = [], []
        for song in songs:
            for voice, instrument in enumerate(song.instruments):
                if (instrument == PERCUSSION) == percussion:
                    voices.append(words_of(song.notes[song.notes[:, VOICE] == voice], percussion))
                    names.append(song.name)
        self._names = names
        self._words, self._starts = _joined(voices, 0)
        self._index = {}
        for level in _LEVELS:
            hashes = _hashes(self._words, level)
            order = np.argsort(hashes, kind="stable").astype(np.int32)
            self._index[level] = hashes[order], order

    def find(self, voices: list[Words]) -> list[Run]:
        """The longest runs that voices share with the library, none within another, of at least eight words."""
        words, starts = _joined(voices, len(self._starts) + 1)
        lengths, places = np.zeros(len(words), dtype=np.int64), np.zeros(len(words), dtype=np.int64)
        for level in _LEVELS:
            open_ = np.flatnonzero(lengths == 0)
            hashes = _hashes(words, level)
            open_ = open_[open_ < len(hashes)]
            mine, theirs = self._candidates(level, open_, hashes[open_])
            self._follow(words, mine, theirs, level, lengths, places)
        begins = np.flatnonzero((lengths > 0) & (lengths >= np.concatenate(([0], lengths[:-1]))))
        runs = []
        for begin in begins.tolist():
            voice = int(np.searchsorted(starts, begin, side="right")) - 1
            count = int(lengths[begin])
            song = self._names[int(np.searchsorted(self._starts, places[begin], side="right")) - 1]
            length = _without_repetition(words[begin : begin + count])
            runs.append(Run(voice, begin - int(starts[voice]), count, length, song))
        return runs

    def _candidates(self, level: int, mine: Words, hashes: NDArray[np.uint64]) -> tuple[Words, Words]:
        known, order = self._index[level]
        low = np.searchsorted(known, hashes, side="left")
        count = np.minimum(np.searchsorted(known, hashes, side="right") - low, _MOST_PLACES)
        which = np.repeat(np.arange(len(mine)), count)
        nth = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        return mine[which], order[low[which] + nth].astype(np.int64)

    def _follow(self, words: Words, mine: Words, theirs: Words, level: int, lengths: Words, places: Words) -> None:
        """Lengthen every candidate while it agrees, and keep the longest of each place."""
        same = np.ones(len(mine), dtype=bool)
        for ahead in range(level):  # a hash may lie
            same &= words[mine + ahead] == self._words[theirs + ahead]
        mine, theirs, length = mine[same], theirs[same], level
        while len(mine):
            lengths[mine], places[mine] = length, theirs
            # The separators at both ends differ, so nothing is followed beyond them.
            on = words[mine + length] == self._words[theirs + length]
            mine, theirs, length = mine[on], theirs[on], length + 1


@dataclass(frozen=True)
class Shared:
    """How long the shared runs are, in notes without repetition; a note in none counts 0."""

    voices: int
    voice_p99: float  # of the longest run of each voice
    note_p50: float  # of the longest run in which each note lies
    note_p99: float
    longest: int
    longest_in: str  # the training song


def measure_copying(library: Library, voices: list[Words]) -> Shared:
    """The runs that voices share with the training songs."""
    of_notes = [np.zeros(len(words), dtype=np.int64) for words in voices]
    runs = library.find(voices)
    for run in runs:
        part = of_notes[run.voice][run.first : run.first + run.words]
        np.maximum(part, run.length, out=part)
    notes = np.concatenate([np.zeros(1, dtype=np.int64), *of_notes])
    of_voices = [int(part.max(initial=0)) for part in of_notes] or [0]
    longest = max(runs, key=lambda run: run.length, default=Run(0, 0, 0, 0, ""))
    return Shared(
        len(voices),
        float(np.percentile(of_voices, 99)),
        float(np.percentile(notes, 50)),
        float(np.percentile(notes, 99)),
        longest.length,
        longest.song,
    )


def words_of(notes: Notes, percussion: bool) -> Words:
    """The words of one voice, one for each onset but the first."""
    step = np.rint(notes[:, ONSET] / _STEP_TICKS).astype(np.int64)
    order = np.lexsort((notes[:, PITCH], step))
    step, pitch = step[order], notes[order, PITCH].astype(np.int64)
    if percussion:
        unlike = np.ones(len(step), dtype=bool)
        unlike[1:] = (np.diff(step) > 0) | (np.diff(pitch) > 0)
        onsets, place = np.unique(step[unlike], return_inverse=True)
        sets = np.zeros(len(onsets), dtype=np.int64)
        np.add.at(sets, place, _DRUMS[pitch[unlike]])
        said = sets[1:]
    else:
        last = np.append(np.diff(step) > 0, True)[: len(step)]
        onsets, tops = step[last], pitch[last]
        said = np.diff(tops) + 128
    return np.asarray(said * (_LONGEST_STEP + 1) + np.minimum(np.diff(onsets), _LONGEST_STEP), dtype=np.int64)


def _joined(voices: list[Words], number: int) -> tuple[Words, Words]:
    """All voices in one row, each followed by a separator that is like no other, and where each begins."""
    parts: list[Words] = []
    for i, words in enumerate(voices):
        parts += [words, np.array([-1 - number - i])]
    tail = np.full(max(_LEVELS) + 1, -1 - number - len(voices))
    starts = np.cumsum([0, *(len(words) + 1 for words in voices[:-1])])
    return np.concatenate([*parts, tail]), np.asarray(starts if voices else starts[:0])


def _hashes(words: Words, level: int) -> NDArray[np.uint64]:
    """The hash of the words from each place on, so many of them."""
    size = max(len(words) - level, 0)
    mixed = words.astype(np.uint64) * _BASE
    mixed ^= mixed >> np.uint64(29)
    sums = np.zeros(size, dtype=np.uint64)
    for ahead in range(level):
        sums = sums * np.uint64(0xD6E8FEB86659FD93) + mixed[ahead : ahead + size]
    return sums


def _without_repetition(words: Words) -> int:
    figures = {tuple(words[i : i + _FIGURE_WORDS].tolist()) for i in range(len(words) - _FIGURE_WORDS + 1)}
    return len(figures) + _FIGURE_WORDS
