"""Where journals are on the disk: their folder, the file that is being written, and how old ones are removed.

The names order the journals by age. A new journal always gets a later name than the existing ones, even if the wall
clock was set back in between; the date in its header is the clock's.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import FileIO
from itertools import count
from pathlib import Path
from typing import Final

from bollylive.files.append_file import AppendFile
from bollylive.files.locked_file import is_written, lock, new_file
from bollylive.files.regular_file import open_regular
from bollylive.files.state_folder import make_private, state_folder
from bollylive.journal.shortening import write_newer_half

KEPT_BYTES: Final = 256 * 2**20  # more than a day of dense playing

LARGEST_BYTES: Final = 256 * 2**20  # of one journal

END_BYTES: Final = 2 * 2**20  # the last 128 notes of sixteen busy channels, and several minutes of a moving wheel

_KEPT_FILES: Final = 4

# Only files with such names are ever removed: people keep other files beside their journals.
_NAME: Final = re.compile(r"bollylive-(\d{8}-\d{6})(?:-(\d+))?\.jsonl")


def default_folder(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of this user's journals, in their state folder; see `files.state_folder`."""
    return state_folder(platform, environment) / "journal"


def running_folder() -> Path:
    """Return the folder, beside the journals, of the addresses of this user's running bands; see `snapshot.address`."""
    return state_folder() / "running"


def find_journals(folder: Path) -> list[Path]:
    """Return the journals of a folder, the newest first; raises OSError if it cannot be read."""
    return [path for *_, path in _dated(folder)]


def prune(folder: Path, kept_bytes: int = KEPT_BYTES) -> None:
    """Remove the oldest journals until the rest has at most `kept_bytes` in all. Blocks; raises OSError.

    The newest four stay, whatever their size, and so does every journal that is being written.
    """
    total = 0
    for place, path in enumerate(find_journals(folder)):
        with suppress(OSError):
            total += path.stat().st_size
            if total > kept_bytes and place >= _KEPT_FILES and not is_written(path):
                path.unlink()


def read_last(path: Path, most_bytes: int = END_BYTES) -> bytes:
    """Return the last bytes of a journal, perhaps from the middle of a line, also while it is written.

    Blocks; raises OSError.
    """
    with open_regular(path) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - most_bytes))
        return file.readall()


class JournalFile(AppendFile):
    """A new journal in a folder; see `AppendFile` for when it is made, threads, and errors.

    `stamp` is the date and time YYYYMMDD-HHMMSS for its name, unless there is already a journal with a later date;
    `head` is its first line. If the folder is lost, the journal goes on in this user's default folder. With more than
    `most_bytes` it leaves out its older half.
    """

    def __init__(
        self, folder: Path, stamp: str, head: bytes, kept_bytes: int = KEPT_BYTES, most_bytes: int = LARGEST_BYTES
    ) -> None:
        super().__init__(folder, head, self._new, [default_folder()])
        self._stamp, self._kept_bytes, self._most_bytes = stamp, kept_bytes, most_bytes
        self._left_out = 0
        self._full_bytes = most_bytes  # the size at which the older half is left out next

    def renew(self) -> str | None:
        """Also leave out the older half if the file is too large; then return a sentence about it. Raises OSError."""
        return super().renew() or self._shorten()

    def _shorten(self) -> str | None:
        if self._file is None or self.path is None or os.fstat(self._file.fileno()).st_size <= self._full_bytes:
            return None
        # If there is no room for a shorter one beside it, the next attempt is not at once.
        self._full_bytes += self._most_bytes // 2
        unfinished = self.path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        new = new_file(unfinished)
        try:
            left_out = self._left_out + write_newer_half(self._file, new, self._head, self._left_out)
            self._take_name(new)
        except BaseException:
            new.close()
            unfinished.unlink(missing_ok=True)
            raise
        self._left_out, self._full_bytes = left_out, self._most_bytes
        return f"has become very long; {left_out} of its oldest lines are left out from here on."

    def _new(self, folder: Path) -> FileIO:
        if folder == default_folder():  # what lies in a folder that the musician named is their own business
            make_private(folder)
        newest = [(stamp, number) for stamp, number, _ in _dated(folder)[:1]]
        stamp, last = max([(self._stamp, 0), *newest])
        numbers = count(last + 1)  # two may begin in the same second
        file = _first_free(
            folder / f"bollylive-{stamp}{f'-{number}' if number > 1 else ''}.jsonl" for number in numbers
        )
        with suppress(OSError):
            lock(file.fileno())  # before another program can take it for an old one
        with suppress(OSError):
            prune(folder, self._kept_bytes)
        return file


class SpoolFile(AppendFile):
    """The journal that a recording is made from: a hidden file beside it, which is removed once the recording is there.

    A spool that is left after a crash is never written over.
    """

    def __init__(self, target: Path, head: bytes) -> None:
        super().__init__(target.parent, head, self._new)
        self._name = target.name

    def _new(self, folder: Path) -> FileIO:
        return _first_free(folder / f".{self._name}.spool{f'-{n}' if n > 1 else ''}.jsonl" for n in count(1))


def find_spools(target: Path) -> list[Path]:
    """Return the spools of unfinished recordings with this name; raises OSError."""
    pattern = re.compile(re.escape(f".{target.name}.spool") + r"(-\d+)?\.jsonl")
    found = []
    for path in sorted(path for path in target.parent.iterdir() if pattern.fullmatch(path.name)):
        with suppress(OSError):
            if not is_written(path):
                found.append(path)
    return found


def _first_free(paths: Iterable[Path]) -> FileIO:
    for path in paths:
        with suppress(FileExistsError):
            return new_file(path)
    raise FileExistsError


def _dated(folder: Path) -> list[tuple[str, int, Path]]:
    """Return (date, number, path) of the journals of a folder, from their names, the newest first."""
    names = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    # Opening anything but a file, such as a pipe, may block for ever.
    found = ((name[1], int(name[2] or 1), path) for name, path in names if name and path.is_file())
    return sorted(found, reverse=True)
