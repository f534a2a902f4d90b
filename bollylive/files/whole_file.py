"""Write a file whole or not at all; every command writes its files this way.

The bytes go to a new file with an unpredictable name in the same folder, and are synced to the disk. Only then does the
file get its own name.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from bollylive.errors import FileError
from bollylive.files.file_names import numbered, short_name
from bollylive.files.state_folder import make_private

Content: TypeAlias = bytes | bytearray | memoryview | Callable[[BinaryIO], object]

_EXCLUSIVE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

_NO_SYNC: Final = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}  # errors of file systems without fsync

_CURES: Final = {
    errno.ENOSPC: "make room on the disk",
    getattr(errno, "EDQUOT", errno.ENOSPC): "make room on the disk",
    errno.ENOENT: "make its folder first",
    errno.ENOTDIR: "choose another folder",
    errno.EACCES: "choose another folder",
    errno.EPERM: "choose another folder",
    errno.EROFS: "choose another folder",
    errno.ENAMETOOLONG: "choose a shorter one",
    errno.EISDIR: "give the name of a file",
    errno.ELOOP: "remove the link, or choose another name",
}


def write_file(path: str | Path, content: Content, check: Callable[[], None] | None = None) -> None:
    """Write a file. An existing file is replaced but keeps its owner and permissions; a link is followed.

    `content` are the bytes, or a function that writes them. `check` is called last, and raises if the file must not be
    replaced after all. Raises FileError if the file cannot be written, and then nothing has changed. Blocks.
    """
    path = Path(path)
    with _reported(path):
        target = follow(path)
        with _unfinished(target.parent, content, target) as unfinished:
            if check is not None:
                check()
            unfinished.replace(target)


def write_new(path: str | Path, content: Content) -> None:
    """Write a new file; safe even if another program creates a file of this name at the same moment.

    Raises FileError if the file exists or cannot be written. Blocks.
    """
    path = Path(path)
    with _reported(path), _unfinished(path.parent, content) as unfinished:
        try:
            _claim(unfinished, path)
        except FileExistsError as error:
            raise FileError(f"{path}: this file exists already and is not replaced; choose another name.") from error


def write_numbered(path: str | Path, content: Content) -> Path:
    """Write a new file of this name, or of the first free name with a number; return its path.

    No file is ever replaced, even if two programs do this at once. Raises FileError. Blocks.
    """
    path = Path(path)
    with _reported(path), _unfinished(path.parent, content) as unfinished:
        names = numbered(path)
        while True:
            name = next(names)
            with suppress(FileExistsError):
                _claim(unfinished, name)
                return name


def write_elsewhere(path: Path, content: Content, folder: Path) -> Path:
    """Write a file that cannot be written at its path: beside it under a shorter name, or in `folder`, or anywhere.

    `folder` is a state folder, which is created if needed; the last resort is a new temporary folder. Return the path
    of the file; raises FileError if it can be written nowhere. Blocks.
    """
    short = short_name(path)
    if short != path.name:
        with suppress(FileError):
            return write_numbered(path.with_name(short), content)
    with suppress(FileError, OSError):
        make_private(folder)
        return write_numbered(folder / short, content)
    with _reported(path):
        return write_numbered(Path(tempfile.mkdtemp(prefix="bollylive-")) / short, content)


def follow(path: Path) -> Path:
    """Return the path that a link leads to, or the path itself. Raises FileError if that is not a file, and OSError."""
    target = Path(os.path.realpath(path))
    try:
        status = target.lstat()
    except FileNotFoundError:
        if path.is_symlink():
            raise FileError(f"{path}: this link leads to {target}, which does not exist; remove the link.") from None
        return target
    if stat.S_ISLNK(status.st_mode):
        raise FileError(f"{path}: this link leads back to itself; remove it, or choose another name.")
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"{path}: this is a folder or a device; give the name of a file.")
    return target


def failure(path: Path, error: OSError) -> FileError:
    """Return the error for a file that cannot be written; its text says what to do."""
    cure = _CURES.get(error.errno or 0, "choose another place")
    return FileError(f"{path}: the file cannot be written: {error.strerror or error}; {cure}.")


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise failure(path, error) from error


@contextmanager
def _unfinished(folder: Path, content: Content, replaced: Path | None = None) -> Iterator[Path]:
    """Write the content to a file with a temporary name; yield its path, and remove it unless the block renamed it."""
    path = folder / f".bollylive-{secrets.token_hex(8)}"
    before = _status(replaced)
    number = os.open(path, _EXCLUSIVE, 0o666 if before is None else 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            if before is not None:
                _copy_owner_and_mode(file.fileno(), before)
            try:
                os.fsync(file.fileno())
            except OSError as error:
                if error.errno not in _NO_SYNC:
                    raise
        yield path
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _status(path: Path | None) -> os.stat_result | None:
    try:
        return None if path is None else path.stat()
    except FileNotFoundError:
        return None


def _copy_owner_and_mode(number: int, before: os.stat_result) -> None:
    """Give an open file the owner and the permissions of another, as far as the system allows."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        os.fchown(number, before.st_uid, before.st_gid)
    with suppress(OSError):  # memory cards have no permissions
        os.fchmod(number, before.st_mode & 0o777)


def _claim(unfinished: Path, path: Path) -> None:
    """Give a file its name; raises FileExistsError if the name is taken, and OSError."""
    if sys.platform == "win32":
        unfinished.rename(path)  # on Windows this never replaces a file
        return
    try:
        os.link(unfinished, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # no hard links, as on memory cards: reserve the name with an empty file
        os.close(os.open(path, _EXCLUSIVE, 0o666))
        try:
            unfinished.replace(path)
        except BaseException:
            path.unlink()
            raise
