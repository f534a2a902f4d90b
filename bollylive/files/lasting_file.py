"""A file that is written for hours and never without a name: where that is lost, it is begun anew, with all it held.

A name is lost when the file or its folder is removed or renamed, or when its disk is taken away. On Windows that cannot
be while a file is open.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Final

_GONE: Final = {errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOTCONN}
_CHUNK_BYTES: Final = 2**20
_TEMPORARY: Final = "bollylive-"


class LastingFile:
    """A file in a folder, made when the first bytes come. May block; every method raises OSError.

    `make` makes it there under a name that is free, as with `new_file`; `head` are its first bytes. If the folder of a
    lost name cannot be had again, one of the `refuges` is taken, or a new one among the temporary ones. `path` is None
    until the file is there. One thread at a time.
    """

    def __init__(self, folder: Path, head: bytes, make: Callable[[Path], FileIO], refuges: Sequence[Path] = ()) -> None:
        self.folder = folder
        self.path: Path | None = None
        self._unwritten_head, self._head, self._make, self._refuges = head, head, make, refuges
        self._file: FileIO | None = None
        self._status = (0, 0)  # by which the system knows the open file
        self._is_named = False  # what the system says of the path is what it says of the open file

    def open(self) -> FileIO:
        """Make it, if that is yet to be done."""
        if self._file is None:
            _make_folder(self.folder)
            self._take(self._make(self.folder))
        assert self._file is not None
        return self._file

    def append(self, data: bytes) -> int:
        """Write as much as there is room for; gives the number of bytes that are written."""
        file = self.open()
        while self._unwritten_head:
            self._unwritten_head = self._unwritten_head[file.write(self._unwritten_head) :]
        return file.write(data)

    def renew(self) -> str | None:
        """Begin anew if the name is lost; then a sentence for the musician.

        Where no place can be had, the file stays as it is, without a name.
        """
        if not self._has_lost_its_name():
            return None
        lost, problem = self.path, OSError(errno.ENOENT, "No such file or directory")
        for folder in self._places():
            try:
                rest = self._begin_anew(folder)
            except OSError as error:
                problem = error
                _clear_away(folder)
                continue
            what = "with all that it held" if rest is None else f"but what it held is lost: {rest.strerror or rest}"
            place = "there anew" if self.path == lost else f"anew as {self.path}"
            return f"{lost} was removed, renamed, or taken away with its disk; it is begun {place}, {what}."
        raise problem

    def read(self) -> bytes:
        """All that it holds, also where part of it is yet to be written; also once it is closed."""
        if self.path is None:
            return self._unwritten_head
        if self._file is None or not self._has_lost_its_name():
            return self.path.read_bytes() + self._unwritten_head
        return b"".join(_chunks(self._file)) + self._unwritten_head

    def close(self, *, keep: bool) -> None:
        """Close it, on the disk for good; or remove it, if nothing worth keeping came.

        Without a name it stays open, for `read`: what it holds is nowhere else.
        """
        if self._file is None or self._file.closed:
            return
        if not keep:
            self.remove()
            return
        os.fsync(self._file.fileno())
        if not self._has_lost_its_name():
            self._file.close()

    def remove(self) -> None:
        """Close and remove it, but never another file that has its name by now."""
        if self._file is None or self.path is None:
            return
        with suppress(OSError):
            if self._status == _identity(self.path.stat()) or not self._is_named:
                self._file.close()  # Windows removes no open file
                self.path.unlink()
        self._file.close()
        _clear_away(self.folder)

    def _has_lost_its_name(self) -> bool:
        if self._file is None or self.path is None or self._file.closed or not self._is_named:
            return False
        try:
            return _identity(self.path.stat()) != self._status
        except OSError as error:
            return error.errno in _GONE

    def _places(self) -> Iterator[Path]:
        yield self.folder
        yield from (folder for folder in self._refuges if folder != self.folder)
        yield temporary_folder()

    def _begin_anew(self, folder: Path) -> OSError | None:
        """Raises OSError where a place cannot be had; gives the one that kept from reading what the old one holds."""
        assert self._file is not None
        old = self._file
        _make_folder(folder)
        new = self._same_or_new(folder)
        try:
            problem = self._copy(old, new)
        except BaseException:
            new.close()
            Path(os.fsdecode(new.name)).unlink()
            raise
        if problem is not None:
            self._unwritten_head = b""
        self._take(new)
        with suppress(OSError):
            old.close()
        return problem

    def _same_or_new(self, folder: Path) -> FileIO:
        if self.path is not None and folder == self.folder:
            with suppress(FileExistsError):
                return new_file(self.path)
        return self._make(folder)

    def _copy(self, old: FileIO, new: FileIO) -> OSError | None:
        """Raises OSError where the new one cannot be written; gives the one with which the old one cannot be read."""
        chunks = _chunks(old)
        while True:
            try:
                chunk = next(chunks, b"")
            except OSError as error:  # of what is torn off, only the beginning would be of use
                new.seek(0)
                new.truncate()
                _write(new, self._head)
                return error
            if not chunk:
                return None
            _write(new, chunk)

    def _take(self, file: FileIO) -> None:
        self._file, self.path = file, Path(os.fsdecode(file.name))
        self.folder = self.path.parent
        self._status = _identity(os.fstat(file.fileno()))
        self._is_named = False
        with suppress(OSError):
            # Some network disks give another number each time; there it can never be told.
            self._is_named = sys.platform != "win32" and _identity(self.path.stat()) == self._status
        with suppress(OSError):  # a disk without locks is written to all the same
            lock(file.fileno())


def temporary_folder() -> Path:
    """A new folder of this user's own, which goes with the last file in it; raises OSError."""
    return Path(tempfile.mkdtemp(prefix=_TEMPORARY))


def new_file(path: Path) -> FileIO:
    """A file that only this user may read, where none is yet. Raises FileExistsError where one is, and OSError."""
    return FileIO(os.fspath(path), "x+b", opener=lambda name, flags: os.open(name, flags, 0o600))


def lock(number: int) -> None:
    """Keep an open file from being taken for one that nobody writes; raises OSError if another program does."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_written(path: Path) -> bool:
    """Whether a program writes a file of this kind; Windows does not tell. Raises OSError where it cannot be read."""
    with FileIO(os.fspath(path), "rb") as file:
        try:
            lock(file.fileno())
        except OSError:
            return True
    return False


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _clear_away(folder: Path) -> None:
    """Remove a temporary folder of our own, unless something is in it."""
    if folder.parent == Path(tempfile.gettempdir()) and folder.name.startswith(_TEMPORARY):
        with suppress(OSError):
            folder.rmdir()


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _chunks(file: FileIO) -> Iterator[bytes]:
    place = 0
    while chunk := os.pread(file.fileno(), _CHUNK_BYTES, place):
        yield chunk
        place += len(chunk)


def _write(file: FileIO, data: bytes) -> None:
    while data:
        data = data[file.write(data) :]
