"""What the model would say to a part, said by a test."""

from __future__ import annotations

import numpy as np

from bollylive.engine.history import History
from bollylive.engine.model_query import ModelQuery, ask_to_choose, ask_to_foresee
from bollylive.engine.part import Part
from bollylive.model.codec import Choice
from bollylive.sets.band import ChannelSet

CYCLE = 96
SHAPE = (1, 2)


def part_of(setting: ChannelSet | None = None, notes: int = 8) -> Part:
    return Part(setting or ChannelSet(0), History(notes, SHAPE))


def reply(ask: ModelQuery, choice: Choice) -> None:
    """Answer an ask, each state one more than the one before it."""
    heard = np.arange(1, len(ask.rows), dtype=np.float32)
    ask.take(choice, ask.state + heard[:, None, None])


def hear_all(part: Part, next_ticks: int | None = 12) -> None:
    while (ask := ask_to_foresee(part, CYCLE)) is not None:
        reply(ask, Choice(60, 1, 1, next_ticks))


def next_ask(part: Part) -> ModelQuery:
    """The ask for the note that is due, after the part has heard what it must."""
    part.prepare(10**6)
    hear_all(part)
    return ask_to_choose(part, CYCLE)


def choose(part: Part, pitch: int = 60, next_ticks: int | None = 12) -> int:
    """Let the model choose a note; gives the note's tick."""
    ask = next_ask(part)
    reply(ask, Choice(pitch, 6, 100, next_ticks))
    return ask.tick


def planned(part: Part) -> list[tuple[int, int]]:
    return [(entry.tick, entry.pitch) for entry in part.plan]
