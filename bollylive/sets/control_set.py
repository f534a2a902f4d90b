"""What a `[[control]]` of a set is: an event of the musician's that is a command, and the commands there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Action: TypeAlias = Literal["tap", "sam", "hand over", "again", "back", "keep", "vary", "sleep"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
ACTION_HELP: Final[Mapping[str, str]] = {
    "tap": "three or more taps set the tempo while no clock leads",
    "sam": "the bar begins here",
    "hand over": "the model takes over the channel, or gives it back",
    "again": "the model gives another answer to the same phrase",
    "back": "the model returns to the answer before",
    "keep": "the model repeats this answer again and again",
    "vary": "the model gives an answer that begins like this one",
    "sleep": "the band is silent until you play",
}

ControlKind: TypeAlias = Literal["cc", "note", "program"]
CONTROL_KINDS: Final[tuple[ControlKind, ...]] = get_args(ControlKind)


@dataclass(frozen=True, slots=True)
class ControlSet:
    """One controller, key or program change that is a command, so it is not treated as music or passed through."""

    kind: ControlKind
    number: int  # 0-127
    does: str  # one of ACTIONS or KNOBS
    channel: int | None = None  # 0-15, the channel that it comes from; None: any
    on: int | None = None  # 0-15, the channel that it acts on; None: all that it can act on
