"""Where in a long journal its last minutes begin, found from its end without reading the rest."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from bollylive.journal.writer import REPEAT_BYTES

_BLOCK_BYTES: Final = 2**20
_LEAD_BYTES: Final = 4 * REPEAT_BYTES  # before the last minutes: in them the state is repeated at least twice

# The second of a note's line. Only notes count, since a pedal may be moved long after the music.
_NOTE: Final = re.compile(rb'^\["(?:musician|model)",(-?\d{1,12}\.\d{1,9}),[^,\n]{1,20},"[89]', re.MULTILINE)


def find_window(file: BinaryIO, minutes: float, block_bytes: int = _BLOCK_BYTES) -> tuple[int, float] | None:
    """Return the place of a line from which to read, and the second at which the last `minutes` begin.

    None if there is no note. The place is 0, the header's, if most of the journal is wanted. Blocks; raises OSError.
    """
    from_s: float | None = None
    for begin, block in _blocks(file, block_bytes):
        notes_s = [float(found) for found in _NOTE.findall(block)]
        if from_s is None and notes_s:
            from_s = notes_s[-1] - 60.0 * minutes
        if from_s is not None and notes_s and min(notes_s) < from_s:
            return _line_after(file, begin - _LEAD_BYTES), from_s
    return None if from_s is None else (0, from_s)


def _blocks(file: BinaryIO, block_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yield the blocks of a file, the last one first, each with its place; lines across two blocks are missed."""
    end = file.seek(0, io.SEEK_END)
    while end > 0:
        begin = max(0, end - block_bytes)
        file.seek(begin)
        yield begin, file.read(end - begin)
        end = begin


def _line_after(file: BinaryIO, place: int) -> int:
    """Return where the first line after a place begins; 0 if the place is before the beginning."""
    if place <= 0:
        return 0
    file.seek(place)
    file.readline(REPEAT_BYTES)
    return file.tell()
