"""What ports decide, on a MIDI system that a test plugs and unplugs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bollylive import midi_system
from bollylive.errors import PortError, PortsLostError
from bollylive.note import Control, NoteOff, NoteOn, Program, Start, Tick
from bollylive.ports import LOOK_S, PULSE_S, Ports
from bollylive.wire import Reader

ON, OFF, TICK = [0x90, 60, 90], [0x80, 60, 0], [0xF8]


class Studio:
    """A MIDI system: what others offer, and the clients that were made."""

    def __init__(self) -> None:
        self.api = "jack"
        self.sources: list[str] = []
        self.sinks: list[str] = []
        self.inputs: list[FakeIn] = []
        self.outputs: list[FakeOut] = []
        self.not_ready: set[str] = set()  # listed, but does not open
        self.looks = 0

    def new_input(self, _api: str, client_name: str) -> FakeIn:
        self.inputs.append(FakeIn(self, client_name))
        return self.inputs[-1]

    def new_output(self, _api: str, client_name: str) -> FakeOut:
        self.outputs.append(FakeOut(self, client_name))
        return self.outputs[-1]

    def open_system(self, _api: str | None, in_name: str, out_name: str) -> tuple[str, FakeIn, FakeOut]:
        return self.api, self.new_input("", in_name), self.new_output("", out_name)

    def source(self, name: str) -> FakeIn:
        """Our input that is joined to this port."""
        return next(client for client in self.inputs if client.port == name)

    def heard(self, name: str) -> list[object]:
        """All that was sent to this port."""
        reader = Reader()
        return [event for client in self.outputs for data in client.sent.get(name, []) for event in reader.feed(data)]


class FakeClient:
    def __init__(
        self, studio: Studio, name: str, offered: Callable[[], list[str]], seen: Callable[[], list[str]]
    ) -> None:
        self.name = name
        self.port: str | None = None
        self.deleted = False
        self._studio, self._offered, self._seen = studio, offered, seen

    def get_ports(self) -> list[str]:
        self._studio.looks += 1
        return list(self._offered())

    def open_port(self, port: int, name: str) -> None:
        wanted = self._offered()[port]
        assert self.port is None, "rtmidi refuses a second port"
        if wanted in self._studio.not_ready:
            raise PortError(f"{name} of {self.name} does not open")
        self.port = wanted

    def open_virtual_port(self, name: str) -> None:
        taken = self._seen()
        number = sum(other.startswith(self.name) for other in taken)
        self.port = f"{self.name}{f'-{number:02}' if number else ''}:{name}"
        taken.append(self.port)

    def close_port(self) -> None:
        self.port = None

    def delete(self) -> None:
        self.deleted = True


class FakeIn(FakeClient):
    def __init__(self, studio: Studio, name: str) -> None:
        super().__init__(studio, name, lambda: studio.sources, lambda: studio.sinks)
        self.queue: list[list[int]] = []

    def get_message(self) -> tuple[list[int], float] | None:
        return (self.queue.pop(0), 0.0) if self.queue else None


class FakeOut(FakeClient):
    def __init__(self, studio: Studio, name: str) -> None:
        super().__init__(studio, name, lambda: studio.sinks, lambda: studio.sources)
        self.sent: dict[str, list[bytes]] = {}

    def send_message(self, message: bytes) -> None:
        if self.port is None:
            raise ValueError("no port")
        self.sent.setdefault(self.port, []).append(bytes(message))


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Studio:
    studio = Studio()
    studio.sources, studio.sinks = ["Keys:out", "Pads:out"], ["Synth:in", "Organ:in"]
    for name in ("open_system", "new_input", "new_output"):
        monkeypatch.setattr(midi_system, name, getattr(studio, name))
    monkeypatch.setattr(midi_system, "_CYCLE_S", 0.0)
    return studio


def test_inputs_are_merged_and_every_output_gets_everything(studio: Studio) -> None:
    ports = Ports(None, ["keys", "pads"], ["virtual", "synth", "organ"])
    assert (ports.input_name, ports.output_name) == ("Keys:out, Pads:out", "BollyLive Out:out, Synth:in, Organ:in")
    studio.source("Keys:out").queue += [[0x90, 60], [0x90, 62, 91]]  # the first in pieces, and never completed
    studio.source("Pads:out").queue += [[90], [0x99, 36, 80]]
    assert ports.read(0.0) == [NoteOn(0, 62, 91), NoteOn(9, 36, 80)]
    assert ports.bad_bytes == 2
    ports.send(bytes(ON))
    assert studio.heard("Synth:in") == studio.heard("Organ:in") == studio.heard("BollyLive Out:out")
    assert ports.send_failures == 0


def test_only_the_first_of_two_clocks_counts(studio: Studio) -> None:
    ports = Ports(None, ["keys", "pads"])
    studio.source("Pads:out").queue += [TICK, [0xFA]]
    assert ports.read(0.0) == [Tick(), Start()]
    studio.source("Keys:out").queue += [TICK]
    studio.source("Pads:out").queue += [TICK]
    assert ports.read(0.1) == [Tick()]


def test_an_input_that_is_pulled_out_ends_what_was_held_on_it_alone(studio: Studio) -> None:
    ports = Ports(None, ["keys", "pads"])
    studio.source("Keys:out").queue += [ON, [0x90, 64, 90], [0xB0, 64, 127], TICK, [0x90, 65]]
    studio.source("Pads:out").queue += [ON]
    ports.read(0.0)
    studio.sources.remove("Keys:out")
    told = ports.check(LOOK_S)
    assert len(told) == 1
    assert "'Keys:out' is gone" in told[0]
    assert ports.read(LOOK_S) == [Control(0, 64, 0), NoteOff(0, 64)]
    assert ports.check(2 * LOOK_S) == []
    assert ports.read(2 * LOOK_S) == []
    studio.source("Pads:out").queue += [TICK, OFF]  # its clock leads now, at once
    assert ports.read(2 * LOOK_S) == [Tick(), NoteOff(0, 60, 0)]

    studio.sources.append("Keys-01:out")
    assert ports.check(3 * LOOK_S) == ["The MIDI input 'Keys-01:out' is back."]
    studio.source("Keys-01:out").queue += [[90], ON]  # what was under way is not continued
    assert ports.read(3 * LOOK_S) == [NoteOn(0, 60, 90)]


def test_an_output_that_is_back_ends_what_it_left_sounding_and_knows_its_programs(studio: Studio) -> None:
    ports = Ports(None, (), ["virtual", "synth"])
    for message in ([0xC0, 73], [0x90, 62, 90], [0x80, 62, 0]):
        ports.send(bytes(message))
    assert ports.check(LOOK_S) == []
    for message in (ON, [0x90, 64, 90], [0xB0, 64, 127], [0x80, 64, 0]):  # the last perhaps when it was gone already
        ports.send(bytes(message))
    studio.sinks.remove("Synth:in")
    assert len(ports.check(2 * LOOK_S)) == 1
    before = len(studio.heard("Synth:in"))
    for message in (OFF, [0x90, 67, 90], [0xC1, 32]):  # meanwhile, for those who still hear
        ports.send(bytes(message))
    assert ports.send_failures == 0
    assert len(studio.heard("BollyLive Out:out")) == 10
    studio.sinks.append("Synth:in")
    assert ports.check(3 * LOOK_S) == ["The MIDI output 'Synth:in' is back."]
    ended = [NoteOff(0, 60), NoteOff(0, 64)]
    assert studio.heard("Synth:in")[before:] == [Control(0, 64, 0), *ended, Program(0, 73), Program(1, 32)]
    ports.send(bytes(ON))
    assert studio.heard("Synth:in")[-1] == NoteOn(0, 60, 90)


def test_a_port_that_is_listed_before_it_opens_is_joined_later(studio: Studio) -> None:
    ports = Ports(None, "keys")
    studio.sources.remove("Keys:out")
    ports.check(LOOK_S)
    studio.sources.append("Keys:out")
    studio.not_ready.add("Keys:out")
    assert ports.check(2 * LOOK_S) == []
    studio.not_ready.clear()
    assert ports.check(3 * LOOK_S) == ["The MIDI input 'Keys:out' is back."]


def test_an_input_whose_driver_hangs_gets_another_client(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = Ports(None, "keys")
    hanging = studio.source("Keys:out")
    monkeypatch.setattr(midi_system, "close_port", lambda _client, **_: False)
    studio.sources.remove("Keys:out")
    ports.check(LOOK_S)
    studio.sources.append("Keys:out")
    assert ports.check(2 * LOOK_S) == ["The MIDI input 'Keys:out' is back."]
    assert studio.inputs[-1] is not hanging
    assert studio.inputs[-1].port == "Keys:out"


def test_a_list_that_is_numbered_anew_on_windows_is_no_change(studio: Studio) -> None:
    studio.api, studio.sources = "winmm", ["Pads 0", "Keys 1"]
    studio.sinks = ["Synth 0"]
    ports = Ports(None, "keys", "synth")
    studio.sources[:] = ["Keys 0"]
    assert ports.check(LOOK_S) == []
    assert studio.inputs[0].port == "Keys 1"


def test_the_list_is_read_seldom_only_in_calm_moments_and_never_for_ports_of_our_own(studio: Studio) -> None:
    ports = Ports(None, "keys")
    ports.check(0.0)
    studio.looks = 0
    ports.check(LOOK_S / 2)
    ports.check(3 * LOOK_S, calm=False)
    assert studio.looks == 0
    ports.check(3 * LOOK_S)
    assert studio.looks == 1
    own = Ports()
    studio.looks = 0
    own.check(0.0)
    assert studio.looks == 0


def test_two_names_must_not_mean_one_port(studio: Studio) -> None:
    with pytest.raises(PortError, match="'Keys:out' is named twice"):
        Ports(None, ["keys", "Keys:out"])


def test_who_waits_for_a_port_does_not_join_one_that_is_joined(studio: Studio) -> None:
    studio.sources = ["Keys out", "Big keys out"]
    ports = Ports(None, ["Keys out", "Big"])
    studio.sources.remove("Keys out")
    assert len(ports.check(LOOK_S)) == 1
    assert ports.check(2 * LOOK_S) == []


def test_who_waits_for_a_port_does_not_join_our_own(studio: Studio) -> None:
    studio.sources = ["Out"]
    ports = Ports(None, "Out")
    assert studio.sources == ["Out", "BollyLive Out:out"]
    studio.sources.remove("Out")
    assert len(ports.check(LOOK_S)) == 1
    assert ports.check(2 * LOOK_S) == []


def test_a_port_that_is_not_there_is_refused(studio: Studio) -> None:
    studio.sources.clear()
    with pytest.raises(PortError, match="no MIDI input 'Keys'"):
        Ports(None, "Keys")


def test_when_nothing_opens_the_clients_are_given_back(studio: Studio) -> None:
    with pytest.raises(PortError):
        Ports(None, ["keys", "pads"], "moog")
    assert all(client.deleted for client in (*studio.inputs, *studio.outputs))


def test_a_second_band_is_told_the_names_that_others_see(studio: Studio) -> None:
    Ports()
    second = Ports()
    assert (second.input_name, second.output_name) == ("BollyLive In-01:in", "BollyLive Out-01:out")


def test_after_the_death_of_the_midi_system_nothing_is_sent(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[bool] = []
    monkeypatch.setattr("bollylive.ports.Lifeline.cut", lambda _: bool(died))
    ports = Ports()
    ports.check(0.0)
    died.append(True)
    assert ports.check(PULSE_S / 2) == []
    for now_s in (2 * PULSE_S, 4 * PULSE_S):
        with pytest.raises(PortsLostError, match="MIDI system"):
            ports.check(now_s)
        died.clear()  # the dead do not come back
    ports.send(bytes(ON))
    assert studio.heard("BollyLive Out:out") == []
    assert ports.send_failures == 1
    ports.close()
    assert not any(client.deleted for client in (*studio.inputs, *studio.outputs))
