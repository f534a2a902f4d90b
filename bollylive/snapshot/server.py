"""Serves snapshots of the band to other programs of the same user, without ever making the engine wait.

A reader sends a request and receives one snapshot. The request wakes the engine, so no snapshot is made unless somebody
reads. The number of readers, the rate of snapshots and the idle time of a reader are bounded.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Final

from bollylive.files.state_folder import make_private
from bollylive.snapshot.address import Address, new_socket_name, remove_address, write_address
from bollylive.snapshot.connecting import clear_away, set_timeout
from bollylive.snapshot.encoding import encode
from bollylive.snapshot.format import Snapshot, Vitals
from bollylive.snapshot.handshake import KEY_BYTES, admit_reader

MOST_READERS: Final = 8
_MOST_WAITING: Final = 16  # connections that wait to be accepted
MIN_AGE_S: Final = 1 / 60  # of a snapshot, before a new one is made

_ENGINE_LIMIT_S: Final = 0.5  # if the engine takes longer, the reader gets the previous snapshot
_POLL_S: Final = 0.002
_READER_LIMIT_S: Final = 10  # a reader that is idle for longer is disconnected
_LONGEST_REQUEST: Final = 16  # bytes

_log = logging.getLogger(__name__)


class SnapshotServer:
    """The engine's side. One thread calls `start`, and in every turn `is_wanted`, and then `publish` if that is true.

    `wake` is called on another thread when a reader sends a request, and must not block. `vitals` go into every
    snapshot. Each reader is served by a thread of its own, which sleeps between requests.
    """

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        self.vitals = Vitals()
        self._folder, self._wake, self._token = folder, wake, secrets.token_hex(8)
        self._key = secrets.token_bytes(KEY_BYTES)
        self._address: Address | None = None
        self._listener: Listener | None = None
        self._places = threading.BoundedSemaphore(MOST_READERS)
        self._lock = threading.Lock()  # only for the readers' threads; the engine's thread never takes it
        self._wanted, self._published = threading.Event(), threading.Event()
        self._snapshot: Snapshot | None = None
        self._data, self._made_s = b"", -MIN_AGE_S

    def start(self) -> None:
        """Listen and write the address; clear away what dead bands left. May raise, e.g. OSError; may block."""
        make_private(self._folder)
        clear_away(self._folder)
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
            if not self._places.acquire(blocking=False):
                connection.close()
                continue
            try:
                threading.Thread(target=self._answer, args=(connection,), name="snapshot reader", daemon=True).start()
            except RuntimeError:  # the system has no more threads for now
                connection.close()
                self._places.release()

    def _answer(self, connection: Connection) -> None:
        try:
            with suppress(OSError, EOFError), connection:
                set_timeout(connection.fileno(), _READER_LIMIT_S)
                admitted = admit_reader(connection, self._key)
                while admitted and self._listener is not None:
                    connection.recv_bytes(_LONGEST_REQUEST)
                    connection.send_bytes(self._newest())
                    time.sleep(MIN_AGE_S)
        except Exception:  # noqa: BLE001 - a reader must not disturb the band, nor the other readers
            _log.exception("a program that watches the band could not be answered")
        finally:
            self._places.release()

    def _newest(self) -> bytes:
        with self._lock:
            if time.perf_counter() - self._made_s >= MIN_AGE_S:
                self._published.clear()
                self._wanted.set()
                self._wake()
                self._wait_for_engine()
                self._data, self._made_s = encode(self._snapshot), time.perf_counter()
            return self._data

    def _wait_for_engine(self) -> None:
        # Not with `Event.wait`: a Python without sem_clockwait waits by the wall clock, which may be set back.
        deadline_s = time.perf_counter() + _ENGINE_LIMIT_S
        while not self._published.is_set() and time.perf_counter() < deadline_s:
            time.sleep(_POLL_S)
