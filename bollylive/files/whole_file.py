"""Writing files: the one way in which every command does it, so that a file is there whole or not at all.

The bytes go to a file of another name in the same folder, which nobody can foresee or has made before, and from there
onto the disk; only then does it get its name.
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
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from bollylive.errors import FileError

Content: TypeAlias = bytes | bytearray | memoryview | Callable[[BinaryIO], object]

_LONGEST_NAME: Final = 255  # bytes, on nearly every file system
_SHORT_NAME: Final = 100  # bytes, on every one, also where names are encrypted

_EXCLUSIVE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

_NO_SYNC: Final = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}  # what file systems say that have no fsync

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
    """Write a file, in place of one that is there, whose permissions stay; where a link stands, what it points to.

    `content` are the bytes, or what writes them. `check` is called when all is ready, and raises if the file must not
    be replaced after all. Raises FileError where that cannot be, and then nothing has changed. May block.
    """
    path = Path(path)
    with _reported(path):
        target = follow(path)
        with _unfinished(target.parent, content, target) as unfinished:
            if check is not None:
                check()
            unfinished.replace(target)


def write_new(path: str | Path, content: Content) -> None:
    """Write a file where none is, also if another program would write one of its name in the same moment.

    Raises FileError where one is there, or where it cannot be written. May block.
    """
    path = Path(path)
    with _reported(path), _unfinished(path.parent, content) as unfinished:
        try:
            _claim(unfinished, path)
        except FileExistsError as error:
            raise FileError(f"{path}: there is such a file already, which stays; choose another name.") from error


def write_numbered(path: str | Path, content: Content) -> Path:
    """Write a file of this name, or of the first with a number that is not there yet; gives the path that it got.

    No file is ever replaced, also if two programs do this at once. Raises FileError. May block.
    """
    path = Path(path)
    with _reported(path), _unfinished(path.parent, content) as unfinished:
        names = _numbered(path)
        while True:
            name = next(names)
            with suppress(FileExistsError):
                _claim(unfinished, name)
                return name


def write_elsewhere(path: Path, content: Content, folder: Path) -> Path:
    """Write what found no place at its path: beside it under a short name, or in a folder, which is made, or anywhere.

    Anywhere is a new folder of this user's own among the temporary ones. Gives the path that it got; raises FileError
    where there is no place at all. May block.
    """
    stem, ending = _split(path)
    short = _cut(stem, _SHORT_NAME - len(os.fsencode(ending))) + ending
    if short != path.name:
        with suppress(FileError):
            return write_numbered(path.with_name(short), content)
    with suppress(FileError, OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return write_numbered(folder / short, content)
    with _reported(path):
        return write_numbered(Path(tempfile.mkdtemp(prefix="bollylive-")) / short, content)


def free_name(path: Path) -> Path:
    """The path that `write_numbered` would give a file now."""
    return next(name for name in _numbered(path) if not os.path.lexists(name))


def follow(path: Path) -> Path:
    """Where a file is really written: the end of a link. Raises FileError where that is no file, or OSError."""
    target = Path(os.path.realpath(path))
    try:
        status = target.lstat()
    except FileNotFoundError:
        if path.is_symlink():
            raise FileError(f"{path}: this link leads to {target}, which is not there; remove the link.") from None
        return target
    if stat.S_ISLNK(status.st_mode):
        raise FileError(f"{path}: this link leads back to itself; remove it, or choose another name.")
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"{path}: this is a folder or a device; give the name of a file.")
    return target


def failure(path: Path, error: OSError) -> FileError:
    """What to say of a file that cannot be written."""
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
    """The path of a file with this content that has no name of its own yet; without one at the end, it is removed."""
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
                _resemble(file.fileno(), before)
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


def _resemble(number: int, before: os.stat_result) -> None:
    """Give a file the owner and the permissions of another, as far as that may be."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        os.fchown(number, before.st_uid, before.st_gid)
    with suppress(OSError):  # a memory card knows of no permissions
        os.fchmod(number, before.st_mode & 0o777)


def _claim(unfinished: Path, path: Path) -> None:
    """Give a file a name that no file has; raises FileExistsError if there is one, and OSError."""
    if sys.platform == "win32":
        unfinished.rename(path)  # which never replaces anything there
        return
    try:
        os.link(unfinished, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, such as a memory card's: an empty file holds the name
        os.close(os.open(path, _EXCLUSIVE, 0o666))
        try:
            unfinished.replace(path)
        except BaseException:
            path.unlink()
            raise


def _numbered(path: Path) -> Iterator[Path]:
    """The path, then the same with -2, -3, ...; a name that would be too long is cut to make room for the number."""
    yield path
    stem, ending = _split(path)
    for number in count(2):
        tail = f"-{number}{ending}"
        yield path.with_name(_cut(stem, _LONGEST_NAME - len(os.fsencode(tail))) + tail)


def _split(path: Path) -> tuple[str, str]:
    """A name without its ending, and that ending; what is too long for one is none."""
    return (path.stem, path.suffix) if len(os.fsencode(path.suffix)) <= 8 else (path.name, "")


def _cut(name: str, most_bytes: int) -> str:
    """A name with no more bytes than that, and no letter cut in two."""
    data = os.fsencode(name)
    return name if len(data) <= most_bytes else data[:most_bytes].decode("utf-8", "ignore")
