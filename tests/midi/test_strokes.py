"""Which note-off ends which note, and one note of a key at a time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.midi.strokes import Stroke, one_at_a_time, pair


def _lengths(text: str) -> list[tuple[int, int | None]]:
    """(note-on, note-off) in ticks of messages such as `0+ 4-`: an on at tick 0, an off at tick 4."""
    key = [((int(word[:-1]), place), 90 * (word[-1] == "+")) for place, word in enumerate(text.split())]
    return [(note.begin[0], note.end[0] if note.end else None) for note in pair(key)]


@pytest.mark.parametrize(
    ("messages", "notes"),
    [
        ("0+ 4-", [(0, 4)]),
        ("0+ 4+ 4- 8+ 8- 12-", [(0, 4), (4, 8), (8, 12)]),  # the off of the older note comes after the on
        ("0+ 0- 0+ 4-", [(0, 0), (0, 4)]),
        ("0+ 0+ 4- 4-", [(0, 4), (0, 4)]),
        ("0+ 0+ 4- 16-", [(0, 4), (0, 16)]),
        ("0+ 2+ 3- 4-", [(0, 3), (2, 4)]),
        ("0- 0+ 4- 4- 9-", [(0, 4)]),  # note-offs without a note
        ("0+ 4+ 5- 8+ 9-", [(0, None), (4, 5), (8, 9)]),  # the first note-off is missing
        ("0+ 0+ 4- 8+ 8+ 12-", [(0, 4), (0, 4), (8, 12), (8, 12)]),  # one note-off for two
        ("0+ 4+ 4- 8+ 8-", [(0, 4), (4, 8), (8, None)]),  # cut short
        ("0+ 0+ 0- 0-", [(0, 0), (0, 0)]),
        ("0+", [(0, None)]),
        ("4-", []),
    ],
)
def test_a_note_off_ends_the_first_note_or_where_some_lack_the_latest(
    messages: str, notes: list[tuple[int, int | None]]
) -> None:
    assert _lengths(messages) == notes


def _stroke(begin: int, end: int, velocity: int, place: int = 0, track: int = 0) -> Stroke:
    return Stroke(track, (begin, place), (end, place), velocity)


def test_notes_that_begin_together_are_one_as_loud_and_long_as_any() -> None:
    both = [_stroke(0, 4, 90, track=1), _stroke(0, 16, 40, track=2)]
    assert one_at_a_time(both) == [_stroke(0, 16, 90, track=1)]
    assert one_at_a_time(both[::-1]) == [_stroke(0, 16, 90, track=2)]


def test_a_held_note_goes_on_under_those_that_repeat_it() -> None:
    held = [_stroke(0, 16, 90), _stroke(4, 6, 50), _stroke(8, 10, 60)]
    assert one_at_a_time(held) == [_stroke(0, 4, 90), _stroke(4, 8, 50), _stroke(8, 16, 60)]


STROKES = st.lists(
    st.builds(lambda begin, length, velocity: _stroke(begin, begin + length, velocity), *3 * [st.integers(1, 9)]),
    max_size=9,
)


@given(STROKES)
def test_every_onset_and_all_the_sounding_time_stay(strokes: list[Stroke]) -> None:
    result = one_at_a_time(strokes)
    assert [stroke.begin[0] for stroke in result] == sorted({stroke.begin[0] for stroke in strokes})
    assert all(before.end <= after.begin for before, after in pairwise(result))
    assert _sounding(result) == _sounding(strokes)
    assert one_at_a_time(result) == result


def _sounding(strokes: list[Stroke]) -> set[int]:
    return {tick for stroke in strokes for tick in range(stroke.begin[0], stroke.end[0])}
