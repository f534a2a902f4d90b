"""Notices that a set file was saved while the band plays, and decides which changes take effect at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from bollylive.sets.settings import CHANNEL_SETTINGS, KNOBS, SET_SETTINGS, ChannelSet, Set

POLL_S: Final = 0.25

# Ports, buffers and bars are built at the start, and the noise begins with its seed.
FIXED: Final = tuple(name for name, known in SET_SETTINGS.items() if not known.live)

# What the musician may have changed since: the knobs, and the zone that an MPE keyboard has set up.
_TURNED: Final = (*KNOBS, "mpe")

Settings = TypeVar("Settings", Set, ChannelSet)


class SetWatch:
    """Notices that a set file was saved. Looks at most four times a second. May block on the disk.

    `read` gives the file's set, or raises SetError.
    """

    def __init__(self, path: Path, read: Callable[[], Set]) -> None:
        self.path, self.read = path, read
        self._seen = self._taken = self._stamp()
        self._next_s = 0.0

    def changed(self, now_s: float) -> bool:
        """True once after each change, as soon as the file exists and has been the same at two looks."""
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


def keep_fixed(playing: Set, saved: Set) -> tuple[Set, list[str]]:
    """The saved set, but with the fixed settings of the set that plays; and the names of the settings that differ."""
    waiting = [name for name in FIXED if getattr(saved, name) != getattr(playing, name)]
    return replace(saved, **{name: getattr(playing, name) for name in FIXED}), waiting


def keep_turned(before: Set, saved: Set, playing: Set) -> Set:
    """The saved set, but with the knobs as the musician has turned them since the file held `before`.

    If the file itself changes a knob, the value in the file counts.
    """
    channels = tuple(
        _keep_knobs(before.channel(own.channel), own, playing.channel(own.channel)) for own in saved.channels
    )
    return replace(_keep_knobs(before, saved, playing), channels=channels)


def _keep_knobs(before: Settings, saved: Settings, playing: Settings) -> Settings:
    settings = SET_SETTINGS if isinstance(saved, Set) else CHANNEL_SETTINGS
    kept: dict[str, Any] = {
        name: getattr(playing, name)
        for name in _TURNED
        if name in settings and getattr(saved, name) == getattr(before, name)
    }
    return replace(saved, **kept)
