"""The knobs of a set that can be turned while it plays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bollylive.band import KNOBS, MODEL_ROLES, Set
from bollylive.note import Command


def turn_knob(band: Set, command: Command) -> Set:
    """The set with one knob where the command says: from 0, the lowest that is legal, to 1, the highest.

    The density is turned on the command's channel, or on all that the model plays.
    """
    lowest, highest = KNOBS[command.does]
    value = lowest + (highest - lowest) * min(max(command.value, 0.0), 1.0)
    if command.does != "density":
        turned: dict[str, Any] = {command.does: value}
        return replace(band, **turned)
    channels = tuple(
        replace(setting, density=value)
        if setting.role in MODEL_ROLES and command.channel in (None, setting.channel)
        else setting
        for setting in band.channels
    )
    return replace(band, channels=channels)
