"""Opens files that somebody names or that lie in a folder, where anything may have the name of a file."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Final

# Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
_FLAGS: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def open_regular(path: Path) -> FileIO:
    """Open a file for reading. Raises OSError, also if it is a folder, a pipe or a device; never waits for a pipe."""
    file = FileIO(os.fspath(path), "rb", opener=lambda name, flags: os.open(name, flags | _FLAGS))
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, "this is a pipe or a device, not a file", str(path))


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Return the content of a file. Raises OSError, also if it is no file or has more than `most_bytes`. Blocks."""
    with BufferedReader(open_regular(path)) as file:  # one read of a raw file may return less than there is
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"this file has more than {most_bytes} bytes", str(path))
    return data
