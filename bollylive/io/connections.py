"""Shows what is connected to our ports, because RtMidi does not.

    JACK    asked by a small client of our own, through the libjack that RtMidi uses: 5 to 30 µs for each port
    ALSA    read in the kernel's list of clients: some tenths of a millisecond
    others  not shown

Nothing here waits for the other side, except that libjack sleeps for a period while connections are being changed.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from bollylive.io import rtmidi_backend
from bollylive.io.port_names import Graph

_ALSA_CLIENTS: Final = Path("/proc/asound/seq/clients")
_NO_START_SERVER: Final = 1
_CLIENT: Final = re.compile(r'Client +(\d+) : "(.*)"')
_PORT: Final = re.compile(r'  Port +(\d+) : "(.*)" \(')
_CONNECTED: Final = re.compile(r"    (?:Connecting To|Connected From): (.*)")
_ADDRESS: Final = re.compile(r"\d+:\d+")


class Connections(Protocol):
    """The connections of one MIDI system, which may be looked at every `see_s` seconds. For one thread."""

    see_s: float  # a cable that is out for less is not noticed, nor is what it lost

    def seen(self, own: Iterable[str]) -> Graph | None:
        """Return our ports that exist, each with what is connected to it; None if unknown. Never raises."""

    def close(self, *, dead: bool) -> None:
        """Stop looking; a `dead` system is left alone."""


def connections_of(api: str, client_name: str) -> Connections:
    """Return the connections of a system; if this needs a client of our own, the client gets this name."""
    if api == "alsa":
        return AlsaConnections()
    if api == "jack" and (jack := JackConnections.open(client_name)) is not None:
        return jack
    return NoConnections()


class NoConnections:
    """The connections of a system that does not show them."""

    see_s = 0.2

    def seen(self, _own: Iterable[str]) -> Graph | None:
        """Return None."""
        return None

    def close(self, *, dead: bool) -> None:
        """Do nothing: nothing is open."""


class AlsaConnections:
    """The connections as the ALSA sequencer lists them in /proc."""

    see_s = 0.2

    def __init__(self, clients: Path = _ALSA_CLIENTS) -> None:
        self._clients = clients

    def seen(self, own: Iterable[str]) -> Graph | None:
        """Return our ports that are in the list, each with what is connected to it."""
        try:
            text = self._clients.read_text(encoding="utf-8", errors="ignore")  # as the ports are listed
        except OSError:
            return None
        everybody = alsa_graph(text)
        return {name: everybody[name] for name in own if name in everybody}

    def close(self, *, dead: bool) -> None:
        """Do nothing: nothing is open."""


class JackConnections:
    """The connections as seen by a client of our own that has no ports; create it with `open`."""

    see_s = 0.075  # with the pauses between two polls less than a tenth of a second

    def __init__(self, library: ctypes.CDLL, client: int) -> None:
        self._by_name = _function(library.jack_port_by_name, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
        self._all = _function(
            library.jack_port_get_all_connections, ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p, ctypes.c_void_p
        )
        self._free = _function(library.jack_free, None, ctypes.c_void_p)
        self._end = _function(library.jack_client_close, ctypes.c_int, ctypes.c_void_p)
        self._client: int | None = client

    @classmethod
    def open(cls, client_name: str) -> JackConnections | None:
        """Return a client of the server that RtMidi's clients use; None without a library or a free place."""
        if (library := _libjack()) is None:
            return None
        begin = _function(
            library.jack_client_open, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
        )
        status = ctypes.c_int()
        with rtmidi_backend.quiet():
            client = begin(client_name.encode(), _NO_START_SERVER, ctypes.byref(status))
        return cls(library, client) if client else None

    def seen(self, own: Iterable[str]) -> Graph | None:
        """Return our ports that the server knows, each with what is connected to it."""
        if self._client is None:
            return None
        ports = [(name, self._by_name(self._client, name.encode())) for name in own]
        return {name: self._connected(port) for name, port in ports if port}

    def close(self, *, dead: bool) -> None:
        """Leave the server, or give up after `rtmidi_backend.CLOSE_LIMIT_S`; safe to call again."""
        client, self._client = self._client, None
        if client is None or dead:
            return
        rtmidi_backend.end_in_time(partial(self._end, client))

    def _connected(self, port: int) -> frozenset[str]:
        names = self._all(self._client, port)
        if not names:
            return frozenset()
        connected: list[str] = []
        while (name := names[len(connected)]) is not None:
            connected.append(name.decode("utf-8", "ignore"))  # as the ports are listed
        self._free(names)
        return frozenset(connected)


def alsa_graph(text: str) -> dict[str, frozenset[str]]:
    """Parse the kernel's list of clients: each port, by RtMidi's name, with what is connected; never raises."""
    names: dict[str, str] = {}  # by address
    connected: dict[str, list[str]] = {}
    client, number, address = "", "", None
    for line in text.splitlines():
        if found := _CLIENT.match(line):
            number, client, address = found[1], found[2], None
        elif found := _PORT.match(line):
            address = f"{number}:{found[1]}"
            names[address] = f"{client}:{found[2]} {address}"
        elif address is not None and (found := _CONNECTED.match(line)):
            connected.setdefault(address, []).extend(_ADDRESS.findall(found[1]))
    return {
        name: frozenset(names[other] for other in connected.get(address, ()) if other in names)
        for address, name in names.items()
    }


def _libjack() -> ctypes.CDLL | None:
    """Return the libjack that RtMidi uses: the machine's own, or the one that comes with it. No other is loaded."""
    if not hasattr(os, "RTLD_NOLOAD"):
        return None
    for path, mode in ((None, ctypes.DEFAULT_MODE), (rtmidi_backend.library(), os.RTLD_NOLOAD)):
        try:
            library = ctypes.CDLL(path, mode=mode)
            library.jack_client_open  # noqa: B018 - found in what the library needs, too
        except (OSError, AttributeError):
            continue
        return library
    return None


def _function(function: Any, gives: Any, *takes: Any) -> Callable[..., Any]:
    function.restype, function.argtypes = gives, takes
    return function  # type: ignore[no-any-return]
