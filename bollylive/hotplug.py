"""Which ports have gone and which are back, and how a musician is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bollylive.port import Change, Port


def look_at(ports: Sequence[Port[Any]], own: frozenset[str]) -> list[tuple[int, Change]]:
    """Let each port of one direction see whether it has gone, or join again; gives (its place, what happened).

    `own` are the names of all our ports, as others see them: one that waits must join none of them, nor what another
    port has joined. Reads the list of ports once, and not at all if all ports are virtual.
    """
    if all(port.virtual for port in ports):
        return []
    names = ports[0].others()
    changes = []
    for place, port in enumerate(ports):
        taken = frozenset() if port.opened else own.union(other.name for other in ports if other.opened)
        change = port.look(["" if name in taken else name for name in names])
        if change is not None:
            changes.append((place, change))
    return changes


def sentence(port: Port[Any], change: Change) -> str:
    """What happened to a port, for the musician."""
    if change == "back":
        return f"The MIDI {port.kind} '{port.name}' is back."
    ended = " Its notes are ended." if port.kind == "input" else ""
    return f"The MIDI {port.kind} '{port.name}' is gone.{ended} It is joined again when it is back."
