"""Takes Windows' app loopback in place of ports of our own, which no program can make there.

Windows MIDI Services brings the pair *Default App Loopback (A)* and *(B)*; see `loopbacks`. BollyLive takes (B), and
the DAW (A). Not tried on Windows: the names are those that its issue tracker shows, with the numbers that RtMidi adds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bollylive.io.loopbacks import other_end, pair_end
from bollylive.io.port_names import VIRTUAL

OUR_END: Final = "B"
_PAIR: Final = "app loopback"
_RTMIDIS_NUMBER: Final = re.compile(r" \d+$")


def take_pair(
    wanted_in: Sequence[str], wanted_out: Sequence[str], sources: Sequence[str], sinks: Sequence[str]
) -> tuple[list[str], list[str], str]:
    """Return the wanted inputs and outputs with an end of the pair in place of "virtual", and a sentence on it.

    It is the end that the other direction names, if it names one, because the two ends make a loop. Where the pair is
    not among the others' ports, the wanted ports stay as they are and the sentence is empty.
    """
    named = [end for name in (*wanted_in, *wanted_out) if (end := pair_end(name))]
    end = named[0] if named else OUR_END
    inputs, outputs = _with_end(wanted_in, sources, end), _with_end(wanted_out, sinks, end)
    if (inputs, outputs) == (list(wanted_in), list(wanted_out)):
        return inputs, outputs, ""
    ours = _RTMIDIS_NUMBER.sub("", next(name for name in (*inputs, *outputs) if pair_end(name)))
    plays_to_pair = any(pair_end(name) for name in outputs)
    theirs = ["output"] if any(pair_end(name) for name in inputs) else []
    theirs += ["input"] if plays_to_pair else []
    sentence = f"In your DAW, choose '{other_end(ours)}' as MIDI {' and '.join(theirs)}: BollyLive has '{ours}'."
    if plays_to_pair and (synthesiser := synthesiser_of(sinks)) is not None:
        sentence += f' To hear the band without a DAW: --out "{synthesiser}".'
    return inputs, outputs, sentence


def synthesiser_of(sinks: Sequence[str]) -> str | None:
    """Return the name of the synthesiser that Windows has built in, if it is among the outputs."""
    return next((name for name in sinks if name.startswith("Microsoft GS")), None)


def _with_end(wanted: Sequence[str], names: Sequence[str], end: str) -> list[str]:
    found = [name for name in names if pair_end(name) == end and _PAIR in name.casefold()]
    return [found[0] if name == VIRTUAL and len(found) == 1 else name for name in wanted]
