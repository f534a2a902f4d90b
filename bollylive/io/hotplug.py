"""Which ports have gone and which are back, and how a musician is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from bollylive.io.port import Change, Port
from bollylive.io.port_names import Graph, without


def look_at(
    ports: Sequence[Port[Any]], own: Collection[str], graph: Graph | None, *, may_list: bool
) -> list[tuple[int, Change]]:
    """Let each port of one direction see whether it has gone, or join again; gives (its place, what happened).

    `own` are the names of all our ports, as others see them: one that waits must join none of them, nor what another
    port has joined. Reads the list of ports if it `may_list`, anew after each change, and not at all if all ports are
    virtual.
    """
    names: list[str] | None = None
    changes = []
    for place, port in enumerate(ports):
        if port.virtual:
            continue
        if names is None and may_list:
            names = port.others()
        was_busy = port.busy
        taken = frozenset() if was_busy else frozenset(own).union(other.name for other in ports if other.busy)
        change = port.look(None if names is None else without(names, taken), graph)
        if change is not None:
            changes.append((place, change))
        if port.busy != was_busy:
            names = None
    return changes


def sentence(port: Port[Any], change: Change) -> str:
    """What happened to a port, for the musician."""
    if change == "back":
        return f"The MIDI {port.kind} '{port.name}' is back."
    ended = " Its notes are ended." if port.kind == "input" else ""
    return f"The MIDI {port.kind} '{port.name}' is gone.{ended} It is joined again when it is back."


def stopped(port: Port[Any]) -> str:
    """That notes were ended for a source that will not end them, for the musician."""
    what = f"What feeds '{port.name}'" if port.virtual else f"The MIDI input '{port.name}'"
    return f"{what} has stopped in the middle; the notes that it held are ended."
