"""Reads the set again when its file is saved, and keeps the values of knobs that the musician has turned."""

from __future__ import annotations

from collections.abc import Callable

from bollylive.errors import SetError
from bollylive.sets.controls import Command, change_set
from bollylive.sets.live_set import LiveSet
from bollylive.sets.reload import SetWatch, keep_fixed, keep_turned
from bollylive.sets.settings import Set


class SetReloader:
    """Replaces `live.band`; `say` gets sentences for the musician. One thread; reading the file blocks for a moment.

    Without a `watch` there is no file.
    """

    def __init__(self, live: LiveSet, watch: SetWatch | None, say: Callable[[str], None]) -> None:
        self._live, self._watch, self._say = live, watch, say
        self._written = live.band  # as it stands in the file; `live.band` has the knobs as they stand

    def turn(self, knob: Command) -> None:
        """Note that a knob was turned."""
        self._live.band = change_set(self._live.band, knob)

    def check(self, now_s: float) -> Set | None:
        """Return the set if it was saved and is now in use; if it has a problem, the band plays on as before."""
        watch = self._watch
        if watch is None or not watch.changed(now_s):
            return None
        try:
            read = watch.read()
        except SetError as error:
            problems = error.problems
        except Exception as error:  # noqa: BLE001 - a file may hold anything, and the band plays on whatever it is
            problems = [f"{watch.path}: the set cannot be read ({type(error).__name__}); undo what was saved last."]
        else:
            return self._take(read, watch)
        for problem in problems:
            self._say(problem)
        self._say("The band plays on as it was.")
        return None

    def _take(self, read: Set, watch: SetWatch) -> Set:
        read, waiting = keep_fixed(self._live.band, read)
        self._live.band = keep_turned(self._written, read, self._live.band)
        self._written = read
        self._say(f"{watch.path}: the saved set plays now.")
        if waiting:
            self._say(f"{watch.path}: the new {', '.join(waiting)} counts when jam is started again.")
        return self._live.band
