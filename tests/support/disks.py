"""Disks for tests, which do as they are told."""

from __future__ import annotations

import threading
from errno import ENOENT, ENOSPC
from pathlib import Path

from journals import Journal, read_journal

from bollylive.journal.lines import Header, header_line


class FakeDisk:
    """A file with room for so many bytes, which takes at most so many at once.

    It has lost its name while `lost` is true; then it is begun anew, empty if it is `torn`, unless it is `nowhere`.
    """

    def __init__(self, room: int = 1_000_000, at_once: int = 1_000_000, folder: str = "stage") -> None:
        self.folder = Path(folder)
        self.path: Path | None = self.folder / "journal.jsonl"
        self.room, self.at_once = room, at_once
        self.data = header_line(Header())
        self.kept: bool | None = None
        self.thread: threading.Thread | None = None
        self.lost = self.torn = self.nowhere = False

    def append(self, data: bytes) -> int:
        self.thread = threading.current_thread()
        size = min(len(data), self.room, self.at_once)
        if not size:
            raise OSError(ENOSPC, "No space left on device")
        self.data += data[:size]
        self.room -= size
        return size

    def renew(self) -> str | None:
        if not self.lost:
            return None
        if self.nowhere:
            raise OSError(ENOENT, "No such file or directory")
        self.lost = False
        if self.torn:
            self.data = header_line(Header())
        return f"{self.path} was removed"

    def read(self) -> bytes:
        return self.data

    def close(self, *, keep: bool) -> None:
        self.kept = keep

    def journal(self) -> Journal:
        return read_journal(self.data)
