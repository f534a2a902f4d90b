"""Watches the set file, and reads it each time it is saved, on a thread of its own: a disk may not answer for ever."""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path
from typing import Final, TypeAlias

from bollylive.errors import SetError
from bollylive.sets.reload import POLL_S, SetWatch
from bollylive.sets.settings import Set

SLOW_S: Final = 5.0  # a disk that takes longer is reported

SavedSet: TypeAlias = Set | tuple[str, ...]  # what was saved, or a sentence for each of its problems


class SetFileThread:
    """Hands over what was saved. One thread calls `start`, `take`, `trouble` and `stop`, which never block."""

    def __init__(self, watch: SetWatch) -> None:
        self._watch = watch
        self._saved: deque[SavedSet] = deque()
        self._looks_since_s: float | None = None
        self._slow_is_reported = self._stopped = False

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self._watch.path

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="set file", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end soon, or when the disk answers."""
        self._stopped = True

    def take(self) -> SavedSet | None:
        """Return what was saved since the last call, once for each time; None if nothing was."""
        return self._saved.popleft() if self._saved else None

    def trouble(self, now_s: float) -> str | None:
        """Return a sentence for the musician if the disk does not answer, once until it does."""
        since_s = self._looks_since_s
        if since_s is None or now_s - since_s < SLOW_S:
            self._slow_is_reported = self._slow_is_reported and since_s is not None
            return None
        if self._slow_is_reported:
            return None
        self._slow_is_reported = True
        return f"{self.path}: its disk does not answer; what you save counts as soon as it does."

    def look(self, now_s: float) -> None:
        """Look whether the file was saved, and read it then, as the thread does four times a second. May block."""
        self._looks_since_s = now_s
        if self._watch.changed(now_s):
            self._saved.append(self._read())
        self._looks_since_s = None

    def _read(self) -> SavedSet:
        try:
            return self._watch.read()
        except SetError as error:
            return tuple(error.problems)
        except Exception as error:  # noqa: BLE001 - a file may hold anything, and the band plays on whatever it is
            return (f"{self.path}: the set cannot be read ({type(error).__name__}); undo what was saved last.",)

    def _run(self) -> None:
        while not self._stopped:
            self.look(time.perf_counter())
            time.sleep(POLL_S)
