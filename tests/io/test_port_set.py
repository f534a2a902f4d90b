"""The real ports, on a private JACK server."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest
from stage import until

from bollylive.errors import PortError
from bollylive.io.port_set import PortSet
from bollylive.io.rtmidi_backend import available_apis, close_port, list_ports, new_input, new_output, open_port

pytestmark = pytest.mark.ports

LIMIT_S = 5.0

Environment = dict[str, str]


@pytest.fixture
def ports(jack_server: Environment) -> Iterator[PortSet]:
    opened = PortSet("jack")
    yield opened
    opened.close()


def _lsp(environment: Environment) -> list[str]:
    return subprocess.run(["jack_lsp"], env=environment, capture_output=True, text=True, check=True).stdout.split("\n")


def _receive(ports: PortSet, count: int) -> list[list[int]]:
    received: list[list[int]] = []

    def complete() -> bool:
        received.extend(ports.receive())
        return len(received) >= count

    until(complete, LIMIT_S)
    return received


def test_the_virtual_ports_have_stable_names(ports: PortSet, jack_server: Environment) -> None:
    assert (ports.input_name, ports.output_name) == ("BollyLive In:in", "BollyLive Out:out")
    assert {"BollyLive In:in", "BollyLive Out:out"} <= set(_lsp(jack_server))


def test_a_second_band_tells_the_names_that_others_see(ports: PortSet, jack_server: Environment) -> None:
    second = PortSet("jack")
    try:
        assert (second.input_name, second.output_name) == ("BollyLive In-01:in", "BollyLive Out-01:out")
        assert {second.input_name, second.output_name} <= set(_lsp(jack_server))
    finally:
        second.close()


def test_a_second_pair_joins_the_first_and_everything_passes_both_ways(ports: PortSet) -> None:
    other = PortSet("jack", inputs="BollyLive Out:out", outputs="bollylive in")
    messages = [[0x90, 60, 100], [0xF8], [0xFE], [0xF0, 1, 2, 3, 0xF7], [0xB0, 64, 127], [0xF2, 4, 1]]
    try:
        for sender, receiver in ((other, ports), (ports, other)):
            for message in messages:
                sender.send(bytes(message))
            assert _receive(receiver, len(messages)) == messages
    finally:
        other.close()


def test_what_is_named_is_joined_though_ports_of_our_own_get_lower_numbers(jack_server: Environment) -> None:
    gone, keys, synth = new_input("jack", "Gone"), new_output("jack", "Keys"), new_input("jack", "Synth")
    for client in (gone, keys, synth):
        open_port(client, None, "port", "")
    close_port(gone, for_ever=True)  # it leaves its number to whoever comes next
    band = PortSet("jack", "Keys", "Synth", name="Band")
    try:
        assert (band.input_name, band.output_name) == ("Keys:port", "Synth:port")
        lines = subprocess.run(["jack_lsp", "-c"], env=jack_server, capture_output=True, text=True, check=True).stdout
        connected = lines.splitlines()
        assert connected[connected.index("Band Out:out") + 1] == "   Synth:port"
        assert connected[connected.index("Band In:in") + 1] == "   Keys:port"
        assert band.listeners == 1
    finally:
        band.close()
        close_port(keys, for_ever=True)
        close_port(synth, for_ever=True)


def test_listeners_come_and_go(ports: PortSet) -> None:
    assert ports.listeners == 0
    other = PortSet("jack", inputs="BollyLive Out:out")

    def are(count: int) -> bool:
        def so() -> bool:
            ports.check(time.perf_counter())
            return ports.listeners == count

        return until(so, LIMIT_S)

    assert are(1)
    other.close()
    assert are(0)


def test_an_unknown_name_lists_the_ports_that_are_there(ports: PortSet) -> None:
    with pytest.raises(PortError, match=r"no MIDI output 'Moog'.*'BollyLive In:in'"):
        PortSet("jack", outputs="Moog")


def test_an_ambiguous_name_is_refused(ports: PortSet) -> None:
    choirs = [PortSet("jack", name=name) for name in ("High choir", "Low choir")]
    try:
        with pytest.raises(PortError, match="could be any of"):
            PortSet("jack", inputs="choir out")
    finally:
        for choir in choirs:
            choir.close()


def test_a_part_of_a_name_does_not_join_another_band(ports: PortSet) -> None:
    with pytest.raises(PortError, match=r"There is no MIDI input 'bolly'.* Give the whole name"):
        PortSet("jack", inputs="bolly")


def test_sending_the_impossible_is_counted_and_closing_twice_is_harmless(ports: PortSet) -> None:
    ports.send(b"")
    assert ports.send_failures == 1
    ports.close()
    ports.close()
    ports.send(b"\xf8")
    assert ports.send_failures == 2
    assert ports.receive() == []


def test_ports_are_gone_after_closing(jack_server: Environment) -> None:
    PortSet("jack").close()
    assert until(lambda: not any("BollyLive" in name for name in _lsp(jack_server)), LIMIT_S)


def test_the_ports_can_be_listed(ports: PortSet) -> None:
    assert "jack" in available_apis()
    inputs, outputs = list_ports("jack")
    assert "BollyLive Out:out" in inputs
    assert "BollyLive In:in" in outputs


def test_without_a_server_the_error_says_what_to_start(
    jack_server: Environment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody-runs-this")
    with pytest.raises(PortError, match="jackd"):
        PortSet("jack")
    assert capfd.readouterr().err == ""


def test_equal_names_are_refused_before_anything_opens() -> None:
    with pytest.raises(PortError, match="hear itself"):
        PortSet(inputs="loopMIDI Port", outputs="LoopMIDI port")


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(PortError, match="choose from"):
        PortSet("oss")
