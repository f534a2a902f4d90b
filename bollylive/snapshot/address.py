"""The addresses of running bands: a small file for each, which only its user can read."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Final

_LONGEST_PATH: Final = 100  # the path of a socket may have 107 bytes on Linux and 103 on macOS
_CONNECT_LIMIT_S: Final = 0.5
_CONNECT_POLL_S: Final = 0.01
_SILENCE_LIMIT_S: Final = 2  # of the band, in answering one read or write
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True, slots=True)
class Address:
    """Where one band listens."""

    socket: str  # the path of a socket; on Windows the name of a pipe
    key: bytes  # the shared secret of `multiprocessing.connection`
    process: int  # the id of the process that answers
    file: Path


def new_socket_name(folder: Path, token: str, platform: str = sys.platform) -> str:
    """Return a name for a new socket in a folder, or in the temporary folder if the path would be too long."""
    if platform == "win32":
        return rf"\\.\pipe\bollylive-{token}"
    path = folder / f"{token}.sock"
    return str(path if len(os.fsencode(path)) <= _LONGEST_PATH else Path(tempfile.gettempdir()) / f"bl-{token}.sock")


def write_address(folder: Path, token: str, name: str, key: bytes) -> Address:
    """Write the address of this process to a file that only this user can read; raises OSError. Blocks."""
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    if sys.platform != "win32":
        Path(name).chmod(_PRIVATE_FILE)
    address = Address(name, key, os.getpid(), folder / f"{token}.json")
    entry = {"socket": name, "key": key.hex(), "process": address.process, "since_s": time.monotonic()}
    unfinished = address.file.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE), "w") as file:
        file.write(json.dumps(entry))
    unfinished.replace(address.file)  # so that a reader sees the whole file or none
    return address


def find_addresses(folder: Path) -> list[Address]:
    """Return the addresses in a folder, the newest first; some may be of programs that were killed.

    Their age comes from the monotonic clock, which all programs share and which is never set.
    """
    found = []
    with suppress(OSError):
        for file in folder.glob("*.json"):
            with suppress(OSError, ValueError, KeyError, TypeError):  # removed meanwhile, or not an address
                entry = json.loads(file.read_text(encoding="utf-8"))
                address = Address(str(entry["socket"]), bytes.fromhex(entry["key"]), int(entry["process"]), file)
                found.append((float(entry["since_s"]), file.name, address))
    return [address for *_, address in sorted(found, reverse=True, key=lambda entry: entry[:2])]


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
    except OSError:
        pass
    return None


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


def remove_address(address: Address) -> None:
    """Remove an address and its socket."""
    for path in (address.file, Path(address.socket)):
        with suppress(OSError):
            path.unlink()
