"""What the model would answer to a part's queries, given by a test."""

from __future__ import annotations

import numpy as np

from bollylive.engine.grid import Bars
from bollylive.engine.history import History
from bollylive.engine.model_query import ModelQuery, query_next_onset, query_note
from bollylive.engine.motif_memory import MotifMemory
from bollylive.engine.part import Part
from bollylive.model.codec import Choice
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import ChannelSet, Set

BARS = Bars(zero_tick=0, ticks=96)
SHAPE = (1, 2)


def part_of(
    setting: ChannelSet | None = None, notes: int = 8, memory: MotifMemory | None = None, memory_weight: float = 0.0
) -> Part:
    """A part of a band that does not quantise."""
    setting = setting or ChannelSet(0)
    live = LiveSet(Set(channels=(setting,), quantise=False, memory=memory_weight))
    return Part(live, setting.channel, History(notes, SHAPE), memory)


def reply(query: ModelQuery, choice: Choice) -> None:
    """Answer a query, each state one more than the one before it."""
    processed = np.arange(1, len(query.rows), dtype=np.float32)
    query.apply(choice, query.state + processed[:, None, None])


def process_all(part: Part, next_ticks: int | None = 12) -> None:
    """Let the model process all entries, and foresee the next onset so many ticks after the newest."""
    while (query := query_next_onset(part, BARS)) is not None:
        reply(query, Choice(60, 1, 1, next_ticks))


def next_query(part: Part) -> ModelQuery:
    """The query for the note that is due, after the model has processed what it must."""
    part.prepare(10**6)
    process_all(part)
    return query_note(part, BARS)


def choose(part: Part, pitch: int = 60, next_ticks: int | None = 12) -> int:
    """Let the model choose a note; gives the note's tick."""
    query = next_query(part)
    reply(query, Choice(pitch, 6, 100, next_ticks))
    return query.tick


def planned(part: Part) -> list[tuple[int, int]]:
    return [(entry.tick, entry.pitch) for entry in part.plan]
