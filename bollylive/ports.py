"""The MIDI ports, through python-rtmidi: one input and one output, virtual or joined to ports that exist.

The virtual ports keep their names for ever, so that a DAW finds them again:

    JACK     clients `BollyLive In` and `BollyLive Out`, ports `BollyLive In:in` and `BollyLive Out:out`
    ALSA     the same clients and ports, listed as `BollyLive In:in 128:0` (the numbers vary)
    macOS    destination `BollyLive In`, source `BollyLive Out` (there, clients have no visible name)
    Windows  none can be made: ports of loopMIDI are joined by name

In and out are two clients everywhere, since rtmidi opens one for each; a second BollyLive on the same JACK
server becomes `BollyLive In-01` and `BollyLive Out-01`. Input is polled, never called back:
a callback runs on the driver's thread, waits for the interpreter there, and loses messages.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bollylive.errors import PortError

if TYPE_CHECKING:
    import rtmidi

NAME = "BollyLive"
QUEUE_MESSAGES = 16_384
CLOSE_LIMIT_S = 1.0
_CYCLE_S = 0.05  # JACK's longest usual period is 43 ms

_API_CONSTANTS = {
    "alsa": "API_LINUX_ALSA",
    "jack": "API_UNIX_JACK",
    "core": "API_MACOSX_CORE",
    "winmm": "API_WINDOWS_MM",
}
_CURES = {
    "linux": "load the ALSA sequencer (modprobe snd-seq) or start JACK (install jackd2, run qjackctl or jackd)",
    "darwin": "open Audio MIDI Setup once and check that its MIDI Studio works",
    "win32": "install loopMIDI, make one port per direction, and name them with --in and --out",
}


class Ports:
    """One open input and one open output; raises PortError if they cannot be had.

    `api` is one of `available_apis()`, or None for the first that works. A name joins an existing port, by
    its whole name or by a part that only one port has; without a name a virtual port is made, called after
    `name`. All methods are for one thread. `send_failures` counts what could not be sent.
    """

    def __init__(
        self, api: str | None = None, input_name: str | None = None, output_name: str | None = None, name: str = NAME
    ) -> None:
        if input_name is not None and output_name is not None and input_name.casefold() == output_name.casefold():
            raise PortError(_same_port(input_name))
        self.send_failures = 0
        self._in: rtmidi.MidiIn | None
        self._out: rtmidi.MidiOut | None
        self.api, self._in, self._out = clients = _clients(api, name)
        try:
            self.input_name, self.output_name = _open(*clients, input_name, output_name, name)
        except BaseException:
            self.close()
            raise

    def poll(self) -> list[list[int]]:
        """All messages that have come since the last call, oldest first, one list of bytes each."""
        messages = []
        while self._in is not None and (message := self._in.get_message()) is not None:
            messages.append(message[0])
        return messages

    def send(self, data: bytes) -> None:
        """Sends one whole message at once; counts a failure instead of raising."""
        import rtmidi

        try:
            if self._out is None:
                raise rtmidi.InvalidUseError("The output is closed.")
            self._out.send_message(data)
        except (rtmidi.RtMidiError, ValueError):
            self.send_failures += 1

    def close(self) -> None:
        """Closes both ports within about a second, even where the driver hangs; safe to call again."""
        output, self._out = self._out, None
        if output is not None:
            _end(output)
        input_, self._in = self._in, None
        if input_ is not None:  # closing an input may wait for ever on its driver's thread
            closer = threading.Thread(target=_end, args=(input_,), daemon=True)
            closer.start()
            closer.join(CLOSE_LIMIT_S)


def available_apis() -> list[str]:
    """The MIDI systems that rtmidi was built for, in the order in which they are tried."""
    import rtmidi

    compiled = rtmidi.get_compiled_api()
    return [name for name, constant in _API_CONSTANTS.items() if getattr(rtmidi, constant) in compiled]


def list_ports(api: str | None = None) -> tuple[list[str], list[str]]:
    """The names of the ports that are there to be joined: inputs, outputs; raises PortError like `Ports`."""
    _, input_, output = _clients(api)
    try:
        return list(input_.get_ports()), list(output.get_ports())
    finally:
        input_.delete()
        output.delete()


def _clients(api: str | None, own_name: str = NAME) -> tuple[str, rtmidi.MidiIn, rtmidi.MidiOut]:
    import rtmidi

    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # looking for JACK must not start it
    os.environ.setdefault("JACK_NO_AUDIO_RESERVATION", "1")
    names = available_apis()
    if api is not None and api not in names:
        raise PortError(f"There is no MIDI system '{api}' here; choose from {', '.join(names)}.")
    reasons = []
    for name in names if api is None else [api]:
        constant = getattr(rtmidi, _API_CONSTANTS[name])
        try:
            with _quiet():
                input_ = rtmidi.MidiIn(constant, f"{own_name} In", QUEUE_MESSAGES)
                return name, input_, rtmidi.MidiOut(constant, f"{own_name} Out")
        except rtmidi.RtMidiError as error:
            reasons.append(f"{name}: {error}")
    cure = _CURES.get(sys.platform, _CURES["linux"])
    raise PortError(f"No MIDI system answers ({'; '.join(reasons)}). To have one, {cure}.")


def _open(
    api: str,
    client_in: rtmidi.MidiIn,
    client_out: rtmidi.MidiOut,
    input_name: str | None,
    output_name: str | None,
    name: str,
) -> tuple[str, str]:
    into = None if input_name is None else _find(client_in.get_ports(), input_name, "input")
    out_of = None if output_name is None else _find(client_out.get_ports(), output_name, "output")
    if into and out_of and _bare(into[1], api) == _bare(out_of[1], api):
        raise PortError(_same_port(into[1]))
    client_in.ignore_types(sysex=False, timing=False, active_sense=False)
    return (
        _join(client_in, into, f"{name} In", "in", api),
        _join(client_out, out_of, f"{name} Out", "out", api),
    )


def _find(names: list[str], wanted: str, kind: str) -> tuple[int, str]:
    folded = wanted.casefold()
    found = [i for i, name in enumerate(names) if name == wanted] or [
        i for i, name in enumerate(names) if folded in name.casefold()
    ]
    if len(found) == 1:
        return found[0], names[found[0]]
    there = ", ".join(f"'{names[i]}'" for i in (found or range(len(names)))) or "none"
    if found:
        raise PortError(f"'{wanted}' could be any of these MIDI {kind}s: {there}; give more of the name.")
    raise PortError(f"There is no MIDI {kind} '{wanted}'; there are: {there}.")


def _join(
    client: rtmidi.MidiIn | rtmidi.MidiOut, port: tuple[int, str] | None, client_name: str, port_name: str, api: str
) -> str:
    """Opens `port` or, for None, a virtual one, and returns the name by which others know it."""
    import rtmidi

    try:
        with _quiet():
            if port is not None:
                client.open_port(port[0], port_name)
                return port[1]
            client.open_virtual_port(client_name if api == "core" else port_name)
    except (rtmidi.RtMidiError, NotImplementedError) as error:
        cure = _CURES.get(sys.platform, _CURES["linux"])
        raise PortError(
            f"The MIDI port '{port[1] if port else client_name}' does not open ({error}); {cure}."
        ) from error
    return client_name if api == "core" else f"{client_name}:{port_name}"


def _bare(name: str, api: str) -> str:
    """The device's own name: rtmidi numbers the ports of Windows, each direction for itself."""
    return re.sub(r" \d+$", "", name) if api == "winmm" else name


def _same_port(name: str) -> str:
    return f"Input and output are both '{name}', so BollyLive would hear itself; choose one port per direction."


def _end(client: rtmidi.MidiIn | rtmidi.MidiOut) -> None:
    client.close_port()
    # RtMidi frees what JACK's thread reads before it stops that thread; a cycle that began with the port must be over.
    time.sleep(_CYCLE_S)
    client.delete()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Sends what C libraries write on stderr nowhere: libjack and libasound report there what we say better."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stderr.flush()
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
