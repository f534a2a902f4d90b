"""The cache of encoded rows gives what encoding all of them anew would."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bollylive.model import codec
from bollylive.model.row_cache import RowCache

BAR_TICKS = 96
NOTES = 12


def voice_of(first: int, end: int) -> codec.Voice:
    """Some of NOTES notes that are 6 ticks apart."""
    number = np.arange(first, end)
    return codec.Voice(6 * number, 60 + number % 5, np.full_like(number, 6), np.full_like(number, 90))


def rows_of(cache: RowCache, end: int, *, instrument: int = 3, for_new_note: bool = False) -> codec.Rows:
    """The rows of the first notes, of which the cache encodes only those that it does not have."""
    known = cache.count(end - for_new_note, instrument, 0, BAR_TICKS)
    previous = 60 + (known - 1) % 5 if known else codec.REST
    rows, ticks = cache.extend(known, voice_of(known, end), 6 * max(0, known - 1), previous, for_new_note=for_new_note)
    assert ticks.tolist() == [6 * number for number in range(end)]
    return rows


@given(st.lists(st.tuples(st.integers(1, NOTES), st.integers(0, NOTES), st.booleans(), st.integers(0, 1)), max_size=8))
def test_whatever_was_truncated_the_rows_are_those_of_a_fresh_cache(steps: list[tuple[int, int, bool, int]]) -> None:
    cache = RowCache()
    for end, kept, for_new_note, instrument in steps:
        rows = rows_of(cache, end, instrument=instrument, for_new_note=for_new_note)
        fresh = rows_of(RowCache(), end, instrument=instrument, for_new_note=for_new_note)
        assert rows.tolist() == fresh.tolist()
        cache.truncate(kept)


def test_the_row_of_a_new_note_is_to_be_chosen_and_not_kept() -> None:
    cache = RowCache()
    rows = rows_of(cache, 4, for_new_note=True)
    assert (rows[-1, codec.FIELDS.index("pitch")], rows[-1, codec.FIELDS.index("next")]) == (codec.CHOOSE, codec.CHOOSE)
    assert cache.count(NOTES, 3, 0, BAR_TICKS) == 3
