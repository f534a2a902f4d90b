"""The sign that a server hung up, with sockets that a test holds both ends of."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from bollylive.io.jack_liveness import JackLiveness

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems give no sign")


def test_a_hang_up_is_seen_at_once() -> None:
    line = JackLiveness()
    ours, servers = socket.socketpair()
    line.tie()
    servers.send(b"words from the server are no hang-up")
    assert not line.cut()
    servers.close()
    assert line.cut()
    ours.close()


def test_what_was_open_before_or_was_closed_by_the_library_says_nothing() -> None:
    early, its_peer = socket.socketpair()
    elsewhere, servers = socket.socketpair()
    line = JackLiveness()
    ours, another = elsewhere.dup(), elsewhere.dup()
    line.tie()
    its_peer.close()
    number = ours.fileno()
    ours.close()
    assert not line.cut()
    os.dup2(early.fileno(), number)  # somebody whose peer is gone gets the number of the one that is closed
    assert not line.cut()
    os.close(number)
    for left in (early, another, elsewhere, servers):
        left.close()


def test_when_the_library_has_closed_all_of_them_the_server_is_gone() -> None:
    line = JackLiveness()
    pair = socket.socketpair()
    line.tie()
    for end in pair:
        end.close()
    assert line.cut()


def test_before_it_is_tied_it_knows_nothing() -> None:
    assert not JackLiveness().cut()
