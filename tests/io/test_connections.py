"""Who is connected to our ports: from invented lists of the kernel's, and on a private JACK server."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bollylive.io.connections import AlsaConnections, JackConnections, NoConnections, alsa_graph, connections_of
from bollylive.io.port_set import PortSet

CLIENTS = """Client info
  cur  clients : 5
  peak clients : 6
  max  clients : 192

Client   0 : "System" [Kernel Legacy]
  Port   0 : "Timer" (Rwe-) [In/Out]
  Port   1 : "Announce" (R-e-) [Out]
    Connecting To: 15:0
Client  14 : "Midi Through" [Kernel]
  Port   0 : "Midi Through Port-0" (RWe-)
Client  20 : "Keys "mk2" [a] : (b)" [Kernel]
  Port   0 : "Keys MIDI 1" (RWeX)
    Connecting To: 128:0, 129:0[real:0], 131:0[ex]
    Connected From: 130:0[t:3]
  Port   1 : "Keys (MIDI) 2" (RWeX)
Client 128 : "BollyLive In" [User Legacy]
  Port   0 : "in" (-We-) [In]
    Connected From: 20:0, 14:0
  Output pool :
    Pool size          : 500
Client 130 : "BollyLive Out" [User Legacy]
  Port   0 : "out" (R-e-) [Out]
    Connecting To: 20:0[t:3]
"""
KEYS = 'Keys "mk2" [a] : (b):Keys MIDI 1 20:0'
IN, OUT = "BollyLive In:in 128:0", "BollyLive Out:out 130:0"


def test_the_kernels_list_tells_who_is_connected_as_rtmidi_calls_them() -> None:
    graph = alsa_graph(CLIENTS)
    assert graph[IN] == {KEYS, "Midi Through:Midi Through Port-0 14:0"}
    assert graph[OUT] == {KEYS}
    assert graph[KEYS] == {IN, OUT}  # the other two are not there
    assert graph['Keys "mk2" [a] : (b):Keys (MIDI) 2 20:1'] == frozenset()
    assert len(graph) == 7


def test_only_our_ports_are_looked_for_and_without_a_list_nothing_is_seen(tmp_path: Path) -> None:
    clients = tmp_path / "clients"
    connections = AlsaConnections(clients)
    assert connections.seen([IN]) is None
    clients.write_bytes(CLIENTS.encode() + b'Client 140 : "\xff\n  Port\n    Connected From: \xff')
    assert connections.seen([IN, "gone 1:0"]) == {IN: alsa_graph(CLIENTS)[IN]}
    connections.close(dead=False)


@pytest.mark.parametrize("text", ["", "Client", "    Connected From: 1:2", 'Client 1 : "\n  Port 0 : ""\n'])
def test_any_list_can_be_read(text: str) -> None:
    assert alsa_graph(text) == {}


@pytest.mark.parametrize("api", ["core", "winmm"])
def test_other_systems_show_nothing(api: str) -> None:
    connections = connections_of(api, "Eye")
    assert isinstance(connections, NoConnections)
    assert connections.seen(["BollyLive In"]) is None
    connections.close(dead=False)


@pytest.mark.ports
def test_jack_tells_who_is_connected(jack_server: dict[str, str]) -> None:
    band = PortSet("jack", name="Band")
    connections = connections_of("jack", "Eye")
    assert isinstance(connections, JackConnections)
    try:
        own = ["Band In:in", "Band Out:out", "nobody:in"]
        assert connections.seen(own) == {"Band In:in": frozenset(), "Band Out:out": frozenset()}
        peer = PortSet("jack", "Band Out:out", "Band In:in", name="Peer")
        joined = {"Band In:in": frozenset({"Peer Out:out"}), "Band Out:out": frozenset({"Peer In:in"})}
        assert connections.seen(own) == joined
        began_s = time.perf_counter()
        for _ in range(1000):
            connections.seen(own)
        assert time.perf_counter() - began_s < 0.5  # it takes 20 µs
        peer.close()
    finally:
        connections.close(dead=False)
        connections.close(dead=False)
        band.close()
    assert connections.seen(["Band In:in"]) is None


@pytest.mark.ports
def test_where_no_jack_server_answers_nothing_is_seen(
    jack_server: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody-runs-this")
    assert isinstance(connections_of("jack", "Eye"), NoConnections)
    assert capfd.readouterr().err == ""
