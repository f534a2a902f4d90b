"""The MIDI systems of this machine, through either MIDI library; see `midi_library`.

A client has one direction and at most one port.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from bollylive.errors import PortError
from bollylive.io.midi_clients import Client, InClient, OutClient
from bollylive.io.midi_library import midi_library
from bollylive.threads import ends_within

QUEUE_MESSAGES = 16_384
CLOSE_LIMIT_S = 1.0
_CYCLE_S = 0.05  # JACK's longest usual period is 43 ms

_abandoned: list[Client] = []

_SYSTEMS: Final = ("alsa", "jack", "core", "winmm")
_JACK_CURE = (
    "install pipewire-jack and start BollyLive with pw-jack where PipeWire runs, or start JACK (install jackd2, run "
    "qjackctl or jackd)"
)
_CURES_BY_API = {  # where one is asked for by name
    "alsa": "load the ALSA sequencer (modprobe snd-seq), or leave out --api alsa, and the first that answers is taken",
    "jack": _JACK_CURE,
}
_CURES = {
    "linux": f"load the ALSA sequencer (modprobe snd-seq), {_JACK_CURE}",
    "darwin": "open Audio MIDI Setup once and check that its MIDI Studio works",
    "win32": "install loopMIDI, make one port per direction, and name them with --in and --out",
}


def available_apis() -> list[str]:
    """Return the MIDI systems that the library was built for, in the order in which they are tried."""
    return [name for name in _SYSTEMS if midi_library().has_system(name)]


def list_ports(api: str | None = None) -> tuple[list[str], list[str]]:
    """Return the names of the ports that can be joined: inputs, outputs; raises PortError if nothing answers."""
    _, input_, output = open_system(api, "BollyLive In", "BollyLive Out")
    try:
        return input_.get_ports(), output.get_ports()
    finally:
        input_.delete()
        output.delete()


def open_system(api: str | None, in_name: str, out_name: str) -> tuple[str, InClient, OutClient]:
    """Return a system (None: the first that answers) with an input and an output client; raises PortError."""
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # looking for JACK must not start it
    os.environ.setdefault("JACK_NO_AUDIO_RESERVATION", "1")
    names = available_apis()
    if api is not None and api not in names:
        raise PortError(f"There is no MIDI system '{api}' here; choose from {', '.join(names)}.")
    reasons = []
    for name in names if api is None else [api]:
        try:
            return name, new_input(name, in_name), new_output(name, out_name)
        except PortError as error:
            reasons.append(f"{name}: {str(error).rstrip('.')}")
    raise PortError(f"No MIDI system answers; to get one, {cure(api)}. (The drivers say: {'; '.join(reasons)}.)")


def new_input(api: str, client_name: str) -> InClient:
    """Return a client that receives all messages, SysEx included; raises PortError with the driver's message."""
    library = midi_library()
    try:
        with quiet():
            return library.new_input(api, client_name, QUEUE_MESSAGES)
    except library.ERRORS as error:
        raise PortError(str(error)) from error


def new_output(api: str, client_name: str) -> OutClient:
    """Return a client that sends; raises PortError with the driver's message."""
    library = midi_library()
    try:
        with quiet():
            return library.new_output(api, client_name)
    except library.ERRORS as error:
        raise PortError(str(error)) from error


def open_port(client: Client, number: int | None, port_name: str, known_as: str) -> None:
    """Open the client's port: joined to the port of that number in its list, or for None a virtual one.

    Raises PortError, whose text calls the port by the name that the musician knows.
    """
    library = midi_library()
    try:
        with quiet():
            if number is None:
                client.open_virtual_port(port_name)
            else:
                client.open_port(number, port_name)
    except library.ERRORS as error:
        raise PortError(f"The MIDI port '{known_as}' does not open ({error}); {cure()}.") from error


def transmit(client: OutClient, data: bytes) -> bool:
    """Send one whole message at once; return False if it could not be sent."""
    try:
        client.send_message(data)
    except midi_library().ERRORS:
        return False
    return True


def close_port(client: Client, *, for_ever: bool = False) -> bool:
    """Close the client's port, `for_ever` with the client itself; return False if its driver hangs.

    An output under JACK waits for the end of a period, and for a second if the server is dead: `abandon` it then.
    An input may wait for ever on its driver's thread, and is given up after `CLOSE_LIMIT_S`.
    """
    end = partial(_end, client) if for_ever else client.close_port
    if not isinstance(client, InClient):
        end()
        return True
    return end_in_time(end)


def end_in_time(end: Callable[[], object]) -> bool:
    """Call a function that may wait for a driver for ever on its own thread; return False if it takes too long."""
    closer = threading.Thread(target=end, daemon=True)
    closer.start()
    return ends_within(closer, CLOSE_LIMIT_S)


def abandon(client: Client) -> None:
    """Leave a client of a dead system alone for good: ending it blocks the interpreter for a second."""
    _abandoned.append(client)  # otherwise it would be ended as soon as nothing refers to it


def library() -> str:
    """Return the path of the MIDI library's own shared library; those that it needs are found through it."""
    return midi_library().shared_library()


def cure(api: str | None = None) -> str:
    """Return the second half of a sentence: what a user without a working MIDI system, or without `api`, should do."""
    return _CURES_BY_API.get(api or "") or _CURES.get(sys.platform, _CURES["linux"])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Discard what C libraries write on stderr: libjack and libasound report there what we say better."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        if sys.stderr is not None:  # closed from the start
            sys.stderr.flush()
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _end(client: Client) -> None:
    client.close_port()
    # RtMidi frees what JACK's thread reads before it stops that thread; a cycle that began with the port must be over.
    time.sleep(_CYCLE_S)
    client.delete()
