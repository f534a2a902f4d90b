"""Ports that are pulled out while music plays, and a MIDI system that dies, on a private JACK server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from stage import Peer, eager_set, jam, until

from bollylive.io import rtmidi_backend
from bollylive.io.midi_clients import Client
from bollylive.io.port_set import PortSet
from bollylive.midi.messages import Control, Event, LostSourceRelease, NoteOff, NoteOn, Raw
from bollylive.midi.parser import Parser

pytestmark = pytest.mark.ports

KEY = 20  # so low that the band does not play it
ON, OFF = (0x90, KEY, 90), (0x80, KEY, 0)
DEVICE = ("--in", "virtual", "--in", "Device Out", "--out", "virtual", "--out", "Device In")
LIMIT_S = 10.0

# Watches its ports until they are lost, then sends more than would hang it, and closes them.
WATCH = """
import sys, time
from bollylive.errors import PortsLostError
from bollylive.io.port_set import PortSet
ports = PortSet("jack", name="Mortal")
print("open", flush=True)
began_s = time.perf_counter()
try:
    while time.perf_counter() - began_s < 20:
        ports.check(time.perf_counter())
        time.sleep(0.01)
except PortsLostError as error:
    for _ in range(5000):
        ports.send(b"\\x90\\x40\\x40")
    ports.close()
    print(ports.send_failures, error, flush=True)
