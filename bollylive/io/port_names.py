"""Finds a port by the name that a musician gives it, even after it has come back with another number."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from bollylive.errors import PortError

Graph: TypeAlias = Mapping[str, frozenset[str]]  # by the name of a port of ours: what is connected to it
VIRTUAL = "virtual"  # in a list of names it means a port that BollyLive makes

# What rtmidi appends to a name: Windows' index in each direction, ALSA's numbers of client and port.
_NUMBERS = {"winmm": r" \d+$", "alsa": r" \d+:\d+$"}


def wanted_names(names: str | Sequence[str]) -> list[str]:
    """Return the wanted ports of one direction, BollyLive's own first."""
    wanted = [names] if isinstance(names, str) else list(names) or [VIRTUAL]
    return sorted((VIRTUAL if is_virtual(name) else name for name in wanted), key=lambda name: name != VIRTUAL)


def is_virtual(name: str) -> bool:
    """Return whether a wanted name means BollyLive's own port."""
    return name.casefold() == VIRTUAL


def without(names: Sequence[str], hidden: Collection[str]) -> list[str]:
    """Return the same list, but with "" in place of each name that is `hidden`."""
    return ["" if name in hidden else name for name in names]


def find(names: Sequence[str], wanted: str, kind: str) -> int:
    """Return the index in `names` of the port that is called `wanted`, or of the only port whose name contains it.

    An empty name is no port. Raises PortError if there is no such port or more than one; `kind`, "input" or "output",
    is for its sentence.
    """
    found = _matches(names, wanted)
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"'{names[i]}'" for i in (found or range(len(names))) if names[i]) or "none"
    if found:
        raise PortError(f"'{wanted}' could be any of these MIDI {kind}s: {there}; give more of the name.")
    raise PortError(f"There is no MIDI {kind} '{wanted}'; there are: {there}.")


def find_again(names: Sequence[str], known: str, wanted: str, api: str) -> int | None:
    """Return the index in `names` of a port that has come back: by its name, by that without number, or as wanted."""
    bare = [_bare(name, api) for name in names]
    for found in (
        [i for i, name in enumerate(names) if name == known],
        [i for i, name in enumerate(bare) if name == _bare(known, api)],
        _matches(names, wanted),
    ):
        if found:
            return found[0] if len(found) == 1 else None
    return None


def same(name: str, other: str, api: str) -> bool:
    """Return whether two names mean one port; Windows changes the numbers between directions and with each change."""
    return name == other or (api == "winmm" and _bare(name, api) == _bare(other, api))


def keep_apart(inputs: Sequence[str], outputs: Sequence[str], api: str) -> None:
    """Raise PortError if a port is among both the inputs and the outputs, or twice among either."""
    for names in (inputs, outputs):
        folded = [name.casefold() for name in names]
        for name in names:
            if folded.count(name.casefold()) > 1:
                raise PortError(f"The MIDI port '{name}' is named twice; name it once.")
    for name in inputs:
        if not is_virtual(name) and any(same(name.casefold(), other.casefold(), api) for other in outputs):
            raise PortError(
                f"Input and output are both '{name}', so BollyLive would hear itself; choose one port per direction."
            )


def _matches(names: Sequence[str], wanted: str) -> list[int]:
    folded = wanted.casefold()
    return [i for i, name in enumerate(names) if name and name == wanted] or [
        i for i, name in enumerate(names) if name and folded in name.casefold()
    ]


def _bare(name: str, api: str) -> str:
    """Return the device's own name."""
    return re.sub(_NUMBERS[api], "", name) if api in _NUMBERS else name
