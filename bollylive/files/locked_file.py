"""New files of this user, and the lock that marks a file which a program is writing."""

from __future__ import annotations

import os
import sys
from io import FileIO
from pathlib import Path

from bollylive.files.regular_file import open_regular


def new_file(path: Path) -> FileIO:
    """Create a file that only this user may read. Raises FileExistsError if the path is taken, and OSError."""
    return FileIO(os.fspath(path), "x+b", opener=lambda name, flags: os.open(name, flags, 0o600))


def lock(number: int) -> None:
    """Lock an open file, so that `is_written` is true for it; raises OSError if another program has locked it."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_written(path: Path) -> bool:
    """Whether a program is writing this file; never true on Windows. Raises OSError if it cannot be opened."""
    with open_regular(path) as file:
        try:
            lock(file.fileno())
        except OSError:
            return True
    return False