"""


@pytest.fixture
def device(jack_server: dict[str, str]) -> Iterator[Peer]:
    device = Peer("virtual", "virtual", "Device")
    yield device
    device.ports.close()


def _plug(device: Peer) -> None:
    device.ports = PortSet("jack", name="Device")


def _says(process: subprocess.Popen[str], words: str) -> bool:
    """Whether the program, which has said that it is ready, says this within the limit."""
    assert process.stdout is not None
    number = process.stdout.fileno()
    os.set_blocking(number, False)
    said = bytearray()

    def has_said() -> bool:
        with contextlib.suppress(BlockingIOError):
            said.extend(os.read(number, 1000))
        return words.encode() in said

    return until(has_said, LIMIT_S)


def _strike_until(player: Peer, hearer: Peer) -> bool:
    """Strike and lift a key until the other hears it: who has just been plugged in is joined within a second."""
    heard = len(hearer.ons)

    def struck() -> bool:
        return NoteOn(0, KEY, 90) in hearer.ons[heard:]

    for _ in range(40):
        player.play(ON, OFF)
        if hearer.hears(struck, 0.1):
            return True
    return False


def test_an_input_that_is_pulled_out_in_mid_phrase_ends_its_notes_and_is_joined_again(
    device: Peer, tmp_path: Path
) -> None:
    with jam(*DEVICE, "--set", eager_set(tmp_path)) as process:
        daw = Peer()
        device.play(ON, (0xB0, 64, 127))
        assert daw.hears(lambda: (0, KEY) in daw.sounding)
        device.leave()
        assert daw.hears(lambda: (0, KEY) not in daw.sounding)
        daw.play((0x90, 67, 90), (0x80, 67, 0))  # the other input is heard as before
        assert daw.hears(lambda: NoteOn(0, 67, 90) in daw.ons)
        _plug(device)
        assert _strike_until(device, daw)
        daw.see_off(process, limit_s=LIMIT_S)
        assert not daw.faults


def test_an_output_that_is_pulled_out_in_mid_phrase_has_no_hanging_note_when_it_is_back(
    device: Peer, tmp_path: Path
) -> None:
    with jam(*DEVICE, "--set", eager_set(tmp_path)) as process:
        daw = Peer()
        daw.play(ON)
        assert device.hears(lambda: (0, KEY) in device.sounding)
        device.leave()
        assert _says(process, "'Device In:in' is gone")
        daw.play(OFF)
        assert daw.hears(lambda: (0, KEY) not in daw.sounding)
        _plug(device)
        assert device.hears(lambda: (0, KEY) not in device.sounding)
        assert _strike_until(daw, device)
        process.terminate()
        assert device.hears(lambda: process.poll() is not None, LIMIT_S)
        for side in (daw, device):
            side.listen()
            assert not side.sounding
            side.ports.close()
        assert not daw.faults


def test_a_program_that_comes_after_the_band_is_joined_in_both_directions(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    named = ("--in", "Device Out", "--out", "Device In")
    with jam(*named, "--set", eager_set(tmp_path)) as process:
        device = Peer("virtual", "virtual", "Device")
        assert _says(process, "'Device In:in' is there now, and joined")
        assert _strike_until(device, device)
        device.see_off(process, limit_s=LIMIT_S)


HOLD = ((0xB0, 64, 127), (0xE0, 0, 96))
LET_GO = [Control(0, 64, 0), Raw(b"\xe0\x00\x40")]


class Gear:
    """A keyboard and a synthesizer, whose ports can be away for a moment, and a band that has joined both by name.

    They are joined to a rack besides, since rtmidi opens a virtual port only once.
    """

    def __init__(self) -> None:
        self._rack = rtmidi_backend.new_input("jack", "Rack In"), rtmidi_backend.new_output("jack", "Rack Out")
        for end in self._rack:
            rtmidi_backend.open_port(end, None, "port", "")
        self.keys, self.synth = rtmidi_backend.new_output("jack", "Keys"), rtmidi_backend.new_input("jack", "Synth")
        self._plug(self.keys)
        self._plug(self.synth)
        self.band = PortSet("jack", "Keys:port", "Synth:port", name="Band")
        self.said: list[str] = []
        self.heard: list[object] = []  # by the band
        self.played: list[Event] = []  # to the synthesizer
        self._reader = Parser()

    def blink(self, client: Client) -> None:
        """Its port is away for a moment, far shorter than the list of ports is read."""
        began_s = time.perf_counter()
        client.close_port()
        self._plug(client)
        assert time.perf_counter() - began_s < 0.1

    def go_on(self, condition: Callable[[], bool]) -> bool:
        """Look as the io process does until a condition holds; False if it does not within the limit."""

        def holds() -> bool:
            now_s = time.perf_counter()
            came = [timed.event for timed in self.band.poll(now_s)]
            self.heard += [event.event if isinstance(event, LostSourceRelease) else event for event in came]
            self.said += self.band.check(now_s)
            while (message := self.synth.get_message()) is not None:
                self.played += self._reader.feed(message[0])
            return condition()

        return until(holds, LIMIT_S)

    def is_told(self, words: str) -> bool:
        """Whether the musician is told this within the limit."""
        return self.go_on(lambda: any(words in sentence for sentence in self.said))

    def close(self) -> None:
        self.band.close()
        for client in (self.keys, self.synth, *self._rack):
            rtmidi_backend.close_port(client, for_ever=True)

    def _plug(self, client: Client) -> None:
        rack = next(number for number, name in enumerate(client.get_ports()) if name.startswith("Rack"))
        rtmidi_backend.open_port(client, rack, "port", "")


def send(ports: PortSet, message: Sequence[int]) -> None:
    for event in Parser().feed(message):
        ports.send_at(time.perf_counter(), event)


@pytest.fixture
def gear(jack_server: dict[str, str]) -> Iterator[Gear]:
    gear = Gear()
    yield gear
    gear.close()


def test_a_keyboard_that_is_away_for_a_moment_leaves_no_note_and_is_joined_again(gear: Gear) -> None:
    for message in (ON, *HOLD):
        gear.keys.send_message(bytes(message))
    held = [NoteOn(0, KEY, 90), Control(0, 64, 127), Raw(b"\xe0\x00\x60")]
    assert gear.go_on(lambda: gear.heard == held)
    gear.blink(gear.keys)
    assert gear.is_told("'Keys:port' is back")
    assert gear.heard == [*held, *LET_GO, NoteOff(0, KEY)]
    assert ["is gone" in sentence for sentence in gear.said] == [True, False]
    gear.keys.send_message(bytes(ON))
    assert gear.go_on(lambda: gear.heard[6:] == [NoteOn(0, KEY, 90)])


def test_a_synthesizer_that_is_away_for_a_moment_has_no_hanging_note_and_is_joined_again(gear: Gear) -> None:
    for message in (ON, *HOLD):
        send(gear.band, message)
    gear.blink(gear.synth)
    send(gear.band, OFF)
    assert gear.is_told("'Synth:port' is back")
    send(gear.band, (0x90, KEY + 1, 90))
    assert gear.go_on(lambda: NoteOn(0, KEY + 1, 90) in gear.played)
    assert gear.played[-4:] == [*LET_GO, NoteOff(0, KEY), NoteOn(0, KEY + 1, 90)]
    assert ["is gone" in sentence for sentence in gear.said] == [True, False]


def test_a_daw_that_leaves_and_comes_back_to_our_own_ports_is_heard(jack_server: dict[str, str]) -> None:
    ports = PortSet("jack")
    try:
        for _ in range(2):
            _exchange(ports, Peer())
            assert ports.check(time.perf_counter()) == []
    finally:
        ports.close()


def _exchange(ports: PortSet, daw: Peer) -> None:
    daw.play(ON)
    assert until(lambda: ports.receive() == [list(ON)], LIMIT_S)
    ports.send(bytes(ON))
    assert daw.hears(lambda: (0, KEY) in daw.sounding)
    daw.ports.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_death_of_the_jack_server_is_noticed_and_nothing_hangs(
    calm_jack_server: dict[str, str], number: signal.Signals
) -> None:
    command = [sys.executable, "-c", WATCH]
    watch = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert watch.stdout is not None
        assert watch.stdout.readline() == "open\n"
        server = _server(calm_jack_server["JACK_DEFAULT_SERVER"])
        os.kill(server, number)
        os.waitpid(server, 0)  # while it is a zombie, JACK takes it for alive
        out, _ = watch.communicate(timeout=LIMIT_S)
        assert out.startswith("5000 The MIDI system (jack) has died")
    finally:
        watch.kill()
        watch.wait()
        _forget(calm_jack_server["JACK_DEFAULT_SERVER"])


def _server(name: str) -> int:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return next(int(child) for child in children if name.encode() in Path(f"/proc/{child}/cmdline").read_bytes())


def _forget(name: str) -> None:
    """Let a server of the same name begin and end: JACK has eight places, and one that was killed keeps its own."""
    command = ["jackd", "-n", name, "-r", "-S", "-t", "1000", "-p", "128", "-d", "dummy"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: subprocess.run(["jack_lsp"], capture_output=True, check=False).returncode == 0, LIMIT_S)
    finally:
        server.terminate()
        server.wait()
