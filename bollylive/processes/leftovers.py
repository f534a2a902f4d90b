"""What bands that were killed with all their processes have left sounding, as their journals tell.

The next band lets go of it when somebody listens. A journal that ended as it should tells that there is nothing left.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.files.lasting_file import is_written
from bollylive.io.sounding_notes import SoundingNotes
from bollylive.journal.folder import find_journals, read_last
from bollylive.journal.lines import END, read_end
from bollylive.protocol import InheritedState, Sent
from bollylive.sets.band import Set
from bollylive.sets.live_set import LiveSet

_MOST_JOURNALS: Final = 4  # a band that is killed before anybody listens leaves what it was to let go of itself


def find_left(folder: Path) -> InheritedState:
    """What the newest journals of a folder tell, back to one that ended well; those of bands that still play are left
    out. What cannot be read tells nothing. Windows does not say who still plays, so there nothing is found. May block.
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
        witness = SoundingNotes(LiveSet(Set()))
        witness.inherit(left)
        for word in read_end(data):
            if isinstance(word, Sent | Anchor):
                witness.add(word)
        left = witness.left
    return left
