"""supriya-midi behaves as BollyLive expects of every MIDI library. A fake is in place of its compiled part."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest

from bollylive.io.midi_library import wanted_loaders

if importlib.util.find_spec("supriya_midi") is None:
    pytest.skip("supriya-midi is not installed.", allow_module_level=True)

library = wanted_loaders("supriya-midi", (3, 13))["supriya-midi"]()  # after the machine's libjack

NO_SERVER = "MidiOutJack::initialize: JACK server not running?"
BAD_NUMBER = "MidiOutJack::getPortName: the 'portNumber' argument (7) is invalid."
GONE = "MidiOutJack::sendMessage: the JACK server has shut down; messages are being dropped."
WAITING = "MidiOutJack::closePort: 3 message(s), 9 bytes, never went out and were dropped."
TOO_LONG = "MidiOutJack::sendMessage: a message over 16379 bytes doesn't fit RtMidi's output buffer. Message dropped."


class Driver:
    """One end of supriya-midi's, with what RtMidi reports during the next calls; names are as bytes."""

    def __init__(self, *reports: str, ports: tuple[bytes, ...] = ()) -> None:
        self.reports = list(reports)
        self.ports = ports
        self.sent: list[bytes] = []
        self.open: str | None = None
        self._say: Callable[[str], None] = lambda _text: None

    def set_error_callback(self, callback: Callable[[Any, str, Any], None], data: Any) -> None:
        self._say = lambda text: callback(None, text, data)  # what it raised would break RtMidi

    def get_port_count(self) -> int:
        self._report()
        return len(self.ports)

    def get_port_name(self, number: int) -> str:
        return self.ports[number].decode()

    def open_port(self, _number: int, name: str) -> None:
        if self.open is not None:
            raise RuntimeError("Port already opened.")
        self.open = name
        self._report()

    def close_port(self) -> None:
        self.open = None
        self._report()

    def send_message(self, message: bytes) -> None:
        if not message:
            raise ValueError("Message must not be empty.")
        if not self._report():
            self.sent.append(message)

    def _report(self) -> bool:
        if self.reports:
            self._say(self.reports.pop(0))
            return True
        return False


def made(monkeypatch: pytest.MonkeyPatch, driver: Driver) -> Any:
    monkeypatch.setattr(library, "MidiOut", lambda *_: driver)
    return library.new_output("jack", "Band")


def test_a_client_without_a_server_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(library.ERRORS, match="JACK server not running"):
        made(monkeypatch, Driver(NO_SERVER))


def test_a_port_that_does_not_open_may_be_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    client = made(monkeypatch, driver := Driver())
    driver.reports = [BAD_NUMBER]
    with pytest.raises(library.ERRORS, match="is invalid"):
        client.open_port(7, "out")
    client.open_port(0, "out")
    assert driver.open == "out"


def test_each_message_that_a_dead_server_does_not_take_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    client = made(monkeypatch, driver := Driver())
    driver.reports = [GONE]
    for _ in range(3):
        with pytest.raises(library.ERRORS, match="has shut down"):
            client.send_message(b"\x90\x3c\x40")
    assert driver.sent == []


def test_a_message_that_is_too_long_does_not_stop_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    client = made(monkeypatch, driver := Driver())
    driver.reports = [TOO_LONG]
    with pytest.raises(library.ERRORS, match="doesn't fit"):
        client.send_message(b"\xf0" + bytes(20_000) + b"\xf7")
    with pytest.raises(library.ERRORS):
        client.send_message(b"")
    client.send_message(b"\xf8")
    assert driver.sent == [b"\xf8"]


def test_what_was_lost_at_closing_is_a_warning_and_not_told_of_the_next_port(monkeypatch: pytest.MonkeyPatch) -> None:
    client = made(monkeypatch, driver := Driver())
    client.open_port(0, "out")
    driver.reports = [WAITING]
    with pytest.warns(RuntimeWarning, match=r"3 message\(s\)"):
        client.close_port()
    client.open_port(0, "out")
    client.send_message(b"\xf8")
    assert driver.sent == [b"\xf8"]


def test_a_name_that_is_not_utf_8_does_not_spoil_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    client = made(monkeypatch, Driver(ports=("Flöte:in".encode(), "Flöte:in".encode("latin-1"), b"Synth:in")))
    assert client.get_ports() == ["Flöte:in", "Flte:in", "Synth:in"]
