"""Noticing that a set file was saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from bollylive.sets.band import Set

POLL_S: Final = 0.25


class SetWatch:
    """Asks a file for its date, four times a second at most. May block; not for who must be in time.

    `read` gives its set, or raises SetError.
    """

    def __init__(self, path: Path, read: Callable[[], Set]) -> None:
        self.path, self.read = path, read
        self._seen = self._taken = self._stamp()
        self._next_s = 0.0

    def changed(self, now_s: float) -> bool:
        """True once after each change; only when the file has kept still since the last look, and is there."""
        if now_s < self._next_s:
            return False
        self._next_s = now_s + POLL_S
        stamp = self._stamp()
        if stamp is None or stamp != self._seen:  # still being written, or between two names
            self._seen = stamp
            return False
        taken, self._taken = self._taken, stamp
        return stamp != taken

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
