"""A part as those who watch see it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from bollylive.engine.history import Entry
from bollylive.engine.part import Part
from bollylive.midi.messages import Note, Player
from bollylive.model import codec
from bollylive.snapshot.format import NEWEST_NOTES, PartSnapshot


def part_snapshot(part: Part, awake: bool, now_tick: int, beat_of: Callable[[int], float]) -> PartSnapshot:
    """The view of a part of a band that is `awake` or not; `beat_of` gives the beat of a tick."""
    newest = (entry for entry in reversed(part.history.entries) if entry.pitch != codec.REST)
    return PartSnapshot(
        channel=part.channel,
        name=part.setting.name,
        role=part.setting.role,
        instrument=part.instrument,
        word=_who_has_word(part, now_tick) if awake else None,
        ahead=len(part.plan),
        newest=tuple(_note(part.channel, entry, beat_of) for entry in islice(newest, NEWEST_NOTES))[::-1],
    )


def _who_has_word(part: Part, now_tick: int) -> Player | None:
    """What is only planned for the case that the musician stops does not count."""
    since = 0 if part.active is None else part.active
    if part.has_word and (part.active is None or part.history.model_notes(since, now_tick + 1)):
        return "model"
    return None if part.active is None else "musician"


def _note(channel: int, entry: Entry, beat_of: Callable[[int], float]) -> Note:
    duration = entry.duration_ticks / codec.TICKS_PER_BEAT if entry.duration_ticks else None
    return Note(channel, entry.pitch, entry.velocity, beat_of(entry.tick), duration)
