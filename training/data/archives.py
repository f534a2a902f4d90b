"""Unpack archives that strangers made: nothing outside the folder, no links, and bounded in number and size.

The standard library's own filters for tar files are missing in some supported Pythons (3.11.2 of Debian 12), and no
Python bounds what an archive unpacks to. So tar and zip are read here, in the same way.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any, Final, cast

from training.errors import TrainingError

_OPENERS: Final[dict[str, Callable[[Path], Any]]] = {
    ".tar": lambda path: path.open("rb"),
    ".tar.gz": gzip.open,
    ".tgz": gzip.open,
    ".tar.bz2": bz2.open,
    ".tbz2": bz2.open,
    ".tar.xz": lzma.open,
    ".txz": lzma.open,
}
ENDINGS: Final = (*sorted(_OPENERS, key=len, reverse=True), ".zip")
_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What an archive may hold. The largest collection that we know, Lakh, has 178,561 files in 6 GB."""

    files: int = 1_000_000
    file_bytes: int = 64 << 20
    total_bytes: int = 32 << 30


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    is_file: bool
    open: Callable[[], AbstractContextManager[IO[bytes]]]


def archive_ending(path: Path) -> str | None:
    """Return the ending by which an archive is known, such as `.tar.xz`; None for anything else."""
    return next((ending for ending in ENDINGS if path.name.lower().endswith(ending)), None)


def unpack(archive: Path, folder: Path, wanted: Callable[[str], bool], limits: Limits | None = None) -> int:
    """Write the wanted files of an archive into an empty folder, and return how many others it holds.

    `wanted` is asked with the last part of each name. Links and devices are never made. Raises TrainingError, with
    nothing written outside the folder, for a name that lies outside, for more than the limits allow, and for a damaged
    archive. Blocks.
    """
    limits = limits or Limits()
    count = left_out = total = 0
    try:
        with _members(archive, limits) as members:
            for member in members:
                count += 1
                total += member.size
                if count > limits.files or total > limits.total_bytes:
                    raise TrainingError(
                        f"{archive}: this archive holds more than {limits.files:,} files or "
                        f"{limits.total_bytes >> 20:,} MiB; unpack it yourself, and give the folder."
                    )
                path = _inside(archive, folder, member.name)
                if not member.is_file or not wanted(path.name) or member.size > limits.file_bytes:
                    left_out += 1
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                with member.open() as source, path.open("wb") as target:
                    _copy(source, target, member.size)
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        raise TrainingError(f"{archive}: this archive cannot be unpacked: {error}.") from error
    except (RuntimeError, NotImplementedError, ValueError, UnicodeError) as error:  # encrypted, or an unknown method
        raise TrainingError(f"{archive}: this archive cannot be unpacked: {error}.") from error
    return left_out


@contextmanager
def _members(archive: Path, limits: Limits) -> Iterator[Iterator[_Member]]:
    """Open an archive, and yield what it holds, in its order."""
    ending = archive_ending(archive)
    if ending == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            yield (
                _Member(entry.filename, entry.file_size, not entry.is_dir(), partial(zipped.open, entry))
                for entry in zipped.infolist()
            )
        return
    assert ending is not None
    with (
        _OPENERS[ending](archive) as plain,
        tarfile.open(fileobj=cast(IO[bytes], _BoundedReads(plain, limits.file_bytes)), mode="r:") as tarred,
    ):
        yield (
            _Member(entry.name, max(0, entry.size), entry.isreg(), partial(_opened, tarred, entry))
            for entry in tarred
            if not entry.isdir()
        )


def _opened(tarred: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    file = tarred.extractfile(entry)
    assert file is not None  # it is a regular file
    return file


def _inside(archive: Path, folder: Path, name: str) -> Path:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or "\0" in name or PureWindowsPath(name).drive:
        raise TrainingError(f"{archive}: this archive wants to write outside its folder, to {name!r}; do not trust it.")
    return folder / parts


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    """Copy at most as many bytes as the archive declared."""
    while size > 0 and (piece := source.read(min(size, _PIECE_BYTES))):
        target.write(piece)
        size -= len(piece)


class _BoundedReads:
    """A file that refuses to read too much at once, since `tarfile` reads a header of any declared size at once."""

    def __init__(self, file: IO[bytes], most_bytes: int) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self.seek = file.seek
        self.tell = file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self._most_bytes:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self._file.read(size)
