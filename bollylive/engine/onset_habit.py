"""How long the musician usually pauses between two onsets on a channel, so that the model does not take a habitual
pause for the end of their playing.

A pianist who plays a chord every third beat is silent for two of them, and has not stopped. Where the pauses are a
habit, the next onset can be foreseen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from bollylive.engine.history import Entry
from bollylive.model import codec

_CHORD_TICKS = 3  # notes of a chord are at most this far apart: an eighth of a beat
_LONGEST_TICKS = 4 * codec.TICKS_PER_BEAT + 6  # a longer pause, of a bar and a little, ends what was played
_GAPS = 8
_WINDOW_TICKS = 32 * codec.TICKS_PER_BEAT  # older onsets say nothing about the present habit
_FEW = 4  # of fewer gaps than this, each may be the habit; of more, only one that came twice


@dataclass(frozen=True, slots=True)
class OnsetHabit:
    """The musician's newest onset on a channel, and the longest habitual gap between their onsets there, in ticks.

    `gap_ticks` is at most a bar of four beats and a little; 0 if no habit is known.
    """

    last_tick: int
    gap_ticks: int = 0


def find_habit(entries: Iterable[Entry]) -> OnsetHabit | None:
    """The habit in the entries of a buffer, from the newest back; None if the musician has not played there.

    The gap is the second longest of the last eight, since what happens once is no habit; of fewer than four gaps it is
    the longest.
    """
    onsets: list[int] = []
    for entry in entries:
        if entry.by_model or entry.pitch == codec.REST:
            continue
        if onsets and (len(onsets) > _GAPS or onsets[0] - entry.tick > _WINDOW_TICKS):
            break
        if onsets and onsets[-1] - entry.tick <= _CHORD_TICKS:
            onsets[-1] = entry.tick
        else:
            onsets.append(entry.tick)
    if not onsets:
        return None
    gaps = sorted(later - earlier for later, earlier in pairwise(onsets) if later - earlier <= _LONGEST_TICKS)
    return OnsetHabit(onsets[0], (gaps[-1] if len(gaps) < _FEW else gaps[-2]) if gaps else 0)
