"""Songs that are nearly the same music, and the works that they tie together.

Two songs are near duplicates where a voice of one and a voice of the other share enough of their fingerprints.
What many songs have says nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from training.data.corpus import Song
from training.data.fingerprint import Fingerprint, fingerprint

_MOST_SONGS = 20
_MOST_VOICES = 2 * _MOST_SONGS

# Set by looking at pairs of real songs: above these nearly all are one song, or share its accompaniment. Of corpora
# that cannot have a song in common about one pair in a million passes.
_FEWEST_SHARED = 5
_LEAST_COSINE = 0.15

Ints = NDArray[np.int64]
Name = TypeVar("Name", bound=Hashable)


def find_duplicates(songs: Sequence[Song]) -> list[tuple[int, int]]:
    """The pairs of songs, by their places in the list, that are nearly the same music; sorted."""
    voices = [len(song.instruments) for song in songs]
    song_of = np.repeat(np.arange(len(songs)), voices)
    begin = np.cumsum([0, *voices])
    prints = [fingerprint(song) for song in songs]
    voice = np.concatenate([np.zeros(0, np.int64), *(p.voice + b for p, b in zip(prints, begin, strict=False))])
    gram = np.concatenate([np.zeros(0, np.uint64), *(p.gram for p in prints)])

    order = np.lexsort((voice, gram))
    voice, (_, gram) = voice[order], np.unique(gram[order], return_inverse=True)
    first = np.ones(len(voice), dtype=np.bool_)
    first[1:] = (np.diff(gram) != 0) | (np.diff(song_of[voice]) != 0)
    rare = (np.bincount(gram, weights=first) <= _MOST_SONGS)[gram]
    voice, gram = voice[rare], gram[rare]

    size = np.bincount(voice, minlength=len(song_of))
    one, other = _meetings(voice, gram)
    apart = song_of[one] != song_of[other]
    pairs, shared = np.unique(one[apart] * len(song_of) + other[apart], return_counts=True)
    one, other = np.divmod(pairs, max(len(song_of), 1))
    same = (shared >= _FEWEST_SHARED) & (shared >= _LEAST_COSINE * np.sqrt(size[one] * size[other]))
    found = {(int(a), int(b)) for a, b in zip(song_of[one[same]], song_of[other[same]], strict=True)}
    return sorted(found.union(_copies(prints)))


def _copies(fingerprints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Each song that is like one before in all; there may be so many that nothing of them is rare."""
    seen: dict[bytes, int] = {}
    for i, song in enumerate(fingerprints):
        if len(song.gram) >= _FEWEST_SHARED:
            first = seen.setdefault(song.gram.tobytes(), i)
            if first != i:
                yield first, i


def _meetings(voice: Ints, gram: Ints) -> tuple[Ints, Ints]:
    """Each pair of voices (lower, higher), once for every n-gram that both have; both arrays are sorted by n-gram."""
    count = np.bincount(gram)
    begin = np.cumsum(count) - count
    ones, others = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for many in range(2, _MOST_VOICES + 1):
        together = voice[begin[count == many, None] + np.arange(many)]
        low, high = np.triu_indices(many, 1)
        ones.append(together[:, low].ravel())
        others.append(together[:, high].ravel())
    return np.concatenate(ones), np.concatenate(others)


def group(pairs: Iterable[tuple[Name, Name]]) -> list[list[Name]]:
    """The groups that pairs chain together, in the order in which they are met."""
    members: dict[Name, list[Name]] = {}
    for one, other in pairs:
        ours, theirs = members.setdefault(one, [one]), members.setdefault(other, [other])
        if ours is not theirs:
            ours += theirs
            members.update(dict.fromkeys(theirs, ours))
    return list({id(group): group for group in members.values()}.values())
