"""How a band and a program that watches it prove to each other that they know the band's key.

The band sends a random challenge. The reader answers with a challenge of its own and with a proof, and the band answers
that with its proof: HMAC-SHA256 (RFC 2104) of the role and both challenges. The key itself is never sent. Both
functions block until the other side answers, and raise OSError or EOFError if it is gone.
"""

from __future__ import annotations

import hmac
import secrets
from multiprocessing.connection import Connection
from typing import Final

KEY_BYTES: Final = 32
_BYTES: Final = 32  # of a challenge and of a proof


def admit_reader(connection: Connection, key: bytes) -> bool:
    """Return whether the reader at the other end knows the key; for the band."""
    ours = secrets.token_bytes(_BYTES)
    connection.send_bytes(ours)
    answer = connection.recv_bytes(2 * _BYTES)
    theirs, proof = answer[:_BYTES], answer[_BYTES:]
    if len(answer) != 2 * _BYTES or not hmac.compare_digest(proof, _proof(key, b"reader", ours + theirs)):
        return False
    connection.send_bytes(_proof(key, b"band", theirs + ours))
    return True


def enter_band(connection: Connection, key: bytes) -> bool:
    """Return whether the band at the other end knows the key, and has admitted this reader."""
    theirs = connection.recv_bytes(_BYTES)
    ours = secrets.token_bytes(_BYTES)
    connection.send_bytes(ours + _proof(key, b"reader", theirs + ours))
    return hmac.compare_digest(connection.recv_bytes(_BYTES), _proof(key, b"band", ours + theirs))


def _proof(key: bytes, role: bytes, challenges: bytes) -> bytes:
    return hmac.digest(key, role + challenges, "sha256")
