"""Reads the snapshots of a band that runs in another process of the same user."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from bollylive.snapshot.address import Address, find_addresses
from bollylive.snapshot.connecting import connect
from bollylive.snapshot.encoding import MOST_BYTES, decode
from bollylive.snapshot.format import Snapshot
from bollylive.snapshot.handshake import enter_band

_ANSWER_LIMIT_S: Final = 2.0


class SnapshotReader:
    """Reads from the newest band whose address is in a folder, also when its engine is replaced. For one thread.

    With `processes`, only bands with one of these process ids count. `hung` says whether a band was there at the last
    `read` but did not answer.
    """

    def __init__(self, folder: Path, processes: Collection[int] | None = None) -> None:
        self.hung = False
        self._folder, self._processes = folder, processes
        self._connection: Connection | None = None

    def read(self) -> Snapshot | None:
        """Return the band as it is now; None if no band runs or answers. Blocks for a few seconds at most."""
        self.hung = False
        for _ in range(2):  # the engine may have been replaced since the last time
            if self._connection is None:
                self._connection = self._connect()
            if self._connection is None:
                return None
            with suppress(OSError, EOFError, ValueError):  # it is gone, or speaks another version's language
                self._connection.send_bytes(b"?")
                if self._connection.poll(_ANSWER_LIMIT_S):
                    return decode(self._connection.recv_bytes(MOST_BYTES))
                self.hung = True
            self.close()
        return None

    def close(self) -> None:
        """Disconnect, so that another reader can connect."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _connect(self) -> Connection | None:
        for address in find_addresses(self._folder):
            wanted = self._processes is None or address.process in self._processes
            try:
                if wanted and (connection := _open(address)) is not None:
                    return connection
            except TimeoutError:  # do not fall back to an older band
                self.hung = True
                return None
        return None


def _open(address: Address) -> Connection | None:
    """Connect and authenticate; None if that fails. Raises TimeoutError if the band is there but does not answer."""
    connection = connect(address)
    if connection is None:
        return None
    if not connection.poll(_ANSWER_LIMIT_S):  # the challenge below would wait for ever
        connection.close()
        raise TimeoutError(f"{address.file}: the band that listens there does not answer.")
    with suppress(OSError, EOFError):
        if enter_band(connection, address.key):
            return connection
    connection.close()
    return None
