"""The encoded rows of a buffer's first entries, kept so that no entry is encoded twice."""

from __future__ import annotations

import numpy as np

from bollylive.model import codec
from bollylive.model.predictor import Ints


class RowCache:
    """The rows of entries 0, 1, 2, … of one buffer. The buffer owns it, and calls `truncate` and `drop_first`.

    The arrays it returns are never changed afterwards. Not thread-safe.
    """

    def __init__(self) -> None:
        self._rows: codec.Rows = np.empty((0, len(codec.ROW)), dtype=np.int64)
        self._ticks: Ints = np.empty(0, dtype=np.int64)
        self._encoded_as = 0, 0, 0  # instrument, a bar line, and length of the bar in ticks

    def count(self, end: int, instrument: int, origin: int, model_bar_ticks: int) -> int:
        """How many of the first `end` entries are cached; none if instrument or bars are others than before."""
        if self._encoded_as != (instrument, origin, model_bar_ticks):
            self._encoded_as = instrument, origin, model_bar_ticks
            self.truncate(0)
        return min(end, len(self._rows))

    def extend(
        self, count: int, voice: codec.Voice, since: int, previous: int, *, for_new_note: bool
    ) -> tuple[codec.Rows, Ints]:
        """Put the rows of `voice` after the first `count`; gives all rows [T, F] and their ticks [T].

        `since` and `previous` are those of `codec.encode`. In the last row `next` is CHOOSE. With `for_new_note` the
        last of the voice is no entry yet: all that the model chooses of it is CHOOSE, and it is not kept.
        """
        instrument, origin, cycle = self._encoded_as
        new = codec.encode(voice, since=since, previous=previous, instrument=instrument, origin=origin, cycle=cycle)
        rows, ticks = np.concatenate((self._rows[:count], new)), np.concatenate((self._ticks[:count], voice.tick))
        rows[:-1, codec.NEXT], rows[-1, codec.NEXT] = rows[1:, codec.ONSET], codec.CHOOSE
        if for_new_note:
            rows[-1, codec.CHOSEN] = codec.CHOOSE
        end = len(rows) - for_new_note
        self._rows, self._ticks = rows[:end], ticks[:end]
        return rows, ticks

    def truncate(self, count: int) -> None:
        """Keep the first `count` rows: the entries after them have changed."""
        self._rows, self._ticks = self._rows[:count], self._ticks[:count]

    def drop_first(self, count: int) -> None:
        """Forget the first `count` rows: their entries have left the buffer."""
        self._rows, self._ticks = self._rows[count:], self._ticks[count:]
