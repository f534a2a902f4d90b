"""The names of all measures, in the order of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Measure:
    """How a measure is shown. Its formula stands where it is made, in the module that is named."""

    title: str
    module: str
    in_percent: bool = False


MEASURES: Final[dict[str, Measure]] = {
    "root_at_one": Measure("bass on the root at beat 1", "harmony"),
    "root": Measure("bass on the root at all", "harmony"),
    "clash": Measure("semitone clash with the lead", "harmony", in_percent=True),
    "changes": Measure("chord changes a bar", "harmony"),
    "longest_chord": Measure("longest chord, bars", "harmony"),
    "as_4_bars_before": Measure("same chord as 4 bars before", "harmony"),
    "as_8_bars_before": Measure("same chord as 8 bars before", "harmony"),
    "in_key": Measure("notes in the lead's key", "scale"),
    "own_notes": Measure("sounding time in the musician's own notes", "scale", in_percent=True),
    "outside_raga": Measure("notes outside the raga", "ragas", in_percent=True),
    "run": Measure("longest run of one identical bar", "repetition"),
    "fills": Measure("bars that are fills", "fills", in_percent=True),
    "dense_fills": Measure("of them by what is in them", "fills", in_percent=True),
    "accents": Measure("drum accents, sd of velocity by place", "fills"),
    "ge": Measure("of the bars with hand drums: Ge on matra", "theka", in_percent=True),
    "ge_in_khali": Measure("of the bars with hand drums: Ge in the khali", "theka", in_percent=True),
    "notes": Measure("notes a bar", "texture"),
    "together": Measure("notes that begin together", "texture"),
    "two": Measure("of its sounding time with two notes and more", "texture", in_percent=True),
    "answering": Measure("onsets in the lead's gaps / while it moves", "texture"),
    "identical_answers": Measure("identical answers to equal calls", "answers", in_percent=True),
    "related_answers": Measure("answers with the call's rhythm or contour", "answers", in_percent=True),
    "spread": Measure("mean velocity of a player, sd between takes", "summary"),
    "alone_own_notes": Measure("alone: sounding time in the musician's own notes", "alone", in_percent=True),
    "alone_outside_raga": Measure("alone: notes outside the raga", "alone", in_percent=True),
    "alone_changes": Measure("alone: chord changes a bar", "alone"),
    "alone_changes_ratio": Measure("alone: chord changes in the last minute / the first", "alone"),
    "alone_least_changes": Measure("alone: chord changes a bar in the minute with the fewest", "alone"),
    "alone_least_chords": Measure("alone: chords in the minute with the fewest", "alone"),
    "alone_run": Measure("alone: longest run of one identical bar in 16", "alone"),
    "alone_last_notes": Measure("alone: notes a bar in the last minute", "alone"),
    "alone_drift": Measure("alone: mean pitch, last minute from the first, semitones", "alone"),
}


def measure_of(key: str) -> tuple[str, Measure]:
    """The title and the measure of a figure by its key, which is a measure's name, or that with `.KIND` behind it."""
    name, _, kind = key.partition(".")
    measure = MEASURES[name]
    return (f"{measure.title}, {kind}" if kind else measure.title), measure


def order_of(key: str) -> tuple[int, str]:
    """Where a figure stands in the table."""
    name, _, kind = key.partition(".")
    return list(MEASURES).index(name), kind
