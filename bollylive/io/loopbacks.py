"""Knows loopbacks by their names: what is sent to such a port comes out of it again.

A device that has one name for both directions, such as a stage piano, is no loopback: what is sent to it sounds. No
MIDI system tells the two apart, so the names of the usual loopbacks are known here: ALSA's Midi Through, which other
systems show as well, the IAC driver of macOS, and loopMIDI, LoopBe and the app loopback of Windows. A loopback with
another name is noticed when notes come back, see `feedback_filter`.

The app loopback of Windows MIDI Services is a pair: what one program sends to *Default App Loopback (A)* another one
receives from *(B)*, and the other way round. So a program takes one end for both directions, and its partner the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bollylive.errors import PortError
from bollylive.io.port_names import same

# ALSA's port, also as a2jmidid and PipeWire bring it to JACK, with another name for each direction.
_THROUGH: Final = re.compile(r"midi through(?: port-\d+)?", re.IGNORECASE)
_LOOPBACK: Final = re.compile(r"\bIAC\b|loopmidi|loopbe|loopback", re.IGNORECASE)
_PAIR_END: Final = re.compile(r"loopback \(([ab])\)", re.IGNORECASE)
_OTHER_END: Final = {"A": "B", "B": "A"}


def makes_loop(heard: str, played: str, api: str) -> bool:
    """Return whether what is sent to the output `played` comes out of the input `heard`, as far as names tell."""
    heard_through, played_through = _through(heard), _through(played)
    if heard_through and played_through:
        return heard_through == played_through
    return _LOOPBACK.search(heard) is not None and same(heard.casefold(), other_end(played).casefold(), api)


def refuse_loops(inputs: Iterable[str], outputs: Iterable[str], api: str) -> None:
    """Raise PortError if one of the inputs and one of the outputs are the ends of a loopback."""
    played = list(outputs)
    for heard in inputs:
        for other in played:
            if makes_loop(heard, other, api):
                raise PortError(
                    f"What is sent to '{other}' comes back from '{heard}', so BollyLive would hear itself; "
                    f"{_cure(other)}."
                )


def pair_end(name: str) -> str:
    """Return which end of Windows' app loopback a port is, "A" or "B"; empty if it is none."""
    end = _PAIR_END.search(name)
    return "" if end is None else end[1].upper()


def other_end(name: str) -> str:
    """Return the name of the other end of Windows' app loopback; a name that is none stays as it is."""
    return _PAIR_END.sub(lambda end: f"{end[0][:-2]}{_OTHER_END[end[1].upper()]})", name)


def _through(name: str) -> str:
    """Return which of ALSA's Midi Through ports a name means; empty if none."""
    found = list(_THROUGH.finditer(name.casefold()))
    return found[-1][0] if found else ""


def _cure(played: str) -> str:
    if end := pair_end(played):
        return f"take end ({end}) for both --in and --out, and end ({_OTHER_END[end]}) for both directions of your DAW"
    return "choose another port for one direction"
