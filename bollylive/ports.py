"""`bollylive ports`: the MIDI ports that a set or the command line can name."""

from __future__ import annotations

from bollylive.errors import PortError, PortsHangError
from bollylive.io.rtmidi_backend import available_apis
from bollylive.processes.apart import list_ports


def describe_ports(api: str | None) -> list[str]:
    """Look at one MIDI system, or with None at all of them; return a line for each list of ports.

    A system that does not answer beside one that does gets a line too. Raises PortError if none answers. Blocks until
    every MIDI system has answered, or for twenty seconds for one that hangs.
    """
    lines, answered, hang = [], False, None
    names = [api] if api else available_apis()
    for name in names:
        try:
            inputs, outputs = list_ports(name)
        except PortsHangError as error:
            hang = error
            lines.append(f"{name}: {error}")
        except PortError:
            lines.append(f"{name}: not running")
        else:
            answered = True
            lines += [f"{name} in: {', '.join(inputs) or 'none'}", f"{name} out: {', '.join(outputs) or 'none'}"]
    if not answered:
        if hang is not None:
            raise hang
        list_ports(api)  # raises, with what all of them say
    return lines
