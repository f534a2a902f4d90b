"""`bollylive ports`: the MIDI ports that a set or the command line can name."""

from __future__ import annotations

from bollylive.errors import PortError
from bollylive.io.rtmidi_backend import available_apis, list_ports


def describe_ports(api: str | None) -> tuple[list[str], list[str]]:
    """Look at one MIDI system, or with None at all of them; return a line for each list of ports, a sentence for each
    failure.

    Blocks until every MIDI system has answered.
    """
    lines, problems = [], []
    for name in [api] if api else available_apis():
        try:
            inputs, outputs = list_ports(name)
        except PortError as error:
            problems.append(str(error))
            continue
        lines += [f"{name} in: {', '.join(inputs) or 'none'}", f"{name} out: {', '.join(outputs) or 'none'}"]
    return lines, problems
