"""Names for files: with a number if a name is taken, and cut if it would be too long for the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

_LONGEST_NAME: Final = 255  # bytes, on nearly every file system
_SHORT_NAME: Final = 100  # bytes, on every file system, even if it encrypts names


def free_name(path: Path) -> Path:
    """Return the path that `whole_file.write_numbered` would use now."""
    return next(name for name in numbered(path) if not os.path.lexists(name))


def numbered(path: Path) -> Iterator[Path]:
    """Yield the path, then the same with -2, -3, ...; a long name is cut to make room for the number."""
    yield path
    stem, ending = _split(path)
    for number in count(2):
        tail = f"-{number}{ending}"
        yield path.with_name(_cut(stem, _LONGEST_NAME - len(os.fsencode(tail))) + tail)


def short_name(path: Path) -> str:
    """Return the name of a path, cut to a length that every file system takes."""
    stem, ending = _split(path)
    return _cut(stem, _SHORT_NAME - len(os.fsencode(ending))) + ending


def _split(path: Path) -> tuple[str, str]:
    """Return the name without its ending, and the ending; more than eight bytes are no ending."""
    return (path.stem, path.suffix) if len(os.fsencode(path.suffix)) <= 8 else (path.name, "")


def _cut(name: str, most_bytes: int) -> str:
    """Return the name cut to this many bytes, without half a letter at the end."""
    data = os.fsencode(name)
    return name if len(data) <= most_bytes else data[:most_bytes].decode("utf-8", "ignore")
