"""Which files are one work, and which works a corpus holds out.

The split is by work: two versions of a song, or two parts of one recording, never stand on both sides.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence

# The chance that two songs of a corpus share a value (Simpson 1949, "Measurement of Diversity", Nature 163): below a
# hundredth for versions of songs, a third and more for genres, ragas or languages.
_CATEGORY = 0.1
_FEWEST_TO_JUDGE = 20

# The Groove MIDI Dataset (Gillick et al. 2019) names a file drummer/session/take_style_tempo_kind_metre; the takes of
# one style at one tempo were played in one go, and the same ten grooves stand in every drummer's eval_session.
_TAKE = re.compile(r"(?P<session>.*drummer\d+.*session\d*)(?:/|__)\d+_(?P<style>.+)_(?:beat|fill)_\d+-\d+\.midi?$")
_GROOVE = re.compile(r".*-(?P<groove>groove\d+)_\d+$")
# Phrases of one piece, numbered 1.0, 1.1, 1.1_2.
_PHRASE = re.compile(r"(?P<piece>.*?\w)[ _.-]*\d*\.\d+(?:_\d+)?\.midi?$")

_VALID_PERCENT = 4
_FEWEST_HELD_OUT = 5
_WORKS_FOR_FEWEST = 20
_WORKS_FOR_ONE = 5


def name_works(files: Sequence[str], rows: Mapping[str, Mapping[str, str]]) -> tuple[list[str], str]:
    """The work of each file, and what named it: the column `work` or `title` of SOURCES.tsv, or `file`.

    A column names works unless its values are categories. Where it is empty, or there is none, a file is a work of
    its own, but for the parts that published corpora cut their recordings into.
    """
    by_file = [_work_of_name(file) for file in files]
    by_file = list(files) if _are_categories(by_file) else by_file
    for column in ("work", "title"):
        values = [rows.get(file, {}).get(column) or "" for file in files]
        if any(values) and not _are_categories([value for value in values if value]):
            return [value or name for value, name in zip(values, by_file, strict=True)], column
    return by_file, "file"


def _are_categories(values: Sequence[str]) -> bool:
    """Whether values stand for so many songs each that they cannot be works."""
    alike = sum(count**2 for count in Counter(values).values())
    return len(values) >= _FEWEST_TO_JUDGE and alike > _CATEGORY * len(values) ** 2


def _work_of_name(file: str) -> str:
    if take := _TAKE.match(file):
        groove = _GROOVE.match(take["style"])
        return groove["groove"] if groove else f"{take['session']}__{take['style']}"
    if phrase := _PHRASE.match(file):
        return re.sub(r"[ _]+", "_", phrase["piece"])
    return file


def hold_out(works: Sequence[str], splits: Sequence[str | None]) -> set[str]:
    """The works of a corpus that are kept for validation, from the work of each song and the side it states.

    What a corpus keeps from training under any name (valid, test) is never trained on. Works that state nothing are
    drawn by a hash of their name, so that nearly all stay where they are when songs come in: four in a hundred. In a
    corpus of five works or more they go on until they hold four songs in a hundred, rounded, and are at least one,
    of twenty works or more at least five, because less cannot be measured on.
    """
    songs = Counter(works)
    small = len(songs) < _WORKS_FOR_ONE
    fewest = _FEWEST_HELD_OUT if len(songs) >= _WORKS_FOR_FEWEST else 1
    stated = {work for work, split in zip(works, splits, strict=True) if split}
    held_out = {work for work, split in zip(works, splits, strict=True) if split and split.lower() != "train"}
    for work in sorted(set(songs) - stated, key=_draw):
        percent = round(100 * sum(songs[work] for work in held_out) / len(works))
        enough = small or (len(held_out) >= fewest and percent >= _VALID_PERCENT)
        if enough and _draw(work)[0] >= _VALID_PERCENT:
            break
        held_out.add(work)
    return held_out


def _draw(work: str) -> tuple[int, int]:
    number = int(hashlib.sha1(work.encode()).hexdigest(), 16)
    return number % 100, number
