"""Finds a port by the name that a musician gives it, even after it has come back with another number."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from bollylive.errors import PortError

Graph: TypeAlias = Mapping[str, frozenset[str]]  # by the name of a port of ours: what is connected to it
VIRTUAL = "virtual"  # in a list of names it means a port that BollyLive makes
NAME = "BollyLive"  # our own ports are called after it

_A_BAND = re.compile(rf"{NAME} (\d+ )?(In|Out)\b", re.IGNORECASE)  # how the ports of any BollyLive begin
# The numbers in a name, which are others after a restart: Windows' index in each direction; ALSA's numbers of client
# and port, and the process numbers of FluidSynth; and ALSA's number of a client that a2jmidid brings to JACK.
_NUMBERS = {"winmm": r" \d+$", "alsa": r" \d+:\d+$| \(\d{3,}(:\d+)?\)", "jack": r" \[\d+\](?= \()"}


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


def free_suffix(name: str, taken: Iterable[str]) -> str:
    """Return what to append to the names of our clients, so that no port among `taken` seems to be ours: "", "-01"."""
    clients = {other.partition(":")[0] for other in taken}
    suffixes = ("", *(f"-{number:02}" for number in range(1, len(clients) + 1)))
    return next(suffix for suffix in suffixes if clients.isdisjoint({f"{name} In{suffix}", f"{name} Out{suffix}"}))


def is_a_band(name: str) -> bool:
    """Return whether this is a port of a BollyLive, ours or another one."""
    return _A_BAND.match(name) is not None


def candidates(names: Sequence[str], wanted: str, api: str = "") -> list[int]:
    """Return the indices in `names` of the ports that `wanted` may mean.

    These are the ports with that name; else those whose name contains it, in any case; else those that differ only by
    a number of the system `api`. Ports of a BollyLive must be named in full, up to In or Out. An empty name is no port.
    """
    bare = _bare(wanted, api)
    found = [i for i, name in enumerate(names) if name and name == wanted] or _containing(names, wanted)
    if not found and bare != wanted:
        found = [i for i, name in enumerate(names) if name and _bare(name, api) == bare]
        if api != "winmm":  # there, a number at the end may as well be a part of the device's own name
            found = found or _containing(names, bare)
    return found


def find(names: Sequence[str], wanted: str, kind: str, api: str = "") -> int:
    """Return the index in `names` of the only port that `wanted` may mean; see `candidates`.

    Raises PortError if there is no such port or more than one; `kind`, "input" or "output", is for its sentence.
    """
    found = candidates(names, wanted, api)
    if len(found) == 1:
        return found[0]
    if found:
        raise PortError(ambiguity(names, found, wanted, kind))
    there = ", ".join(f"'{name}'" for name in names if name) or "none"
    is_meant = [is_a_band(name) and wanted.casefold() in name.casefold() for name in names]
    in_full = " Give the whole name to join another BollyLive." if any(is_meant) else ""
    raise PortError(f"There is no MIDI {kind} '{wanted}'; there are: {there}.{in_full}")


def ambiguity(names: Sequence[str], found: Sequence[int], wanted: str, kind: str) -> str:
    """Return the sentence that says that several ports were `found` by one name."""
    there = ", ".join(f"'{names[i]}'" for i in found)
    return f"'{wanted}' could be any of these MIDI {kind}s: {there}; give more of the name."


def find_again(names: Sequence[str], known: str, wanted: str, api: str) -> int | None:
    """Return the index in `names` of a port that has come back: by its name, by that without number, or as wanted."""
    bare = [_bare(name, api) for name in names]
    for found in (
        [i for i, name in enumerate(names) if name == known],
        [i for i, name in enumerate(bare) if name == _bare(known, api)],
        candidates(names, wanted, api),
    ):
        if found:
            return found[0] if len(found) == 1 else None
    return None


def same(name: str, other: str, api: str) -> bool:
    """Return whether two names mean one port; Windows changes the numbers between directions and with each change."""
    return name == other or (api == "winmm" and _bare(name, api) == _bare(other, api))


def refuse_repeats(*directions: Sequence[str]) -> None:
    """Raise PortError if a port is named twice in one direction."""
    for names in directions:
        folded = [name.casefold() for name in names]
        for name in names:
            if folded.count(name.casefold()) > 1:
                raise PortError(f"The MIDI port '{name}' is named twice; name it once.")


def _containing(names: Sequence[str], part: str) -> list[int]:
    folded = part.casefold()
    return [
        i
        for i, name in enumerate(names)
        if name
        and folded in name.casefold()
        and ((band := _A_BAND.match(name)) is None or band[0].casefold() in folded)
    ]


def _bare(name: str, api: str) -> str:
    """Return the device's own name."""
    return re.sub(_NUMBERS[api], "", name) if api in _NUMBERS else name
