"""Who listens for Ableton Link peers, on a network that is made up."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.clock.link_discovery import LOOK_S, SETTLED_S, SILENCE_S, LinkDiscovery, read_message

ALIVE, ANSWER, BYE = 1, 2, 3
BETWEEN_S = 0.25
ANN, BOB = b"Ann is A", b"Bob is B"


def message(kind: int = ALIVE, name: bytes = ANN, *, group: int = 0, version: int = 1) -> bytes:
    return b"_asdp_v" + bytes((version, kind, 5 if kind != BYE else 0, 0, group)) + name


class FakeSocket(socket.socket):
    """A socket that is not on any network; `wire` holds what has come, and `joins` who was asked for it."""

    def __init__(self, *wire: bytes, interfaces: bool = True) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire: list[bytes | OSError] = list(wire)
        self.interfaces = interfaces
        self.joins: list[bytes] = []
        self.closed = False

    def recv(self, size: int, _flags: int = 0) -> bytes:
        if not self.wire:
            raise BlockingIOError
        if isinstance(came := self.wire.pop(0), OSError):
            raise came
        return came[:size]

    def setsockopt(self, level: int, name: int, value: object, *_: object) -> None:
        assert (level, name) == (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP)
        assert isinstance(value, bytes)
        if not self.interfaces or value in self.joins:
            raise OSError(98, "Address already in use")
        self.joins.append(value)

    def close(self) -> None:
        self.closed = True
        super().close()


def heard(discovery: LinkDiscovery, network: FakeSocket, *came: tuple[float, bytes]) -> list[float]:
    """When the discovery heard somebody who was there for long enough."""
    seconds = []
    for now_s, data in came:
        network.wire.append(data)
        if discovery.hears(now_s):
            seconds.append(now_s)
    return seconds


def announced(from_s: float, to_s: float, name: bytes = ANN) -> list[tuple[float, bytes]]:
    return [(from_s + i * BETWEEN_S, message(name=name)) for i in range(round((to_s - from_s) / BETWEEN_S) + 1)]


@pytest.mark.parametrize("kind", [ALIVE, ANSWER, BYE])
def test_a_message_says_its_kind_and_its_sender(kind: int) -> None:
    assert read_message(message(kind) + b"tmln") == (kind, ANN)


@given(st.binary(max_size=40))
def test_whatever_else_is_on_the_wire_is_nobody(data: bytes) -> None:
    for foreign in (data, message(version=2) + data, message(group=1) + data, message()[: len(data) % 20]):
        assert read_message(foreign) == (0, b"")


def test_somebody_is_heard_when_they_are_there_for_long_enough() -> None:
    network = FakeSocket()
    discovery = LinkDiscovery(lambda: network)
    assert not discovery.hears(9.9)
    assert heard(discovery, network, *announced(10.0, 12.0))[0] == 10.0 + SETTLED_S


def test_all_that_has_come_is_taken_at_one_look_but_not_without_end() -> None:
    network = FakeSocket(*[message()] * 70)
    discovery = LinkDiscovery(lambda: network)
    assert not discovery.hears(10.0)
    assert len(network.wire) == 6
    assert not discovery.hears(10.05)
    assert not network.wire


def test_who_leaves_or_falls_silent_must_be_there_for_long_enough_again() -> None:
    network = FakeSocket()
    discovery = LinkDiscovery(lambda: network)
    assert heard(discovery, network, *announced(10.0, 10.75), (10.8, message(BYE)), *announced(10.9, 11.65)) == []
    again_s = 11.65 + SILENCE_S + 0.1
    assert heard(discovery, network, *announced(again_s, again_s + 0.75)) == []


def test_the_time_of_one_peer_does_not_count_for_another() -> None:
    network = FakeSocket()
    discovery = LinkDiscovery(lambda: network)
    came = [*announced(10.0, 10.75), *announced(10.9, 11.9, BOB), (11.95, message(BYE, BOB)), (12.0, message())]
    assert heard(discovery, network, *came) == [12.0]
    assert heard(discovery, network, (12.05, message(BYE)), *announced(12.1, 12.85, BOB)) == []


def test_an_answer_to_somebody_else_is_not_an_announcement() -> None:
    network = FakeSocket()
    discovery = LinkDiscovery(lambda: network)
    assert heard(discovery, network, *[(10.0 + i * BETWEEN_S, message(ANSWER)) for i in range(20)]) == []


def test_every_interface_is_joined_also_one_that_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    network, there = FakeSocket(), [(1, "lo")]
    monkeypatch.setattr(socket, "if_nameindex", lambda: there)
    discovery = LinkDiscovery(lambda: network)
    discovery.hears(0.0)
    assert len(network.joins) == 3  # the default, the loopback, and the one by its number
    there.append((7, "eth0"))
    discovery.hears(LOOK_S - 0.1)
    assert len(network.joins) == 3
    discovery.hears(LOOK_S)
    assert len(network.joins) == 4
    assert {join[:4] for join in network.joins} == {bytes((224, 76, 78, 75))}


def test_a_network_that_fails_is_told_once_and_tried_again() -> None:
    opened: list[FakeSocket] = []

    def open_socket() -> socket.socket:
        opened.append(FakeSocket(interfaces=len(opened) != 1))
        if len(opened) == 1:
            raise PermissionError(13, "Permission denied")
        return opened[-1]

    discovery = LinkDiscovery(open_socket)
    assert not discovery.hears(0.0)
    assert discovery.take_problem() == (
        "Ableton Link: nobody can be heard on the network: Permission denied. "
        "It is tried again every 5 s; the tempo is free until then."
    )
    assert not discovery.hears(LOOK_S - 0.1)
    assert len(opened) == 1
    assert not discovery.hears(LOOK_S)
    assert (len(opened), opened[1].closed) == (2, True)  # no interface
    assert discovery.take_problem() is None
    assert not discovery.hears(2 * LOOK_S)
    opened[2].wire.append(OSError(100, "Network is down"))
    assert not discovery.hears(2 * LOOK_S + 0.05)
    assert opened[2].closed
    assert "Network is down" in (discovery.take_problem() or "")
    for scouted in opened:
        scouted.close()


def test_when_it_listens_no_more_its_socket_is_closed_and_everybody_forgotten() -> None:
    networks = [FakeSocket(), FakeSocket()]
    ahead = iter(networks)
    discovery = LinkDiscovery(lambda: next(ahead))
    heard(discovery, networks[0], *announced(10.0, 10.75))
    discovery.close()
    assert networks[0].closed
    assert heard(discovery, networks[1], *announced(11.0, 11.75)) == []
    discovery.close()
