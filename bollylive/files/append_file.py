"""A file that is written for hours; if its name is lost, it is started again with its whole content.

The name is lost when the file or its folder is removed or renamed, or when its disk is taken away. Windows does not
allow this while a file is open.
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

from bollylive.files.locked_file import lock, new_file

_GONE: Final = {errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOTCONN}
_CHUNK_BYTES: Final = 2**20
_TEMPORARY_PREFIX: Final = "bollylive-"


class AppendFile:
    """A file in a folder, created when the first bytes are written. Every method may block and may raise OSError.

    `make` creates it in a folder under a free name, as `new_file` does; `head` are its first bytes. When the name is
    lost and its folder cannot be restored, the file is started again in one of the `fallbacks`, or else in a new
    temporary folder. `path` is None until the file exists. For one thread at a time.
    """

    def __init__(
        self, folder: Path, head: bytes, make: Callable[[Path], FileIO], fallbacks: Sequence[Path] = ()
    ) -> None:
        self.folder = folder
        self.path: Path | None = None
        self._unwritten_head, self._head, self._make, self._fallbacks = head, head, make, fallbacks
        self._file: FileIO | None = None
        self._status = (0, 0)  # device and inode of the open file
        self._is_named = False  # the path was seen to lead to the open file

    def open(self) -> FileIO:
        """Create the file if it does not exist yet."""
        if self._file is None:
            _make_folder(self.folder)
            self._adopt(self._make(self.folder))
        assert self._file is not None
        return self._file

    def append(self, data: bytes) -> int:
        """Write as much as there is room for; return the number of bytes written."""
        file = self.open()
        while self._unwritten_head:
            self._unwritten_head = self._unwritten_head[file.write(self._unwritten_head) :]
        return file.write(data)

    def renew(self) -> str | None:
        """Start the file again if its name is lost; then return a sentence for the musician, else None.

        Raises OSError if it can be created nowhere; then the open file stays in use, without a name.
        """
        if not self._has_lost_its_name():
            return None
        old_path, problem = self.path, OSError(errno.ENOENT, "No such file or directory")
        for folder in self._places():
            try:
                read_error = self._start_again(folder)
            except OSError as error:
                problem = error
                _clear_away(folder)
                continue
            content = (
                "with everything it held"
                if read_error is None
                else f"but what it held is lost: {read_error.strerror or read_error}"
            )
            place = "in the same place" if self.path == old_path else f"as {self.path}"
            return f"{old_path} was removed, renamed, or lost with its disk; it was started again {place}, {content}."
        raise problem

    def read(self) -> bytes:
        """Return the whole content, with a head that is not written yet; also works once the file is closed."""
        if self.path is None:
            return self._unwritten_head
        if self._file is None or not self._has_lost_its_name():
            return self.path.read_bytes() + self._unwritten_head
        return b"".join(_chunks(self._file)) + self._unwritten_head

    def close(self, *, keep: bool) -> None:
        """Sync the file to the disk and close it; or remove it, unless `keep`.

        A file that has lost its name stays open for `read`, since its content is nowhere else.
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
        """Close and remove the file, but never another file that has taken its name."""
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
        yield from (folder for folder in self._fallbacks if folder != self.folder)
        yield temporary_folder()

    def _start_again(self, folder: Path) -> OSError | None:
        """Create and fill the file in another folder; return the error if the old content cannot be read.

        Raises OSError if the file cannot be created or written there.
        """
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
        self._adopt(new)
        with suppress(OSError):
            old.close()
        return problem

    def _same_or_new(self, folder: Path) -> FileIO:
        if self.path is not None and folder == self.folder:
            with suppress(FileExistsError):
                return new_file(self.path)
        return self._make(folder)

    def _copy(self, old: FileIO, new: FileIO) -> OSError | None:
        """Copy the content; return the error of reading the old file, if any. Raises OSError if writing fails."""
        chunks = _chunks(old)
        while True:
            try:
                chunk = next(chunks, b"")
            except OSError as error:  # a partial copy is of no use: keep only the head
                new.seek(0)
                new.truncate()
                _write(new, self._head)
                return error
            if not chunk:
                return None
            _write(new, chunk)

    def _take_name(self, new: FileIO) -> None:
        """Go on with a new file that has all that is to be kept; it takes the name of the old one. Raises OSError."""
        assert self._file is not None
        assert self.path is not None
        with suppress(OSError):
            lock(new.fileno())  # before it has the name, so that no program takes it for an old one
        Path(os.fsdecode(new.name)).replace(self.path)
        old = self._file
        self._adopt(new, self.path)
        old.close()

    def _adopt(self, file: FileIO, path: Path | None = None) -> None:
        self._file, self.path = file, path or Path(os.fsdecode(file.name))
        self.folder = self.path.parent
        self._status = _identity(os.fstat(file.fileno()))
        self._is_named = False
        with suppress(OSError):
            # Some network disks report another inode each time, so a lost name cannot be noticed there.
            self._is_named = sys.platform != "win32" and _identity(self.path.stat()) == self._status
        with suppress(OSError):  # some disks have no locks
            lock(file.fileno())


def temporary_folder() -> Path:
    """Create a temporary folder for this user; it is removed with the last file in it. Raises OSError."""
    return Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX))


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _clear_away(folder: Path) -> None:
    """Remove a temporary folder of ours if it is empty."""
    if folder.parent == Path(tempfile.gettempdir()) and folder.name.startswith(_TEMPORARY_PREFIX):
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
