"""Shows the band to other programs of the same user, and never waits for one of them.

A reader asks, and gets one snapshot. Whoever asks wakes the engine for it, so nothing is made while nobody looks.
Everything is bounded: how many readers there are, how often the engine is asked, and how long a reader may dawdle.
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

from bollylive.snapshot.address import Address, call, find_addresses, limit_silence, new_socket, publish, remove
from bollylive.snapshot.format import Snapshot, Vitals

MOST_READERS: Final = 8
_MOST_CALLS: Final = 16  # that wait to be taken
PACE_S: Final = 1 / 60  # a snapshot is at least this old before another one is made

_PATIENCE_S: Final = 0.5  # an engine that finds no time for so long is shown as it was
_SILENCE_LIMIT_S: Final = 10  # a reader that neither asks nor reads for so long loses its place
_KEY_BYTES: Final = 32
_LONGEST_QUESTION: Final = 16


class SnapshotServer:
    """The engine's side: `start` it, look at `asked` every turn, and `show` a snapshot if so; all on one thread.

    `wake` is called on a thread of a reader when somebody asks, and must not block. `vitals` are those of the process
    with the ports, and go into every
    snapshot. The readers are served by threads of their own, which sleep unless asked.
    """

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        self.vitals = Vitals()
        self._folder, self._wake, self._token = folder, wake, secrets.token_hex(8)
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._address: Address | None = None
        self._listener: Listener | None = None
        self._places = threading.BoundedSemaphore(MOST_READERS)
        self._lock = threading.Lock()  # among readers; the engine's thread never takes it
        self._wanted, self._shown = threading.Event(), threading.Event()
        self._snapshot: Snapshot | None = None
        self._data, self._made_s = b"", -PACE_S

    def start(self) -> None:
        """Listen, and publish where; what killed programs have left is removed. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for address in find_addresses(self._folder) if sys.platform != "win32" else ():  # a call may wait there
            with suppress(TimeoutError):  # one that hangs is none of our business
                if (connection := call(address)) is not None:
                    connection.close()
        socket = new_socket(self._folder, self._token)
        self._listener = Listener(socket, backlog=_MOST_CALLS)
        self._address = publish(self._folder, self._token, socket, self._key)
        threading.Thread(target=self._receive_readers, args=(self._listener,), name="watched", daemon=True).start()

    def asked(self) -> bool:
        """Whether somebody waits for a snapshot. Does not block."""
        wanted = self._wanted.is_set()
        self._wanted.clear()
        return wanted

    def show(self, snapshot: Snapshot) -> None:
        """Let the readers have this one. Does not block."""
        self._snapshot = replace(snapshot, vitals=self.vitals)
        self._shown.set()

    def close(self) -> None:
        """No more readers, and no address."""
        if self._address is not None:
            remove(self._address)
        if self._listener is not None:
            with suppress(OSError):
                self._listener.close()
        self._listener = None

    def _receive_readers(self, listener: Listener) -> None:
        while self._listener is not None:
            try:
                connection = listener.accept()
            except OSError:  # closed, or the reader has gone, or the system has nothing left to give for a while
                time.sleep(PACE_S)
                continue
            if self._places.acquire(blocking=False):
                threading.Thread(target=self._answer, args=(connection,), name="reader", daemon=True).start()
            else:
                connection.close()

    def _answer(self, connection: Connection) -> None:
        with suppress(OSError, EOFError, multiprocessing.AuthenticationError), connection:
            limit_silence(connection.fileno(), _SILENCE_LIMIT_S)
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            while self._listener is not None:
                connection.recv_bytes(_LONGEST_QUESTION)
                connection.send_bytes(self._newest())
                time.sleep(PACE_S)
        self._places.release()

    def _newest(self) -> bytes:
        with self._lock:
            if time.perf_counter() - self._made_s >= PACE_S:
                self._shown.clear()
                self._wanted.set()
                self._wake()
                self._shown.wait(_PATIENCE_S)
                self._data, self._made_s = pickle.dumps(self._snapshot), time.perf_counter()
            return self._data
