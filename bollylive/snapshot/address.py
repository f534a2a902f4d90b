"""Where running bands say how they can be watched: a small file for each, which its user alone can read."""

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

_LONGEST_PATH: Final = 100  # a socket's path may have 107 bytes on Linux, and 103 on macOS
_CALL_LIMIT_S: Final = 0.5
_CALL_POLL_S: Final = 0.01
_SILENCE_LIMIT_S: Final = 2  # of who was called
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True, slots=True)
class Address:
    """Where one band listens: a socket's path, or the name of a pipe on Windows."""

    socket: str
    key: bytes  # both sides must know it, see `multiprocessing.connection`
    process: int  # the number of the process that answers
    file: Path


def new_socket(folder: Path, token: str, platform: str = sys.platform) -> str:
    """A name for a socket of one's own in a folder; elsewhere if that lies too deep for a socket."""
    if platform == "win32":
        return rf"\\.\pipe\bollylive-{token}"
    path = folder / f"{token}.sock"
    return str(path if len(os.fsencode(path)) <= _LONGEST_PATH else Path(tempfile.gettempdir()) / f"bl-{token}.sock")


def publish(folder: Path, token: str, name: str, key: bytes) -> Address:
    """Write down where this process listens, and let nobody else read it; raises OSError."""
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    if sys.platform != "win32":
        Path(name).chmod(_PRIVATE_FILE)
    address = Address(name, key, os.getpid(), folder / f"{token}.json")
    entry = {"socket": name, "key": key.hex(), "process": address.process, "since_s": time.monotonic()}
    unfinished = address.file.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE), "w") as file:
        file.write(json.dumps(entry))
    unfinished.replace(address.file)  # whoever looks sees the whole of it, or nothing
    return address


def find_addresses(folder: Path) -> list[Address]:
    """The addresses in a folder, the newest first; some may be of programs that were killed.

    Which is newer is told by the seconds since the machine started, one clock for all programs, which nobody sets.
    """
    found = []
    with suppress(OSError):
        for file in folder.glob("*.json"):
            with suppress(OSError, ValueError, KeyError, TypeError):  # gone meanwhile, or somebody else's
                entry = json.loads(file.read_text(encoding="utf-8"))
                address = Address(str(entry["socket"]), bytes.fromhex(entry["key"]), int(entry["process"]), file)
                found.append((float(entry["since_s"]), file.name, address))
    return [address for *_, address in sorted(found, reverse=True, key=lambda entry: entry[:2])]


def call(address: Address) -> Connection | None:
    """Call a band, without a word yet; None if nobody is there, and then the address of the dead is removed.

    Raises TimeoutError where somebody is there and takes no call: a process that hangs. Blocks for half a second at
    most.
    """
    try:
        return _connect(address.socket)
    except (ConnectionRefusedError, FileNotFoundError) as error:
        if sys.platform == "darwin" and _lives(address.process):  # there, who has no room in the queue is refused
            raise TimeoutError(f"{address.file}: the band that listens there takes no call.") from error
        remove(address)
    except BlockingIOError as error:
        raise TimeoutError(f"{address.file}: the band that listens there takes no call.") from error
    except OSError:
        pass
    return None


def limit_silence(number: int, limit_s: float) -> None:
    """Let every read and write of an open socket fail after so long; on Windows they wait."""
    if sys.platform != "win32":
        limit = struct.pack("ll", int(limit_s), int(limit_s % 1 * 1e6))  # a timeval
        with socket.socket(fileno=os.dup(number)) as same:
            for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                same.setsockopt(socket.SOL_SOCKET, option, limit)


def _lives(process: int) -> bool:
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
    # multiprocessing's own call waits for ever in the queue of a process that hangs.
    deadline_s = time.monotonic() + _CALL_LIMIT_S
    while True:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.setblocking(False)
            try:
                caller.connect(name)
            except BlockingIOError:  # the queue is full
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(_CALL_POLL_S)
                continue
            caller.setblocking(True)
            connection = Connection(caller.detach())
            limit_silence(connection.fileno(), _SILENCE_LIMIT_S)
            return connection


def remove(address: Address) -> None:
    """Remove an address and its socket."""
    for path in (address.file, Path(address.socket)):
        with suppress(OSError):
            path.unlink()
