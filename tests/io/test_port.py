"""What ports decide, on a MIDI system that a test plugs and unplugs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from bollylive.clock.anchor import ClockGone
from bollylive.errors import PortError, PortsLostError
from bollylive.io import port_joining, port_set, rtmidi_backend
from bollylive.io.connections import Connections, JackConnections, NoConnections
from bollylive.io.hotplug import LOOK_S
from bollylive.io.port import MOST_UNCONFIRMED_LOOKS
from bollylive.io.port_joining import TRIES
from bollylive.io.port_names import Graph
from bollylive.io.port_set import LIVENESS_S, PortSet
from bollylive.midi.messages import Control, LostSourceRelease, NoteOff, NoteOn, Program, Start, Tick
from bollylive.midi.parser import Parser

ON, OFF, TICK = [0x90, 60, 90], [0x80, 60, 0], [0xF8]


SEE_S = JackConnections.see_s


class Studio:
    """A MIDI system: what others offer, and the clients that were made.

    Once it is told to `show` connections, those can be seen: a joined port's own, unless it is `cut`, and the
    `feeders` of our virtual ports. It lists the ports of our own clients among the others', as JACK and ALSA do.
    """

    see_s = SEE_S

    def __init__(self) -> None:
        self.shows = False
        self.cut: set[str] = set()
        self.feeders: dict[str, set[str]] = {}
        self.before_opening: Callable[[], None] = lambda: None  # what others do just then
        self.api = "jack"
        self.sources: list[str] = []
        self.sinks: list[str] = []
        self.inputs: list[FakeIn] = []
        self.outputs: list[FakeOut] = []
        self.not_ready: set[str] = set()  # listed, but does not open
        self.looks = 0
        self.late_looks: Iterator[bool] = iter(())  # the looks at which a port of ours is not listed yet
        self.unlisted: list[str] = []

    def new_input(self, _api: str, client_name: str) -> FakeIn:
        self.inputs.append(FakeIn(self, client_name))
        return self.inputs[-1]

    def new_output(self, _api: str, client_name: str) -> FakeOut:
        self.outputs.append(FakeOut(self, client_name))
        return self.outputs[-1]

    def open_system(self, _api: str | None, in_name: str, out_name: str) -> tuple[str, FakeIn, FakeOut]:
        return self.api, self.new_input("", in_name), self.new_output("", out_name)

    def connections_of(self, _api: str, _client_name: str) -> Connections:
        return self if self.shows else NoConnections()

    def seen(self, own: Iterable[str]) -> Graph | None:
        """Who is connected to ports of ours."""
        clients = {client.own: client for client in (*self.inputs, *self.outputs) if client.own is not None}
        return {
            name: frozenset({clients[name].port or ""} - self.cut - {name, ""} | self.feeders.get(name, set()))
            for name in own
            if name in clients
        }

    def close(self, *, dead: bool) -> None:
        """It shows nothing any more."""
        self.shows = self.shows and dead

    def source(self, name: str) -> FakeIn:
        """Our input that is joined to this port."""
        return next(client for client in self.inputs if client.port == name)

    def heard(self, name: str) -> list[object]:
        """All that was sent to this port."""
        reader = Parser()
        return [event for client in self.outputs for data in client.sent.get(name, []) for event in reader.feed(data)]


class FakeClient:
    def __init__(
        self, studio: Studio, name: str, offered: Callable[[], list[str]], seen: Callable[[], list[str]]
    ) -> None:
        self.name = name
        self.port: str | None = None
        self.own: str | None = None
        self.deleted = False
        self._studio, self._offered, self._seen = studio, offered, seen

    def get_ports(self) -> list[str]:
        self._studio.looks += 1
        if self._studio.unlisted and not next(self._studio.late_looks, None):
            self._offered().insert(0, self._studio.unlisted.pop())
        return list(self._offered())

    def open_port(self, port: int, name: str) -> None:
        self._studio.before_opening()
        wanted = self._offered()[port]
        assert self.port is None, "rtmidi refuses a second port"
        if wanted in self._studio.not_ready:
            raise PortError(f"{name} of {self.name} does not open")
        self._studio.cut.discard(wanted)
        self.port = wanted
        self._list(name)

    def open_virtual_port(self, name: str) -> None:
        self._list(name)
        self.port = self.own

    def close_port(self) -> None:
        self.port = None
        if self.own is not None:
            self._seen().remove(self.own)
            self.own = None

    def _list(self, name: str) -> None:
        """Our own port is seen by others from now on, before all that are there."""
        taken = self._seen()
        number = sum(other.startswith(self.name) for other in taken)
        self.own = f"{self.name}{f'-{number:02}' if number else ''}:{name}"
        if next(self._studio.late_looks, False):
            self._studio.unlisted.append(self.own)
        else:
            taken.insert(0, self.own)

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


def poll(ports: PortSet, now_s: float) -> list[object]:
    """What came, all of it at this very moment."""
    events = ports.poll(now_s)
    assert {timed.at_s for timed in events} <= {now_s}
    return [timed.event for timed in events]


def send(ports: PortSet, message: list[int]) -> None:
    for event in Parser().feed(message):
        ports.send_at(0.0, event)


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Studio:
    studio = Studio()
    studio.sources, studio.sinks = ["Keys:out", "Pads:out"], ["Synth:in", "Organ:in"]
    for name in ("open_system", "new_input", "new_output"):
        monkeypatch.setattr(rtmidi_backend, name, getattr(studio, name))
    monkeypatch.setattr(rtmidi_backend, "_CYCLE_S", 0.0)
    monkeypatch.setattr(port_set, "connections_of", studio.connections_of)
    monkeypatch.setattr(port_joining, "SETTLE_S", 0.0)
    return studio


def test_inputs_are_merged_and_every_output_gets_everything(studio: Studio) -> None:
    ports = PortSet(None, ["keys", "pads"], ["virtual", "synth", "organ"])
    assert (ports.input_name, ports.output_name) == ("Keys:out, Pads:out", "BollyLive Out:out, Synth:in, Organ:in")
    studio.source("Keys:out").queue += [[0x90, 60], [0x90, 62, 91]]  # the first in pieces, and never completed
    studio.source("Pads:out").queue += [[90], [0x99, 36, 80]]
    assert poll(ports, 0.0) == [NoteOn(0, 62, 91), NoteOn(9, 36, 80)]
    assert ports.bad_bytes == 2
    send(ports, ON)
    assert studio.heard("Synth:in") == studio.heard("Organ:in") == studio.heard("BollyLive Out:out")
    assert ports.send_failures == 0


def test_only_the_first_of_two_clocks_counts(studio: Studio) -> None:
    ports = PortSet(None, ["keys", "pads"])
    studio.source("Pads:out").queue += [TICK, [0xFA]]
    assert poll(ports, 0.0) == [Tick(), Start()]
    studio.source("Keys:out").queue += [TICK]
    studio.source("Pads:out").queue += [TICK]
    assert poll(ports, 0.1) == [Tick()]


def test_an_input_that_is_pulled_out_ends_what_was_held_on_it_alone(studio: Studio) -> None:
    ports = PortSet(None, ["keys", "pads"])
    studio.source("Keys:out").queue += [ON, [0x90, 64, 90], [0xB0, 64, 127], TICK, [0x90, 65]]
    studio.source("Pads:out").queue += [ON]
    poll(ports, 0.0)
    studio.sources.remove("Keys:out")
    told = ports.check(LOOK_S)
    assert len(told) == 1
    assert "'Keys:out' is gone" in told[0]
    ends = [LostSourceRelease(Control(0, 64, 0)), LostSourceRelease(NoteOff(0, 64))]
    assert poll(ports, LOOK_S) == [ClockGone(), *ends]  # its tick had led
    assert ports.check(2 * LOOK_S) == []
    assert poll(ports, 2 * LOOK_S) == []
    studio.source("Pads:out").queue += [TICK, OFF]  # its clock leads now, at once
    assert poll(ports, 2 * LOOK_S) == [Tick(), NoteOff(0, 60, 0)]

    studio.sources.append("Keys-01:out")
    assert ports.check(3 * LOOK_S) == ["The MIDI input 'Keys-01:out' is back."]
    studio.source("Keys-01:out").queue += [[90], ON]  # what was under way is not continued
    assert poll(ports, 3 * LOOK_S) == [NoteOn(0, 60, 90)]


def test_an_output_that_is_back_ends_what_it_left_sounding_and_knows_its_programs(studio: Studio) -> None:
    ports = PortSet(None, (), ["virtual", "synth"])
    for message in ([0xC0, 73], [0x90, 62, 90], [0x80, 62, 0]):
        send(ports, message)
    assert ports.check(LOOK_S) == ports.check(2 * LOOK_S) == []
    for message in (ON, [0x90, 64, 90], [0xB0, 64, 127], [0x80, 64, 0]):  # the last perhaps when it was gone already
        send(ports, message)
    studio.sinks.remove("Synth:in")
    assert len(ports.check(3 * LOOK_S)) == 1
    before = len(studio.heard("Synth:in"))
    for message in (OFF, [0x90, 67, 90], [0xC1, 32]):  # meanwhile, for those who still hear
        send(ports, message)
    assert ports.send_failures == 0
    assert len(studio.heard("BollyLive Out:out")) == 10
    studio.sinks.append("Synth:in")
    assert ports.check(4 * LOOK_S) == ["The MIDI output 'Synth:in' is back."]
    ended = [NoteOff(0, 60), NoteOff(0, 64)]
    assert studio.heard("Synth:in")[before:] == [Control(0, 64, 0), *ended, Program(0, 73), Program(1, 32)]
    send(ports, ON)
    assert studio.heard("Synth:in")[-1] == NoteOn(0, 60, 90)


def test_a_port_that_is_listed_before_it_opens_is_joined_later(studio: Studio) -> None:
    ports = PortSet(None, "keys")
    studio.sources.remove("Keys:out")
    ports.check(LOOK_S)
    studio.sources.append("Keys:out")
    studio.not_ready.add("Keys:out")
    assert ports.check(2 * LOOK_S) == []
    studio.not_ready.clear()
    assert ports.check(3 * LOOK_S) == ["The MIDI input 'Keys:out' is back."]


def test_an_input_whose_driver_hangs_gets_another_client(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = PortSet(None, "keys")
    hanging = studio.source("Keys:out")
    monkeypatch.setattr(rtmidi_backend, "close_port", lambda _client, **_: False)
    studio.sources.remove("Keys:out")
    ports.check(LOOK_S)
    studio.sources.append("Keys:out")
    assert ports.check(2 * LOOK_S) == ["The MIDI input 'Keys:out' is back."]
    assert studio.inputs[-1] is not hanging
    assert studio.inputs[-1].port == "Keys:out"


def test_a_list_that_is_numbered_anew_on_windows_is_no_change(studio: Studio) -> None:
    studio.api, studio.sources = "winmm", ["Pads 0", "Keys 1"]
    studio.sinks = ["Synth 0"]
    ports = PortSet(None, "keys", "synth")
    studio.sources[:] = ["Keys 0"]
    assert ports.check(LOOK_S) == []
    assert studio.inputs[0].port == "Keys 1"


def test_the_list_is_read_seldom_only_in_calm_moments_and_never_for_ports_of_our_own(studio: Studio) -> None:
    ports = PortSet(None, "keys")
    ports.check(0.0)
    studio.looks = 0
    ports.check(LOOK_S / 2)
    ports.check(3 * LOOK_S, calm=False)
    assert studio.looks == 0
    ports.check(3 * LOOK_S)
    assert studio.looks == 1
    own = PortSet()
    studio.looks = 0
    own.check(0.0)
    assert studio.looks == 0


def test_two_names_must_not_mean_one_port(studio: Studio) -> None:
    with pytest.raises(PortError, match="'Keys:out' is named twice"):
        PortSet(None, ["keys", "Keys:out"])


def test_who_waits_for_a_port_does_not_join_one_that_is_joined(studio: Studio) -> None:
    studio.sources = ["Keys out", "Big keys out"]
    ports = PortSet(None, ["Keys out", "Big"])
    studio.sources.remove("Keys out")
    assert len(ports.check(LOOK_S)) == 1
    assert ports.check(2 * LOOK_S) == []


def test_who_waits_for_a_port_does_not_join_our_own(studio: Studio) -> None:
    studio.sources = ["Out"]
    ports = PortSet(None, "Out")
    assert studio.sources == ["BollyLive Out:out", "Out"]
    studio.sources.remove("Out")
    assert len(ports.check(LOOK_S)) == 1
    assert ports.check(2 * LOOK_S) == []


def test_a_port_that_is_not_there_is_refused(studio: Studio) -> None:
    studio.sources.clear()
    with pytest.raises(PortError, match="no MIDI input 'Keys'"):
        PortSet(None, "Keys")


def test_when_nothing_opens_the_clients_are_given_back(studio: Studio) -> None:
    with pytest.raises(PortError):
        PortSet(None, ["keys", "pads"], "moog")
    assert all(client.deleted for client in (*studio.inputs, *studio.outputs))


def test_a_second_band_is_told_the_names_that_others_see(studio: Studio) -> None:
    PortSet()
    second = PortSet()
    assert (second.input_name, second.output_name) == ("BollyLive In-01:in", "BollyLive Out-01:out")


def test_after_the_death_of_the_midi_system_nothing_is_sent(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[bool] = []
    monkeypatch.setattr("bollylive.io.port_set.JackLiveness.cut", lambda _: bool(died))
    ports = PortSet()
    ports.check(0.0)
    died.append(True)
    assert ports.check(LIVENESS_S / 2) == []
    for now_s in (2 * LIVENESS_S, 4 * LIVENESS_S):
        with pytest.raises(PortsLostError, match="MIDI system"):
            ports.check(now_s)
        died.clear()  # the dead do not come back
    send(ports, ON)
    assert studio.heard("BollyLive Out:out") == []
    assert ports.send_failures == 1
    ports.close()
    assert not any(client.deleted for client in (*studio.inputs, *studio.outputs))


@pytest.mark.parametrize("shows", [False, True])
def test_a_named_port_is_joined_though_our_own_come_before_it(studio: Studio, shows: bool) -> None:
    studio.shows = shows
    ports = PortSet(None, ["keys", "pads"], ["synth", "organ"])
    assert (ports.input_name, ports.output_name) == ("Keys:out, Pads:out", "Synth:in, Organ:in")
    assert [client.port for client in (*studio.inputs, *studio.outputs)] == [
        "Keys:out",
        "Pads:out",
        "Synth:in",
        "Organ:in",
    ]


def test_none_of_our_own_ports_is_what_is_named(studio: Studio) -> None:
    studio.sources, studio.sinks = ["Keys in:out"], ["Synth in:in"]
    ports = PortSet(None, "keys", "in:in")  # "BollyLive In:in" is there by then
    assert ports.output_name == "Synth in:in"


def test_what_another_took_the_place_of_is_looked_for_again(studio: Studio) -> None:
    studio.shows = True
    came = ["Flute:in"]

    def others_come() -> None:
        while came:
            studio.sinks.insert(0, came.pop())

    studio.before_opening = others_come
    ports = PortSet(None, (), "synth")
    assert ports.output_name == "Synth:in"
    assert studio.outputs[0].port == "Synth:in"


def test_who_never_gets_what_is_named_is_told_so(studio: Studio) -> None:
    studio.shows = True
    studio.before_opening = lambda: studio.sinks.insert(0, f"Flute {len(studio.sinks)}:in")
    with pytest.raises(PortError, match=f"'synth' is there, but was not joined in {TRIES} tries"):
        PortSet(None, (), "synth")
    assert all(client.deleted for client in (*studio.inputs, *studio.outputs))


def test_a_port_that_was_away_for_a_moment_has_gone_and_is_back_though_it_is_listed(studio: Studio) -> None:
    studio.shows = True
    ports = PortSet(None, "keys", "synth")
    ports.check(0.0)
    studio.source("Keys:out").queue += [ON]
    poll(ports, 0.0)
    send(ports, ON)
    send(ports, OFF)  # perhaps it was gone by then
    studio.cut = {"Keys:out", "Synth:in"}
    gone = ports.check(SEE_S + 0.01)
    assert [sentence.partition(";")[0] for sentence in gone] == [
        "The MIDI input 'Keys:out' is gone",
        "The MIDI output 'Synth:in' is gone",
    ]
    assert ports.listeners == 1  # it has a port of its own that tells it what it missed
    assert poll(ports, SEE_S + 0.01) == [LostSourceRelease(NoteOff(0, 60))]
    assert ports.check(SEE_S + 0.03) == []  # joined, but not yet seen to be
    assert ports.check(SEE_S + 0.05) == ["The MIDI input 'Keys:out' is back.", "The MIDI output 'Synth:in' is back."]
    assert studio.heard("Synth:in")[-1] == NoteOff(0, 60)
    assert ports.listeners == 1


def test_who_is_joined_again_by_mistake_is_left_again_and_hears_nothing(studio: Studio) -> None:
    studio.shows = True
    ports = PortSet(None, (), "synth")
    send(ports, ON)
    studio.cut = {"Synth:in"}
    assert len(ports.check(SEE_S)) == 1
    studio.before_opening = lambda: studio.sinks.insert(0, "Flute:in")  # just as it is joined
    now_s = 2 * SEE_S
    assert ports.check(now_s) == []
    studio.before_opening = lambda: None
    wrong = studio.outputs[0].port
    assert wrong is not None
    assert wrong != "Synth:in"
    said = []
    for _ in range(2 * MOST_UNCONFIRMED_LOOKS):
        send(ports, [0x90, 62, 90])
        now_s += SEE_S
        said += ports.check(now_s)
    assert said == ["The MIDI output 'Synth:in' is back."]
    assert studio.heard(wrong) == []
    assert NoteOff(0, 60) in studio.heard("Synth:in")


def test_what_is_left_in_an_input_when_it_goes_is_not_heard_when_it_is_back(studio: Studio) -> None:
    ports = PortSet(None, "keys")
    keys = studio.source("Keys:out")
    studio.sources.remove("Keys:out")
    ports.check(LOOK_S)
    keys.queue += [ON]  # it came before the port was closed, after it was last read
    studio.sources.append("Keys:out")
    assert ports.check(2 * LOOK_S) == ["The MIDI input 'Keys:out' is back."]
    assert poll(ports, 2 * LOOK_S) == []


def test_who_was_connected_to_our_own_input_and_is_no_more_leaves_no_note(studio: Studio) -> None:
    studio.shows = True
    studio.feeders = {"BollyLive In:in": {"DAW:out"}}
    ports = PortSet(None, ["virtual", "keys"])
    ports.check(0.0)
    studio.inputs[0].queue += [ON, [0x90, 64, 90]]
    studio.source("Keys:out").queue += [ON]
    poll(ports, 0.0)
    studio.feeders = {}
    assert ports.check(1.0) == ["The source of 'BollyLive In:in' stopped while it held notes; they are ended."]
    assert poll(ports, 1.0) == [LostSourceRelease(NoteOff(0, 64))]  # the other is held elsewhere
    assert ports.check(2.0) == []
    assert poll(ports, 2.0) == []


def test_a_clock_whose_only_connection_to_our_own_input_goes_has_gone(studio: Studio) -> None:
    studio.shows = True
    studio.feeders = {"BollyLive In:in": {"DAW:out", "Pads:out"}}
    ports = PortSet(None, ["virtual", "keys"])
    ports.check(0.0)
    studio.inputs[0].queue += [[0xFA], TICK]
    assert poll(ports, 0.0) == [Start(), Tick()]
    studio.feeders = {"BollyLive In:in": {"Pads:out"}}  # nobody knows which of the two ticked
    ports.check(1.0)
    assert poll(ports, 1.0) == []
    studio.feeders = {}
    assert ports.check(2.0) == []
    assert poll(ports, 2.0) == [ClockGone()]
    studio.source("Keys:out").queue += [TICK]
    assert poll(ports, 2.0) == [Tick()]  # another clock leads at once
    ports.check(3.0)
    assert poll(ports, 3.0) == []


def test_an_input_of_our_own_that_never_led_takes_no_clock_with_it(studio: Studio) -> None:
    studio.shows = True
    studio.feeders = {"BollyLive In:in": {"Pads:out"}}
    ports = PortSet(None, ["virtual", "keys"])
    ports.check(0.0)
    studio.source("Keys:out").queue += [TICK]
    assert poll(ports, 0.0) == [Tick()]
    studio.inputs[0].queue += [ON, OFF, TICK]  # the second clock does not count
    assert poll(ports, 0.0) == [NoteOn(0, 60, 90), NoteOff(0, 60, 0)]
    studio.feeders = {}
    ports.check(1.0)
    assert poll(ports, 1.0) == []


def test_what_is_held_is_ended_when_its_release_may_have_been_lost(studio: Studio) -> None:
    ports = PortSet(None, ["virtual", "keys"])
    studio.inputs[0].queue += [ON]
    studio.source("Keys:out").queue += [ON, [0xB0, 64, 127], [0x90, 64, 90], [0x80, 64, 0]]
    poll(ports, 0.0)
    ports.end_held()
    assert poll(ports, 0.1) == [LostSourceRelease(Control(0, 64, 0)), LostSourceRelease(NoteOff(0, 60))]
    assert poll(ports, 0.2) == []
    assert ports.check(0.3) == []


def test_a_clock_that_stops_in_the_middle_ends_what_was_held_once_and_is_told(studio: Studio) -> None:
    ports = PortSet()
    studio.inputs[0].queue += [ON, TICK]
    heard = [event for look in range(400) for event in poll(ports, look / 100)]
    assert heard == [NoteOn(0, 60, 90), Tick(), LostSourceRelease(NoteOff(0, 60))]
    assert len(ports.check(4.0)) == 1
    assert ports.check(5.0) == []


def test_a_clock_that_stops_while_nothing_is_held_is_not_told_here(studio: Studio) -> None:
    ports = PortSet()
    studio.inputs[0].queue += [ON, OFF, TICK]
    for look in range(400):
        poll(ports, look / 100)
    assert ports.check(4.0) == []


def test_a_port_of_ours_that_is_listed_late_is_waited_for(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_joining, "SETTLE_S", 5.0)
    studio.shows = True
    studio.late_looks = iter([True] * 5)
    ports = PortSet()
    assert ports.listeners == 0  # which is known only if our own name is


def test_listeners_are_counted_where_they_can_be_seen(studio: Studio) -> None:
    assert PortSet().listeners is None
    assert PortSet(None, (), "synth").listeners == 1
    assert PortSet(None, (), ["virtual", "synth"]).listeners is None
    studio.shows = True
    ports = PortSet(None, (), ["virtual", "organ"])
    own = ports.output_name.partition(", ")[0]
    assert ports.listeners == 1
    studio.feeders = {own: {"DAW:in", ports.input_name}}
    assert ports.listeners == 1  # as last seen
    ports.check(1.0)
    assert ports.listeners == 2
    studio.feeders = {}
    ports.check(2.0)
    assert ports.listeners == 1


def test_a_cable_of_jack_that_is_out_for_a_tenth_of_a_second_is_noticed(studio: Studio) -> None:
    studio.shows = True
    ports = PortSet()
    studio.feeders = {ports.output_name: {"DAW:in"}}
    ports.check(1.0)
    seen = []
    for looks in range(1, 11):
        studio.feeders = {ports.output_name: {"DAW:in"} if looks > 5 else set()}
        ports.check(1.0 + 0.02 * looks)
        seen.append(ports.listeners)
    assert set(seen) == {0, 1}
    assert seen[-1] == 1


def test_a_port_that_is_not_there_yet_is_told_and_joined_when_it_comes(studio: Studio) -> None:
    studio.sources.remove("Keys:out")
    studio.sinks.remove("Synth:in")
    ports = PortSet(None, ["keys", "pads"], "synth", waits=True)
    assert (ports.input_name, ports.output_name) == ("keys (not there yet), Pads:out", "synth (not there yet)")
    assert ports.check(0.0) == [
        "There is no MIDI input 'keys' yet; it is joined when it comes. There are: 'Pads:out'.",
        "There is no MIDI output 'synth' yet; it is joined when it comes. There are: 'Organ:in'.",
    ]
    assert ports.listeners == 0  # so what an earlier band left is kept for it
    for message in ([0xC0, 73], ON):
        send(ports, message)
    studio.source("Pads:out").queue += [ON]
    assert poll(ports, 0.0) == [NoteOn(0, 60, 90)]
    studio.sources.append("Keys:out")
    studio.sinks.append("Synth:in")
    assert ports.check(LOOK_S) == [
        "The MIDI input 'Keys:out' is there now, and joined.",
        "The MIDI output 'Synth:in' is there now, and joined.",
    ]
    assert (ports.input_name, ports.output_name, ports.listeners) == ("Keys:out, Pads:out", "Synth:in", 1)
    assert studio.heard("Synth:in") == [Program(0, 73)]
    studio.source("Keys:out").queue += [[0x90, 62, 90]]
    assert poll(ports, LOOK_S) == [NoteOn(0, 62, 90)]
    studio.sources.remove("Keys:out")
    assert "'Keys:out' is gone" in ports.check(2 * LOOK_S)[0]
    studio.sources.append("Keys:out")
    assert ports.check(3 * LOOK_S) == ["The MIDI input 'Keys:out' is back."]


@pytest.mark.parametrize("shows", [False, True])
def test_a_port_that_comes_is_joined_once_its_connection_is_seen(studio: Studio, shows: bool) -> None:
    studio.shows = shows
    studio.sources.clear()
    ports = PortSet(None, "keys", "synth", waits=True)
    ports.check(0.0)
    studio.sources.insert(0, "Keys:out")
    told = ports.check(LOOK_S) + ports.check(LOOK_S + 0.01)
    assert told == ["The MIDI input 'Keys:out' is there now, and joined."]
    assert studio.inputs[0].port == "Keys:out"


def test_when_several_come_that_may_be_meant_none_is_joined_and_this_is_told_once(studio: Studio) -> None:
    studio.sources.clear()
    ports = PortSet(None, "keys", waits=True)
    ports.check(0.0)
    studio.sources += ["Keys:A", "Keys:B"]
    assert ports.check(LOOK_S) == [
        "'keys' could be any of these MIDI inputs: 'Keys:A', 'Keys:B'; give more of the name."
    ]
    assert ports.check(2 * LOOK_S) == []
    studio.sources.remove("Keys:B")
    assert ports.check(3 * LOOK_S) == ["The MIDI input 'Keys:A' is there now, and joined."]


def test_who_waits_does_not_join_in_both_directions_what_would_be_a_loop(studio: Studio) -> None:
    studio.api, studio.sources, studio.sinks = "winmm", [], ["loopMIDI Port 0"]
    ports = PortSet(None, "loopMIDI Port 1", "midi port", waits=True)
    ports.check(0.0)
    studio.sources += ["loopMIDI Port 1"]
    assert ports.check(LOOK_S) == []
    assert studio.inputs[0].port is None


PIANO = "Digital Piano:Digital Piano MIDI 1 20:0"


def test_a_stage_piano_with_one_name_is_joined_in_both_directions(studio: Studio) -> None:
    studio.api, studio.sources, studio.sinks = "alsa", [PIANO], [PIANO]
    ports = PortSet(None, "digital piano", "Digital Piano")
    assert (ports.input_name, ports.output_name) == (PIANO, PIANO)
    assert (studio.inputs[0].port, studio.outputs[0].port) == (PIANO, PIANO)


def test_a_stage_piano_that_is_switched_on_later_is_joined_in_both_directions(studio: Studio) -> None:
    studio.api, studio.sources, studio.sinks = "alsa", [], []
    ports = PortSet(None, "piano", "piano", waits=True)
    ports.check(0.0)
    studio.sources.append(PIANO)
    studio.sinks.append(PIANO)
    assert ports.check(LOOK_S) == [
        f"The MIDI input '{PIANO}' is there now, and joined.",
        f"The MIDI output '{PIANO}' is there now, and joined.",
    ]
    assert (studio.inputs[0].port, studio.outputs[0].port) == (PIANO, PIANO)


def test_a_loopback_that_is_found_by_two_names_is_refused(studio: Studio) -> None:
    through = "Midi Through:Midi Through Port-0 14:0"
    studio.api, studio.sources, studio.sinks = "alsa", [through], [through]
    with pytest.raises(PortError, match="would hear itself"):
        PortSet(None, "port-0", "through")


def test_a_name_that_may_mean_several_is_refused_though_ports_may_be_waited_for(studio: Studio) -> None:
    with pytest.raises(PortError, match="could be any of"):
        PortSet(None, "out", waits=True)


def test_a_port_whose_number_has_changed_since_it_was_saved_is_joined(studio: Studio) -> None:
    studio.api, studio.sources, studio.sinks = "alsa", ["Keys:Keys MIDI 1 24:0"], ["Synth:in 28:0"]
    ports = PortSet(None, "Keys:Keys MIDI 1 20:0", "Synth:in 24:0")
    assert (ports.input_name, ports.output_name) == ("Keys:Keys MIDI 1 24:0", "Synth:in 28:0")


@pytest.mark.parametrize(("api", "sinks"), [("alsa", ["BollyLive In:in 128:0"]), ("core", ["BollyLive In"])])
def test_where_the_system_gives_no_numbers_a_second_band_takes_names_of_its_own(
    studio: Studio, api: str, sinks: list[str]
) -> None:
    studio.api, studio.sinks = api, sinks
    second = PortSet()
    assert {client.name for client in (*studio.inputs, *studio.outputs) if not client.deleted} == {
        "BollyLive In-01",
        "BollyLive Out-01",
    }
    assert "Another BollyLive is running; the ports of this one are called 'BollyLive In-01" in second.check(0.0)[0]


def test_a_second_band_under_jack_says_what_its_ports_are_called(studio: Studio) -> None:
    assert PortSet().check(0.0) == []
    assert PortSet().check(0.0) == [
        "Another BollyLive is running; the ports of this one are called 'BollyLive In-01:in' and "
        "'BollyLive Out-01:out'."
    ]


def test_only_ports_of_our_own_are_for_others_to_connect(studio: Studio) -> None:
    assert PortSet(None, ["virtual", "keys"], "synth").virtual_names == ["BollyLive In:in"]
    assert PortSet(None, "pads", "organ").virtual_names == []


def test_what_our_output_is_called_and_what_it_could_join_is_known(studio: Studio) -> None:
    ports = PortSet(None, "keys", ["virtual", "synth"])
    assert ports.own_output == "BollyLive Out:out"
    assert ports.other_inputs == ["BollyLive In:in", "Synth:in", "Organ:in"]
    assert PortSet(None, (), "organ").own_output is None


def test_on_windows_where_no_port_can_be_made_those_that_are_there_are_told(studio: Studio) -> None:
    studio.api, studio.sources = "winmm", ["Keystation 0"]
    studio.sinks = ["Microsoft GS Wavetable Synth 0", "To DAW 1"]
    with pytest.raises(PortError) as error:
        PortSet(None, "keystation")
    assert str(error.value) == (
        "On Windows no program can make MIDI ports; name them with --in (there are: 'Keystation 0') and --out (there "
        "are: 'Microsoft GS Wavetable Synth 0', 'To DAW 1'). To play with a DAW, make two with loopMIDI, one for each "
        'direction. To hear the band without a DAW: --in "Keystation 0" --out "Microsoft GS Wavetable Synth 0".'
    )


LOOPBACKS_IN = ["Keystation 0", "Default App Loopback (A) 1", "Default App Loopback (B) 2"]
LOOPBACKS_OUT = ["Microsoft GS Wavetable Synth 0", "Default App Loopback (A) 1", "Default App Loopback (B) 2"]


@pytest.fixture
def windows(studio: Studio) -> Studio:
    """A Windows with MIDI Services, where a program cannot make a port."""
    studio.api, studio.sources, studio.sinks = "winmm", [*LOOPBACKS_IN], [*LOOPBACKS_OUT]
    return studio


@pytest.mark.parametrize(
    ("wanted_in", "wanted_out", "joined", "dialled"),
    [
        ((), (), ("Default App Loopback (B) 2", "Default App Loopback (B) 2"), "output and input"),
        ("Keystation", (), ("Keystation 0", "Default App Loopback (B) 2"), "input"),
        ((), "Microsoft GS", ("Default App Loopback (B) 2", "Microsoft GS Wavetable Synth 0"), "output"),
    ],
)
def test_on_windows_the_end_b_of_the_app_loopback_stands_for_ports_of_our_own(
    windows: Studio, wanted_in: str, wanted_out: str, joined: tuple[str, str], dialled: str
) -> None:
    ports = PortSet(None, wanted_in, wanted_out)
    assert (ports.input_name, ports.output_name) == joined
    hear = ' To hear the band without a DAW: --out "Microsoft GS Wavetable Synth 0".' if "input" in dialled else ""
    assert ports.check(0.0) == [
        f"In your DAW, choose 'Default App Loopback (A)' as MIDI {dialled}: BollyLive has 'Default App Loopback (B)'."
        + hear
    ]
    assert (windows.inputs[0].port, windows.outputs[0].port) == joined


def test_an_end_that_is_named_in_one_direction_is_taken_in_both(windows: Studio) -> None:
    ports = PortSet(None, "loopback (a)")
    assert (ports.input_name, ports.output_name) == ("Default App Loopback (A) 1", "Default App Loopback (A) 1")


def test_ports_that_are_named_are_joined_though_the_pair_is_there(windows: Studio) -> None:
    windows.sources.append("To BollyLive 3")
    windows.sinks.append("From BollyLive 3")
    ports = PortSet(None, "To BollyLive", "From BollyLive")
    assert (ports.input_name, ports.output_name) == ("To BollyLive 3", "From BollyLive 3")
    assert ports.check(0.0) == []


def test_one_end_may_be_named_in_both_directions_and_the_two_ends_may_not(windows: Studio) -> None:
    ports = PortSet(None, "Loopback (B)", "Loopback (B)")
    assert (ports.input_name, ports.output_name) == ("Default App Loopback (B) 2", "Default App Loopback (B) 2")
    ports.close()
    with pytest.raises(PortError, match=r"take end \(B\) for both --in and --out, and end \(A\) for both"):
        PortSet(None, "Loopback (A)", "Loopback (B)")


def test_where_there_is_nothing_but_the_synthesiser_it_is_named_and_a_keyboard_may_come_later(studio: Studio) -> None:
    studio.api, studio.sources, studio.sinks = "winmm", [], ["Microsoft GS Wavetable Synth 0"]
    with pytest.raises(PortError) as error:
        PortSet(None, waits=True)
    assert str(error.value).endswith(
        'To hear the band without a DAW: --in KEYBOARD --out "Microsoft GS Wavetable Synth 0". A keyboard that is not '
        "there yet is joined when it comes, and --demo plays without one."
    )
    ports = PortSet(None, "KEYBOARD", "Microsoft GS Wavetable Synth 0", waits=True)
    assert ports.output_name == "Microsoft GS Wavetable Synth 0"
    assert "no MIDI input 'KEYBOARD' yet" in ports.check(0.0)[0]
    studio.sources.append("USB Keyboard 0")
    assert ports.check(LOOK_S) == ["The MIDI input 'USB Keyboard 0' is there now, and joined."]
