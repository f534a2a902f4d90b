"""What the band does alone, once the musician has stopped: whether it keeps to their notes, and whether it moves on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from training.judging.harmony import band_chords
from training.judging.ragas import Raga, outside_raga
from training.judging.repetition import WINDOW_BARS, runs_by_kind
from training.judging.scale import own_notes, time_in
from training.judging.take import Take, within
from training.judging.texture import by_kind, drift

LEAST_BARS: Final = WINDOW_BARS  # fewer are an ending, and no band alone
_LEAST_MINUTES: Final = 2
_MOST_BARS_ALIKE: Final = WINDOW_BARS - 1


def judge_alone(take: Take, first_bar: int, raga: Raga | None) -> Iterator[tuple[str, float | None]]:
    """The measures of a take from the bar `first_bar` on, in which the musician plays no more.

    Time in the musician's own notes: see `scale.time_in`, and `scale.own_notes` of all that they have played until
    then. Minutes are whole bars at the take's first tempo. Where the band is alone for two minutes and more, the first
    and the last of them are compared, by chord changes (last / first), notes a bar, and mean pitch of each kind of
    instrument; each full minute is asked for its changes a bar and its different chords, and the fewest are given. A
    run is counted as if in a window of 16 bars, so 15 at most.
    """
    alone = take.part(first_bar, take.bars)
    heard = within(take.notes("lead"), first_bar * take.bar_beats)
    yield "alone_own_notes", time_in(own_notes(heard), alone)
    if raga:
        yield "alone_outside_raga", outside_raga(alone.notes("bass", "other"), alone.end, raga)
    for kind, run in runs_by_kind(alone).items():
        yield f"alone_run.{kind}", min(run, _MOST_BARS_ALIKE)
    chords, minute = band_chords(alone), alone.bars_of(1)
    if chords:
        yield "alone_changes", chords.changes_per_bar()
    if alone.bars < _LEAST_MINUTES * minute:
        return
    if chords:
        minutes = [chords.part(begin, begin + minute) for begin in range(0, alone.bars - minute + 1, minute)]
        yield "alone_least_changes", min(part.changes_per_bar() for part in minutes)
        yield "alone_least_chords", min(part.different() for part in minutes)
        first, last = minutes[0].changes_per_bar(), chords.part(alone.bars - minute, alone.bars).changes_per_bar()
        yield "alone_changes_ratio", last / first if first else None
    begins, ends = by_kind(alone.part(0, minute)), by_kind(alone.part(alone.bars - minute, alone.bars))
    for kind in by_kind(alone):
        yield f"alone_last_notes.{kind}", len(ends.get(kind, ())) / minute
        if kind != "drums" and kind in begins and kind in ends:
            yield f"alone_drift.{kind}", drift(begins[kind], ends[kind])
