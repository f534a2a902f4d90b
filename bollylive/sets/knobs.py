"""The knobs of a set that can be turned while it plays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bollylive.sets.band import KNOBS, MODEL_ROLES, ChannelSet, Set
from bollylive.sets.controls import Command


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


def keep_turned(before: Set, after: Set, turned: Set) -> Set:
    """A set that was written anew, with the knobs where the musician has turned them since it was `before`.

    What was written anew itself counts as it is written.
    """
    kept: dict[str, Any] = {
        knob: getattr(turned, knob)
        for knob in KNOBS
        if knob != "density" and getattr(after, knob) == getattr(before, knob)
    }

    def keep_density(written: ChannelSet) -> ChannelSet:
        same = written.density == before.channel(written.channel).density
        return replace(written, density=turned.channel(written.channel).density) if same else written

    return replace(after, **kept, channels=tuple(map(keep_density, after.channels)))
