"""A part as a snapshot shows it to those who watch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from bollylive.engine.history import Entry
from bollylive.engine.part import Part
from bollylive.midi.messages import Note, Player
from bollylive.model import codec
from bollylive.snapshot.format import NEWEST_NOTES, PartSnapshot


def part_snapshot(part: Part, awake: bool, now_tick: int, beat_of: Callable[[int], float]) -> PartSnapshot:
    """The snapshot of a part of a band that is `awake` or not; `beat_of` gives the beat of a tick."""
    newest = (entry for entry in reversed(part.history.entries) if entry.pitch != codec.REST)
    return PartSnapshot(
        channel=part.channel,
        name=part.setting.name,
        role=part.setting.role,
        instrument=part.instrument,
        word=_who_plays(part, now_tick) if awake else None,
        ahead=len(part.plan),
        newest=tuple(_note(part.channel, entry, beat_of) for entry in islice(newest, NEWEST_NOTES))[::-1],
    )


def _who_plays(part: Part, now_tick: int) -> Player | None:
    """What is only planned for the case that the musician stops does not count."""
    since = part.touched_tick
    if part.is_playing and (since is None or part.history.model_notes(since, now_tick + 1)):
        return "model"
    return None if since is None else "musician"


def _note(channel: int, entry: Entry, beat_of: Callable[[int], float]) -> Note:
    duration = entry.duration_ticks / codec.TICKS_PER_BEAT if entry.duration_ticks else None
    return Note(channel, entry.pitch, entry.velocity, beat_of(entry.tick), duration)
