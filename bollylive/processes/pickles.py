"""Makes the messages that pass in great numbers cheap to pickle: as class and values, in a third of the time.

What dataclasses give to pickle asks for the fields of the class again for each message, and sets one after another.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from bollylive.clock.anchor import Anchor
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Program, Tempo
from bollylive.protocol import Heard, Move, Play, Release, Sent

FREQUENT = (Anchor, Control, Heard, Move, Note, NoteOff, NoteOn, Play, Program, Release, Sent, Tempo)


def _reducer(kind: type[Any]) -> Callable[[Any], tuple[type[Any], tuple[Any, ...]]]:
    names = [field.name for field in fields(kind)]
    values = attrgetter(*names) if len(names) > 1 else lambda message: (getattr(message, names[0]),)
    return lambda message: (kind, values(message))


for _kind in FREQUENT:
    copyreg.pickle(_kind, _reducer(_kind))
