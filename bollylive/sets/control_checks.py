"""Controls that can do nothing in their set: each is legal, but somebody would press it in vain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bollylive.sets.control_set import Action, ControlSet
from bollylive.sets.settings import CHANNEL_SETTINGS, KNOBS, MODEL_ROLES, TURN_ROLES, ChannelSet, Set

_OF_TURNS: Final[tuple[Action, ...]] = ("hand over", "again", "back", "keep", "vary")


def describe_idle_controls(band: Set) -> Iterator[str]:
    """Return a sentence for each control that has no effect, or whose `on` has none. Pure; any thread may call it."""
    for count, control in enumerate(band.controls, start=1):
        if (problem := _problem(band, control)) is not None:
            yield f"[[control]] number {count}: {control.does} {problem}"


def _problem(band: Set, control: ControlSet) -> str | None:
    is_of_channels = control.does in _OF_TURNS or (control.does in KNOBS and control.does in CHANNEL_SETTINGS)
    if not is_of_channels:
        return None if control.on is None else "acts on the whole band, so the line on has no effect; leave it out."
    roles = TURN_ROLES if control.does in _OF_TURNS else MODEL_ROLES
    wanted = " or ".join(map(repr, roles))
    if control.on is None:
        may_come = control.does in _OF_TURNS and band.default_role in roles  # a channel that nobody named yet
        able = may_come or any(own.role in roles for own in band.channels)
        return None if able else f"has no effect, because no instrument has the role {wanted}."
    own = _named(band, control.on)
    where = f"has no effect on channel {control.on + 1}"
    if own is None and (control.does not in _OF_TURNS or band.default_role not in roles):
        return f"{where}, which the set does not name; give it a [[channel]] with the role {wanted}."
    if own is not None and own.role not in roles:
        return f"{where}, whose role is {own.role!r}; it needs {wanted}."
    return None


def _named(band: Set, channel: int) -> ChannelSet | None:
    return next((own for own in band.channels if own.channel == channel), None)
