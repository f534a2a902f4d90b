"""Finds in the journals what bands that were killed with all their processes have left sounding.

The next band ends these notes when somebody listens. After a journal that was closed properly, nothing is left. One
that breaks off lacks the last moment, or all since a disk was full, so every channel is reset, whatever it holds.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.files.locked_file import is_written
from bollylive.io.sounding_notes import SoundingNotes
from bollylive.journal.folder import find_journals, read_last
from bollylive.journal.lines import END
from bollylive.journal.reader import read_end
from bollylive.protocol import InheritedState, Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

_BEGINNING: Final = b'{"journal": "bollylive"'  # of a header, whatever else is in it
_CHANNELS: Final = tuple(range(16))
_MOST_JOURNALS: Final = 4  # a band that is killed before anybody listens also leaves what it should have ended


def find_left(folder: Path) -> InheritedState:
    """Return what was left according to the newest journals of a folder, back to one that was closed properly.

    Journals of bands that are still playing are left out, and so are journals that cannot be read. Windows does not
    show which bands are still playing, so nothing is found there. May block.
    """
    cut_off: list[bytes] = []
    if sys.platform == "win32":
        return InheritedState()
    with suppress(OSError):
        for path in find_journals(folder):
            with suppress(OSError):
                if is_written(path):
                    continue
                data = read_last(path)
                if data.endswith(END) or len(cut_off) == _MOST_JOURNALS:
                    break
                cut_off.append(data)
    left = InheritedState()
    for data in reversed(cut_off):
        notes = SoundingNotes(LiveSet(Set()))
        notes.inherit(left)
        for message in read_end(data):
            if isinstance(message, Sent | Anchor):
                notes.add(message)
        if notes.has_played or data[: len(_BEGINNING)] == _BEGINNING[: len(data)]:
            left = InheritedState(notes.left.releases, _CHANNELS)
    return left
