"""Where running bands say how they can be watched: a small file for each, which its user alone can read."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Final

_LONGEST_PATH: Final = 100  # a socket's path may have 107 bytes on Linux, and 103 on macOS
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


def publish(folder: Path, token: str, socket: str, key: bytes) -> Address:
    """Write down where this process listens, and let nobody else read it; raises OSError."""
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    if sys.platform != "win32":
        Path(socket).chmod(_PRIVATE_FILE)
    address = Address(socket, key, os.getpid(), folder / f"{token}.json")
    entry = {"socket": socket, "key": key.hex(), "process": address.process, "since_s": time.monotonic()}
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
    """Call a band, without a word yet; None if nobody is there, and then the address of the dead is removed."""
    try:
        connection: Connection = Client(address.socket)
    except (ConnectionRefusedError, FileNotFoundError):
        remove(address)
        return None
    except OSError:
        return None
    return connection


def remove(address: Address) -> None:
    """Remove an address and its socket."""
    for path in (address.file, Path(address.socket)):
        with suppress(OSError):
            path.unlink()
