"""Serves snapshots of the band to other programs of the same user, without ever making the engine wait.

A reader sends a request and receives one snapshot. The request wakes the engine, so no snapshot is made unless somebody
reads. The number of readers, the rate of snapshots and the idle time of a reader are bounded.
"""

from __future__ import annotations

import multiprocessing
import pickle
import secrets
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Final

from bollylive.snapshot.address import (
    Address,
    connect,
    find_addresses,
    new_socket_name,
    remove_address,
    set_timeout,
    write_address,
)
from bollylive.snapshot.format import Snapshot, Vitals

MOST_READERS: Final = 8
_MOST_WAITING: Final = 16  # connections that wait to be accepted
MIN_AGE_S: Final = 1 / 60  # of a snapshot, before a new one is made

_ENGINE_LIMIT_S: Final = 0.5  # if the engine takes longer, the reader gets the previous snapshot
_READER_LIMIT_S: Final = 10  # a reader that is idle for longer is disconnected
_KEY_BYTES: Final = 32
_LONGEST_REQUEST: Final = 16  # bytes


class SnapshotServer:
    """The engine's side. One thread calls `start`, and in every turn `is_wanted`, and then `publish` if that is true.

    `wake` is called on another thread when a reader sends a request, and must not block. `vitals` go into every
    snapshot. Each reader is served by a thread of its own, which sleeps between requests.
    """

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        self.vitals = Vitals()
        self._folder, self._wake, self._token = folder, wake, secrets.token_hex(8)
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._address: Address | None = None
        self._listener: Listener | None = None
        self._places = threading.BoundedSemaphore(MOST_READERS)
        self._lock = threading.Lock()  # only for the readers' threads; the engine's thread never takes it
        self._wanted, self._published = threading.Event(), threading.Event()
        self._snapshot: Snapshot | None = None
        self._data, self._made_s = b"", -MIN_AGE_S

    def start(self) -> None:
        """Listen and write the address; remove the addresses of dead processes. Raises OSError. May block."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for address in find_addresses(self._folder) if sys.platform != "win32" else ():  # connecting may block there
            with suppress(TimeoutError):  # another band hangs; its own supervisor handles that
                if (connection := connect(address)) is not None:
                    connection.close()
        socket = new_socket_name(self._folder, self._token)
        self._listener = Listener(socket, backlog=_MOST_WAITING)
        self._address = write_address(self._folder, self._token, socket, self._key)
        threading.Thread(target=self._receive_readers, args=(self._listener,), name="snapshots", daemon=True).start()

    def is_wanted(self) -> bool:
        """Whether a reader has asked for a snapshot since the last call. Does not block."""
        if not self._wanted.is_set():
            return False
        self._wanted.clear()  # what is asked for from here on is seen next time
        return True

    def publish(self, snapshot: Snapshot) -> None:
        """Give the readers this snapshot. Does not block."""
        self._snapshot = replace(snapshot, vitals=self.vitals)
        self._published.set()

    def close(self) -> None:
        """Stop listening and remove the address. Does not block."""
        if self._address is not None:
            remove_address(self._address)
        if self._listener is not None:
            with suppress(OSError):
                self._listener.close()
        self._listener = None

    def _receive_readers(self, listener: Listener) -> None:
        while self._listener is not None:
            try:
                connection = listener.accept()
            except OSError:  # closed, the reader has gone, or the system is out of files for now
                time.sleep(MIN_AGE_S)
                continue
            if self._places.acquire(blocking=False):
                threading.Thread(target=self._answer, args=(connection,), name="snapshot reader", daemon=True).start()
            else:
                connection.close()

    def _answer(self, connection: Connection) -> None:
        try:
            with suppress(OSError, EOFError, multiprocessing.AuthenticationError), connection:
                set_timeout(connection.fileno(), _READER_LIMIT_S)
                deliver_challenge(connection, self._key)
                answer_challenge(connection, self._key)
                while self._listener is not None:
                    connection.recv_bytes(_LONGEST_REQUEST)
                    connection.send_bytes(self._newest())
                    time.sleep(MIN_AGE_S)
        finally:
            self._places.release()

    def _newest(self) -> bytes:
        with self._lock:
            if time.perf_counter() - self._made_s >= MIN_AGE_S:
                self._published.clear()
                self._wanted.set()
                self._wake()
                self._published.wait(_ENGINE_LIMIT_S)
                self._data, self._made_s = pickle.dumps(self._snapshot), time.perf_counter()
            return self._data
