"""The addresses of running bands: a small file for each, and a socket, which only their user can open.

Both have names made of the band's random token. Anything else that lies in the folder is left alone: whoever watches,
and whoever plays, takes neither a path nor a file for a band's that does not look exactly like one.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from bollylive.files.regular_file import read_regular
from bollylive.files.state_folder import is_private, make_private

_LONGEST_PATH: Final = 100  # the path of a socket may have 107 bytes on Linux and 103 on macOS
_PRIVATE_FILE: Final = 0o600
_MOST_BYTES: Final = 4096  # of an address; a path has at most 100 of them
_MOST_ADDRESSES: Final = 64  # that are looked at
_MOST_PROCESSES: Final = 2**32  # ids are smaller on every system
_NAME: Final = re.compile(r"([0-9a-f]{16})\.json")


@dataclass(frozen=True, slots=True)
class Address:
    """Where one band listens."""

    socket: str  # the path of a socket; on Windows the name of a pipe
    key: bytes  # the shared secret, see `handshake`
    process: int  # the id of the process that answers
    file: Path


def new_socket_name(folder: Path, token: str, platform: str = sys.platform) -> str:
    """Return a name for a new socket in a folder, or in the temporary folder if the path would be too long."""
    if platform == "win32":
        return rf"\\.\pipe\bollylive-{token}"
    path = folder / f"{token}.sock"
    return str(path if len(os.fsencode(path)) <= _LONGEST_PATH else Path(tempfile.gettempdir()) / f"bl-{token}.sock")


def write_address(folder: Path, token: str, name: str, key: bytes) -> Address:
    """Write the address of this process to a file that only this user can read; raises OSError. Blocks.

    `token` are 16 hexadecimal digits, `name` is what `new_socket_name` made of them.
    """
    make_private(folder)
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
    """Return the addresses in a folder, the newest first; some may be of programs that were killed. Never raises.

    Their age comes from the monotonic clock, which all programs share and which is never set. A folder that is not
    this user's alone has none.
    """
    found: list[tuple[float, str, Address]] = []
    if is_private(folder):
        with suppress(OSError):
            for file in islice(_named_like_addresses(folder), _MOST_ADDRESSES):
                with suppress(OSError, ValueError, RecursionError):  # removed meanwhile, or not an address
                    entry = json.loads(read_regular(file, _MOST_BYTES))
                    since_s, address = _address(file, entry)
                    found.append((since_s, file.name, address))
    return [address for *_, address in sorted(found, reverse=True, key=lambda entry: entry[:2])]


def remove_address(address: Address) -> None:
    """Remove an address and its socket; a name that holds no socket is left alone. Blocks, never raises."""
    with suppress(OSError, ValueError):
        address.file.unlink()
    with suppress(OSError, ValueError):
        if Path(address.socket).is_socket():
            Path(address.socket).unlink()


def _named_like_addresses(folder: Path) -> Iterable[Path]:
    return (path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _address(file: Path, entry: Any) -> tuple[float, Address]:
    """Return when a band began to listen, and its address; raises ValueError if an entry is none."""
    match entry:
        case {"socket": str(name), "key": str(key), "process": int(process), "since_s": float(since_s)}:
            here = new_socket_name(file.parent, file.stem)
            # The temporary folder may be another one in the program that made it.
            is_own = name == here or (sys.platform != "win32" and Path(name).name == f"bl-{file.stem}.sock")
            if is_own and 0 < process < _MOST_PROCESSES and abs(since_s) < float("inf"):
                return since_s, Address(name, bytes.fromhex(key), process, file)
    raise ValueError("not an address")
