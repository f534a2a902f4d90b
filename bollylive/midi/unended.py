"""The notes of one channel in one track of a file, and an end for those that lack a note-off.

A note without a note-off lasts until the next onset of its channel, as in a melody, and a bar of four beats at most: in
popular songs a chord hardly ever lasts longer, so a longer note would sound into another harmony.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final

from bollylive.midi.strokes import KeyMessage, Position, Stroke, pair

LONGEST_BEATS: Final = 4
_LAST_BEATS: Final = 1  # of a note that is the very last thing in its file


def strokes_of_part(
    keys: Mapping[int, Sequence[KeyMessage]], track: int, last_tick: int, ticks_per_beat: float
) -> tuple[dict[int, list[Stroke]], int]:
    """Return the strokes of each key, and how many of them had no note-off; `last_tick` is the end of the file."""
    paired = {pitch: pair(messages) for pitch, messages in keys.items()}
    onsets = sorted(note.begin[0] for notes in paired.values() for note in notes)
    unended = sum(note.end is None for notes in paired.values() for note in notes)

    def end_of(begin: Position) -> Position:
        tick = begin[0]
        later = bisect_right(onsets, tick)
        if later < len(onsets):
            end = onsets[later]
        else:
            end = last_tick if last_tick > tick else tick + round(_LAST_BEATS * ticks_per_beat)
        return min(end, tick + round(LONGEST_BEATS * ticks_per_beat)), -1

    strokes = {
        pitch: [Stroke(track, note.begin, note.end or end_of(note.begin), note.velocity) for note in notes]
        for pitch, notes in paired.items()
    }
    return strokes, unended
