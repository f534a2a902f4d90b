"""Works that are nearly the same music stand on one side of the split, within a corpus and across corpora."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from training.data.corpus import Song
from training.data.duplicates import find_duplicates, group

_FEWEST_LETTERS = 6


def find_groups(corpora: Mapping[str, list[Song]]) -> list[list[tuple[str, str]]]:
    """The works (corpus, work) that belong together: near duplicates, and works of one name; largest group first."""
    works = [(corpus, song.work) for corpus, songs in corpora.items() for song in songs]
    songs = [song for songs in corpora.values() for song in songs]
    pairs = [(works[one], works[other]) for one, other in find_duplicates(songs)]
    by_name: dict[str, tuple[str, str]] = {}
    for song, work in zip(songs, works, strict=True):
        if song.work != song.name:  # a name that somebody gave, not that of a file
            letters = "".join(filter(str.isalnum, song.work.casefold()))
            if len(letters) >= _FEWEST_LETTERS:
                pairs.append((by_name.setdefault(letters, work), work))
    groups = [members for members in group(pairs) if len(members) > 1]
    return sorted((sorted(members) for members in groups), key=lambda members: (-len(members), members))


def hold_together(corpora: Mapping[str, list[Song]], groups: list[list[tuple[str, str]]]) -> dict[str, list[Song]]:
    """Hold out every work of which one in its group is held out.

    Songs only ever move to that side: what a corpus holds out by itself is never trained on, whatever it is trained
    with.
    """
    held_out = {(corpus, song.work) for corpus, songs in corpora.items() for song in songs if song.valid}
    for members in groups:
        if not held_out.isdisjoint(members):
            held_out.update(members)
    return {
        corpus: [replace(song, valid=(corpus, song.work) in held_out) for song in songs]
        for corpus, songs in corpora.items()
    }


def follow(arranged: list[Song], songs: list[Song]) -> list[Song]:
    """Put each arranged song on the side of the work it was arranged from; a work that is gone leaves it as it is."""
    side = {song.work: song.valid for song in songs}
    return [replace(song, valid=side.get(song.work, song.valid)) for song in arranged]
