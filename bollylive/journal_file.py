"""Where journals lie on the disk: the folder, the file that is being written, and the old ones that may go.

Their names tell which is newer. A new one is never called as if it were older than one that lies there, though the
clock may have been set back since, or while that one was played; what it says of itself inside is the clock's word.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from io import FileIO
from itertools import count
from pathlib import Path
from typing import Final

KEPT_BYTES: Final = 256 * 2**20  # more than a day of dense playing

END_BYTES: Final = 512 * 2**10  # some nine thousand lines: the last 128 notes of sixteen busy channels, twice

_KEPT_FILES: Final = 4

# Only what is called so is ever removed: people keep other files beside their journals.
_NAME: Final = re.compile(r"bollylive-(\d{8}-\d{6})(?:-(\d+))?\.jsonl")


def default_folder(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of this user's journals; without a home, one that lasts until the machine restarts.

    Source: XDG Base Directory Specification 0.8 (XDG_STATE_HOME must be absolute); Apple's File System Programming
    Guide (Application Support); Windows' known folder LocalAppData.
    """
    try:
        home = Path(environment["HOME"]) if environment.get("HOME") else Path.home()
    except RuntimeError:
        home = Path(tempfile.gettempdir())
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "BollyLive" / "journal"
    if platform == "darwin":
        return home / "Library" / "Application Support" / "BollyLive" / "journal"
    state = Path(environment.get("XDG_STATE_HOME", ""))
    return (state if state.is_absolute() else home / ".local" / "state") / "bollylive" / "journal"


def running_folder() -> Path:
    """Where this user's bands say how they can be watched, beside the journals."""
    return default_folder().parent / "running"


def find_journals(folder: Path) -> list[Path]:
    """The journals of a folder, the one that was begun last first; raises OSError where it cannot be read."""
    return [path for *_, path in _dated(folder)]


def prune(folder: Path, kept_bytes: int = KEPT_BYTES) -> None:
    """Remove the oldest journals until those that stay are no larger in all.

    The newest four stay, whatever their size, and so does every one that is being written.
    """
    total = 0
    for place, path in enumerate(find_journals(folder)):
        with suppress(OSError):
            total += path.stat().st_size
            if total > kept_bytes and place >= _KEPT_FILES:
                _remove_unless_locked(path)


def read_last(path: Path, most_bytes: int = END_BYTES) -> bytes:
    """The last bytes of a journal, perhaps from the middle of a line, also while it is written. Raises OSError."""
    with FileIO(path, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - most_bytes))
        return file.readall()


class JournalFile:
    """A new journal in a folder, made at once or when the first bytes come. May block; every method raises OSError.

    `stamp` is the date and time YYYYMMDD-HHMMSS for its name, unless a journal with a later one lies there; `head` is
    its first line; `path` is None until it is there.
    """

    def __init__(self, folder: Path, stamp: str, head: bytes, kept_bytes: int = KEPT_BYTES) -> None:
        self.folder = folder
        self.path: Path | None = None
        self._stamp, self._head, self._kept_bytes = stamp, head, kept_bytes
        self._file: FileIO | None = None

    def open(self) -> FileIO:
        """Make it, if that is yet to be done."""
        if self._file is not None:
            return self._file
        self.folder.mkdir(parents=True, exist_ok=True)
        newest = [(stamp, number) for stamp, number, _ in _dated(self.folder)[:1]]
        stamp, last = max([(self._stamp, 0), *newest])
        for number in count(last + 1):  # two may begin in the same second
            path = self.folder / f"bollylive-{stamp}{f'-{number}' if number > 1 else ''}.jsonl"
            with suppress(FileExistsError):
                file = FileIO(path, "xb")
                break
        self._file, self.path = file, path
        with suppress(OSError):  # a disk without locks is written to all the same
            _lock(file.fileno())
        with suppress(OSError):
            prune(self.folder, self._kept_bytes)
        return file

    def append(self, data: bytes) -> int:
        """Write as much as there is room for; gives the number of bytes that are written."""
        file = self.open()
        while self._head:
            self._head = self._head[file.write(self._head) :]
        return file.write(data)

    def close(self, *, keep: bool) -> None:
        """Close it, on the disk for good; or remove it, if nothing worth keeping came."""
        if self._file is None or self.path is None:
            return
        try:
            if keep:
                os.fsync(self._file.fileno())
        finally:
            self._file.close()
            if not keep:
                self.path.unlink()


def _dated(folder: Path) -> list[tuple[str, int, Path]]:
    """The journals of a folder with the date and the number that their names give, the newest first."""
    names = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted(((name[1], int(name[2] or 1), path) for name, path in names if name), reverse=True)


def _lock(number: int) -> None:
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove_unless_locked(path: Path) -> None:
    """Raises OSError if another program writes it: by the lock, or on Windows since an open file stays."""
    with FileIO(path, "rb") as file:
        _lock(file.fileno())
    path.unlink()
