"""Writes the newer half of a journal that has become too long, so that a band may play for days."""

from __future__ import annotations

import io
from io import FileIO
from typing import Final

from bollylive.journal.lines import lost_line

_CHUNK_BYTES: Final = 2**20
_ANCHOR: Final = b'\n["beat"'


def write_newer_half(old: FileIO, new: FileIO, head: bytes, lost_before: int) -> int:
    """Write the head, a line about what is missing, and the newer half of `old`; return how many lines are left out.

    The half begins with an anchor, if there is one near, since what comes before the first anchor has no known beat.
    `lost_before` are lines that were left out earlier. Blocks; raises OSError.
    """
    size = old.seek(0, io.SEEK_END)
    begin = _line_of_anchor(old, size // 2)
    left_out = 0
    old.seek(len(head))
    while (place := old.tell()) < begin:
        left_out += old.read(min(_CHUNK_BYTES, begin - place)).count(b"\n")
    _write(new, head + lost_line(lost_before + left_out))
    while chunk := old.read(_CHUNK_BYTES):
        _write(new, chunk)
    return left_out


def _line_of_anchor(file: FileIO, place: int) -> int:
    """Return where the first anchor after a place begins, or else the first line."""
    file.seek(place)
    chunk = file.read(_CHUNK_BYTES)
    found = chunk.find(_ANCHOR)
    return place + 1 + (found if found >= 0 else chunk.find(b"\n"))


def _write(file: FileIO, data: bytes) -> None:
    while data:
        data = data[file.write(data) :]
