"""Opens files for reading: sets, songs, journals, and what lies in a folder under a name that a pipe may have too."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Final

# Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
_FLAGS: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


class NotAFileError(OSError):
    """A path leads to a folder, a pipe or a device."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EINVAL, "this is a folder, a pipe or a device, not a file", str(path))


def open_regular(path: Path) -> FileIO:
    """Open a file for reading. Raises OSError, and of this NotAFileError at once, without waiting for a pipe."""
    try:
        file = FileIO(os.fspath(path), "rb", opener=lambda name, flags: os.open(name, flags | _FLAGS))
    except IsADirectoryError as error:
        raise NotAFileError(path) from error
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise NotAFileError(path)


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Return the content of a file. Raises OSError, also if it is no file or has more than `most_bytes`. Blocks."""
    with BufferedReader(open_regular(path)) as file:  # one read of a raw file may return less than there is
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"this file has more than {most_bytes} bytes", str(path))
    return data
