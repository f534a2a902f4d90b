"""Takes a set that was saved into use, and keeps the values of knobs that the musician has turned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bollylive.processes.set_file_thread import SavedSet
from bollylive.sets.control_checks import describe_idle_controls
from bollylive.sets.controls import Command, change_set
from bollylive.sets.live_set import LiveSet
from bollylive.sets.reload import keep_fixed, keep_turned
from bollylive.sets.settings import Set


class SetFile(Protocol):
    """A set file that is watched; see `SetFileThread`."""

    @property
    def path(self) -> Path:
        """The path of the file."""

    def take(self) -> SavedSet | None:
        """Return what was saved since the last call."""

    def trouble(self, now_s: float) -> str | None:
        """Return a sentence for the musician if the disk does not answer."""


class SetReloader:
    """Replaces `live.band`; `say` gets sentences for the musician, also of controls without effect. One thread; never
    blocks.

    Without a `file` nothing is saved.
    """

    def __init__(self, live: LiveSet, file: SetFile | None, say: Callable[[str], None]) -> None:
        self._live, self._file, self._say = live, file, say
        self._written = live.band  # as it stands in the file; `live.band` has the knobs as they stand
        self._tell_idle_controls()

    def turn(self, knob: Command) -> None:
        """Note that a knob was turned."""
        self._live.band = change_set(self._live.band, knob)

    def check(self, now_s: float) -> Set | None:
        """Return the set if it was saved and is now in use; if it has a problem, the band plays on as before."""
        if self._file is None:
            return None
        if (trouble := self._file.trouble(now_s)) is not None:
            self._say(trouble)
        saved = self._file.take()
        if saved is None:
            return None
        if isinstance(saved, Set):
            return self._use(saved, self._file.path)
        for problem in saved:
            self._say(problem)
        self._say("The band plays on as it was.")
        return None

    def _use(self, saved: Set, path: Path) -> Set:
        saved, waiting = keep_fixed(self._live.band, saved)
        self._live.band = keep_turned(self._written, saved, self._live.band)
        self._written = saved
        self._say(f"{path}: the saved set plays now.")
        if waiting:
            self._say(f"{path}: the new {', '.join(waiting)} counts when jam is started again.")
        self._tell_idle_controls()
        return self._live.band

    def _tell_idle_controls(self) -> None:
        for sentence in describe_idle_controls(self._live.band):
            self._say(sentence)
