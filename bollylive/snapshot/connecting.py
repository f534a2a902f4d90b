"""Connects to a band that listens, without waiting long for one that hangs, and clears away those that are gone."""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Final

from bollylive.snapshot.address import Address, find_addresses, remove_address

_CONNECT_LIMIT_S: Final = 0.5
_CONNECT_POLL_S: Final = 0.01
_SILENCE_LIMIT_S: Final = 2  # of the band, in answering one read or write
_ORPHAN: Final = re.compile(r"[0-9a-f]{16}\.(?:sock|new)")
_TEMPORARY_ORPHAN: Final = re.compile(r"bl-[0-9a-f]{16}\.sock")


def connect(address: Address) -> Connection | None:
    """Connect to a band, before authentication; return None and remove the address if the band is gone.

    Raises TimeoutError if the process is there but hangs. Blocks for half a second at most.
    """
    try:
        return _connect(address.socket)
    except (ConnectionRefusedError, FileNotFoundError) as error:
        if sys.platform == "darwin" and _is_alive(address.process):  # macOS refuses when the queue is full
            raise TimeoutError(f"{address.file}: the band that listens there does not accept connections.") from error
        remove_address(address)
    except BlockingIOError as error:
        raise TimeoutError(f"{address.file}: the band that listens there does not accept connections.") from error
    except (OSError, ValueError):  # a name that no socket can have
        pass
    return None


def clear_away(folder: Path) -> None:
    """Remove what bands that were killed left in a folder, and in the temporary folder; others are left alone.

    Does nothing on Windows, where a pipe goes with its process. Blocks for half a second for each band that hangs.
    """
    if sys.platform == "win32":
        return
    for address in find_addresses(folder):
        with suppress(TimeoutError):  # another band hangs; its own supervisor handles that
            if (connection := connect(address)) is not None:
                connection.close()
    for path in _orphans(folder):
        with suppress(OSError, ValueError):
            if path.suffix == ".new" or (path.is_socket() and _is_dead(path)):
                path.unlink()


def set_timeout(number: int, limit_s: float) -> None:
    """Make every read and write of an open socket fail after a time; no effect on Windows."""
    if sys.platform != "win32":
        limit = struct.pack("ll", int(limit_s), int(limit_s % 1 * 1e6))  # a timeval
        with socket.socket(fileno=os.dup(number)) as same:
            for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                same.setsockopt(socket.SOL_SOCKET, option, limit)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _connect(name: str) -> Connection:
    if sys.platform == "win32":
        return Client(name)
    # multiprocessing's Client would wait for ever in the queue of a process that hangs.
    deadline_s = time.monotonic() + _CONNECT_LIMIT_S
    while True:
        with socket.socket(socket.AF_UNIX) as client:
            client.setblocking(False)
            try:
                client.connect(name)
            except BlockingIOError:  # the queue is full
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(_CONNECT_POLL_S)
                continue
            client.setblocking(True)
            connection = Connection(client.detach())
            set_timeout(connection.fileno(), _SILENCE_LIMIT_S)
            return connection


def _orphans(folder: Path) -> Iterator[Path]:
    """Yield the sockets of ours that have no address any more, and addresses that were never finished."""
    in_use = {Path(address.socket) for address in find_addresses(folder)}
    for place, pattern in ((folder, _ORPHAN), (Path(tempfile.gettempdir()), _TEMPORARY_ORPHAN)):
        with suppress(OSError):
            for path in [path for path in place.iterdir() if pattern.fullmatch(path.name)]:
                if path not in in_use and path.lstat().st_uid == os.geteuid():
                    yield path


def _is_dead(path: Path) -> bool:
    """Whether nobody listens at a socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            return sys.platform == "linux"  # macOS also refuses when the queue is full
        except OSError:
            return False
    return False
