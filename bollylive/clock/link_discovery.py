"""Notices Ableton Link peers by what they announce on the network, without sending anything.

A peer announces itself to a multicast group four times a second, and says once that it leaves. Such a message begins
with 8 bytes that name the protocol and its version, the kind of message, the seconds that it holds, a group that is
always 0, and the 8 bytes of the peer's name. All of it is described in github.com/structuresound/link-wire-spec,
spec/01-discovery.md.
"""

from __future__ import annotations

import math
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

GROUP, PORT = "224.76.78.75", 20808
SETTLED_S = 1.0  # of two sessions that meet, one that is older by half a second or more leads
SILENCE_S = 2.0  # a peer that announces nothing for this long has gone
LOOK_S = 5.0  # how often new interfaces are joined, and a network that failed is tried again

_HEADER = struct.Struct(">8sBBH8s")
_PROTOCOL = b"_asdp_v\x01"
_ALIVE, _BYE = 1, 3
_LONGEST_BYTES = 2048
_MOST_MESSAGES = 64  # in one call; the rest waits in the socket


def read_message(message: bytes) -> tuple[int, bytes]:
    """Return whether a peer is there (1), answers (2) or leaves (3), and its name; (0, b"") if it is not Link's."""
    if len(message) < _HEADER.size:
        return 0, b""
    protocol, kind, _, group, name = _HEADER.unpack_from(message)
    return (kind, name) if protocol == _PROTOCOL and group == 0 else (0, b"")


def open_listener() -> socket.socket:
    """Return a socket that hears the group on every interface, and that others can share; raises OSError."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):  # BSD and macOS need both
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("", PORT))
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


class LinkDiscovery:
    """Listens from the first `hears` until `close`, and sends nothing.

    For one thread; nothing blocks or raises: a network that cannot be heard is reported by `take_problem`.
    """

    def __init__(self, open_socket: Callable[[], socket.socket] = open_listener) -> None:
        self._open = open_socket
        self._socket: socket.socket | None = None
        self._look_s = -math.inf
        self._peer = b""  # the peer that counts, and when it was first and last heard
        self._first_s = self._last_s = -math.inf
        self._problem: str | None = None
        self._is_reported = False

    def hears(self, now_s: float) -> bool:
        """Return whether a peer has been there for `SETTLED_S`, so that its session is older than one begun now."""
        try:
            if now_s >= self._look_s:
                self._look_s = now_s + LOOK_S
                self._look()
            if self._socket is None:
                return False
            for _ in range(_MOST_MESSAGES):
                if self._take(*read_message(self._socket.recv(_LONGEST_BYTES)), now_s):
                    return True
        except BlockingIOError:
            pass
        except OSError as error:
            self._fail(error)
        return False

    def take_problem(self) -> str | None:
        """Return what went wrong since the last call, as a sentence."""
        trouble, self._problem = self._problem, None
        return trouble

    def close(self) -> None:
        """Stop listening, and forget who was heard."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._look_s = self._last_s = -math.inf

    def _look(self) -> None:
        is_new = self._socket is None
        self._socket = self._socket or self._open()
        if not _join(self._socket) and is_new:
            raise OSError("no interface takes multicast")
        self._is_reported = False

    def _take(self, kind: int, peer: bytes, now_s: float) -> bool:
        if kind == _BYE and peer == self._peer:
            self._last_s = -math.inf
        if kind != _ALIVE:
            return False
        if now_s - self._last_s > SILENCE_S:
            self._peer, self._first_s = peer, now_s
        elif peer != self._peer:
            return False
        self._last_s = now_s
        return now_s - self._first_s >= SETTLED_S

    def _fail(self, error: OSError) -> None:
        look_s = self._look_s
        self.close()
        self._look_s = look_s
        if not self._is_reported:
            self._problem = (
                f"Ableton Link: nobody can be heard on the network: {error.strerror or error}. "
                f"It is tried again every {LOOK_S:g} s; the tempo is free until then."
            )
        self._is_reported = True


def _join(listener: socket.socket) -> bool:
    """Join the group on every interface; return whether it was joined on one more."""
    joined = False
    for interface in _interfaces():
        with suppress(OSError):  # an interface without multicast, or one that is joined already
            listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + interface)
            joined = True
    return joined


def _interfaces() -> Iterator[bytes]:
    """Yield what follows the group in a request to join it: default interface, loopback, and each by its number."""
    yield socket.inet_aton("0.0.0.0")
    yield socket.inet_aton("127.0.0.1")
    with suppress(OSError):
        for number, _ in socket.if_nameindex():
            # struct ip_mreqn, or for Windows an address whose first byte is 0
            yield struct.pack(">I", number) if sys.platform == "win32" else struct.pack("=4xi", number)
