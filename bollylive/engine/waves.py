"""In which order the parts choose their notes at one tick: bass and percussion first, then the others, who hear them.

All parts of a wave choose in one call of the model, because a call for sixteen voices takes little longer than one for
a single voice. So they do not hear each other at that tick, as musicians who play together do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from bollylive.engine.part import Part
from bollylive.model.codec import PERCUSSION

BASSES = range(32, 40)  # the programs of General MIDI's family "Bass"


def is_foundation(instrument: int) -> bool:
    """Whether an instrument, a program 0-127 or PERCUSSION, chooses first at a tick."""
    return instrument == PERCUSSION or instrument in BASSES


def next_to_choose(due: Sequence[Part]) -> list[Part]:
    """The parts that choose in the next call, of those that are due; each list in the same order."""
    if not due:
        return []
    tick = min(part.due_tick for part in due)
    now = [part for part in due if part.due_tick == tick]
    first = [part for part in now if is_foundation(part.instrument) and not part.history.sounding_at(tick)]
    return first or now
