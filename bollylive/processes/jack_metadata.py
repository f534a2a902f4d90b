"""What keeps every JACK client of a user from opening, and how the user gets out of it.

jackd 2 keeps its metadata in a Berkeley DB, in a folder for each user. A client that is killed while it opens may leave
the database locked. From then on every client of this user waits for the lock, in `jack_client_open`, for ever; and so
does a server that is told to end. A new server changes nothing. Without the folder clients open again, whether or not
the server is a new one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")


def cure_of_lock(shared_memory: Path = SHARED_MEMORY) -> str | None:
    """Return half a sentence on what helps a client that hangs while it opens; None if JACK has no metadata here."""
    if sys.platform == "win32":
        return None
    folder = shared_memory / f"jack_db-{os.getuid()}"
    if not folder.is_dir():
        return None
    return (
        "a JACK program that was killed while it started may have locked JACK's metadata: remove the folder "
        f"{folder} (JACK may go on running), and try again"
    )
