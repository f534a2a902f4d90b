"""All MIDI ports of a performance as one source and one sink.

The virtual ports keep their names for ever, so that a DAW finds them again:

    JACK     clients `BollyLive In` and `BollyLive Out`, ports `BollyLive In:in` and `BollyLive Out:out`
    ALSA     the same clients and ports, listed as `BollyLive In:in 128:0` (the numbers vary)
    macOS    destination `BollyLive In`, source `BollyLive Out` (there, clients have no visible name)
    Windows  none can be made: ports are joined by name, or else the app loopback, see `app_loopback`

In and out are two clients everywhere, since rtmidi opens one for each; a second BollyLive on the same system gets the
names `BollyLive In-01` and `BollyLive Out-01`: from JACK, and elsewhere by itself. Input is polled, never called back:
a callback runs on the driver's thread, waits for the interpreter there, and loses messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bollylive.clock.anchor import ClockGone
from bollylive.clock.clock_source import ClockSource
from bollylive.errors import PortsLostError
from bollylive.io import rtmidi_backend
from bollylive.io.app_loopback import take_pair
from bollylive.io.connections import Connections, NoConnections, connections_of
from bollylive.io.hotplug import Hotplug
from bollylive.io.in_port import InPort
from bollylive.io.jack_liveness import JackLiveness
from bollylive.io.loopbacks import refuse_loops
from bollylive.io.out_port import OutPort
from bollylive.io.port import Port
from bollylive.io.port_joining import Joining
from bollylive.io.port_names import NAME, free_suffix, refuse_repeats, wanted_names
from bollylive.io.sources_and_sinks import TimedEvent
from bollylive.midi.messages import Event

LIVENESS_S = 0.1  # how often it is checked that the MIDI system is alive


class PortSet:
    """The open inputs and outputs, a `Source` and a `Sink`; raises PortError if they cannot be opened.

    `api` is one of `rtmidi_backend.available_apis()`, or None for the first that works. Each name joins an existing
    port, by its whole name or by a part that only one port has; "virtual", or no name at all, makes one that is called
    after `name`. A named port that is missing is an error, or with `waits` is joined as soon as it comes. Call all
    methods from one thread.
    """

    def __init__(
        self,
        api: str | None = None,
        inputs: str | Sequence[str] = (),
        outputs: str | Sequence[str] = (),
        name: str = NAME,
        *,
        waits: bool = False,
    ) -> None:
        wanted_in, wanted_out = wanted_names(inputs), wanted_names(outputs)
        refuse_repeats(wanted_in, wanted_out)
        refuse_loops(wanted_in, wanted_out, "")
        self._clock_source, self._clock_gone = ClockSource(), False
        self._liveness_s = float("-inf")
        self._lost = False
        self._lost_messages = 0  # messages that a dead MIDI system could not take
        self._connections: Connections = NoConnections()
        self._jack_liveness = JackLiveness()
        self.api, first_in, first_out = rtmidi_backend.open_system(api, f"{name} In", f"{name} Out")
        notice = ""
        if self.api == "winmm":
            others = first_in.get_ports(), first_out.get_ports()
            wanted_in, wanted_out, notice = take_pair(wanted_in, wanted_out, *others)
        suffix = "" if self.api == "jack" else free_suffix(name, [*first_in.get_ports(), *first_out.get_ports()])
        in_names = _client_names(name, f"In{suffix}", wanted_in)
        out_names = _client_names(name, f"Out{suffix}", wanted_out)
        if suffix:
            first_in.delete()
            first_out.delete()
            first_in = rtmidi_backend.new_input(self.api, in_names[0])
            first_out = rtmidi_backend.new_output(self.api, out_names[0])
        self._inputs = [InPort(self.api, first_in, in_names[0], wanted_in[0])]
        self._outputs = [OutPort(self.api, first_out, out_names[0], wanted_out[0])]
        try:
            self._inputs += [
                InPort(self.api, rtmidi_backend.new_input(self.api, client), client, wanted)
                for client, wanted in zip(in_names[1:], wanted_in[1:], strict=True)
            ]
            self._outputs += [
                OutPort(self.api, rtmidi_backend.new_output(self.api, client), client, wanted)
                for client, wanted in zip(out_names[1:], wanted_out[1:], strict=True)
            ]
            self._connections = connections_of(self.api, f"{name} Watch")
            joining = Joining(self.api, self._inputs, self._outputs, self._connections, waits)
            joining.open_all()
            said = [*self._other_band(name), *filter(None, [notice]), *joining.missing()]
            see_s = self._connections.see_s
            self._hotplug = Hotplug(self._inputs, self._outputs, joining.own, joining.graph, self._leave, see_s, said)
        except BaseException:
            self.close()
            raise
        if self.api == "jack":
            self._jack_liveness.tie()

    @property
    def input_name(self) -> str:
        """The names of the inputs, for people."""
        return _names_of(self._inputs)

    @property
    def output_name(self) -> str:
        """The names of the outputs, for people."""
        return _names_of(self._outputs)

    @property
    def virtual_names(self) -> list[str]:
        """The names of the ports of our own, which others connect."""
        ports: list[Port[Any]] = [*self._inputs, *self._outputs]
        return [port.name for port in ports if port.virtual]

    @property
    def own_output(self) -> str | None:
        """The name of the output of our own, which others connect; None if there is none."""
        return self._outputs[0].name if self._outputs[0].virtual else None

    @property
    def other_inputs(self) -> list[str]:
        """The names of all inputs that our outputs can join, those of other programs and our own."""
        return self._outputs[0].others()

    @property
    def listeners(self) -> int | None:
        """How many others listen to our outputs, at the last `check`; None if that cannot be seen."""
        return self._hotplug.listeners

    @property
    def bad_bytes(self) -> int:
        """How many of the bytes and messages that came could not be understood."""
        return sum(port.dropped for port in self._inputs)

    @property
    def send_failures(self) -> int:
        """How many messages could not be sent, counted for each output."""
        return self._lost_messages + sum(port.failures for port in self._outputs)

    def poll(self, now_s: float) -> list[TimedEvent]:
        """Return all messages that have come since the last call; clock messages only from the input that leads.

        If an input has gone, or its source stopped while it held notes or pedals, their ends are among them.
        `now_s` must not go back. Does not block.
        """
        events: list[TimedEvent] = []
        if self._clock_gone:
            self._clock_gone = False
            events.append(TimedEvent(ClockGone(), now_s))
        if self._hotplug.endings:
            events += [TimedEvent(ending, now_s) for ending in self._hotplug.take_endings()]
        for place, port in enumerate(self._inputs):
            messages, has_stopped = port.read(now_s)
            for event in messages:
                if self._clock_source.passes(event, place, now_s):
                    events.append(TimedEvent(event, now_s))
            if has_stopped:
                self._hotplug.end_stopped(port)
                events += [TimedEvent(ending, now_s) for ending in self._hotplug.take_endings()]
        return events

    def receive(self) -> list[list[int]]:
        """Return the bytes of all messages that have come since the last call, in place of `poll`."""
        return [message for port in self._inputs for message in port.receive()]

    def end_held(self) -> None:
        """Let the next `poll` end all that is held on the inputs, because its releases may have been lost."""
        self._hotplug.end_held()

    def send_at(self, due_s: float, event: Event) -> None:
        """Send a message to every output at once: python-rtmidi cannot schedule. Counts a failure; never raises."""
        if self._lost:
            self._lost_messages += 1
            return
        for port in self._outputs:
            port.send_at(due_s, event)

    def send(self, data: bytes) -> None:
        """Send the bytes of one whole message to every output at once, and do not remember what they hold."""
        if self._lost:
            self._lost_messages += 1
            return
        for port in self._outputs:
            port.send(data)

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:
        """Notice ports that have gone or are back, and join these again; return a sentence for each change.

        Call it many times a second; most calls cost nothing. Ports are looked at only when it is `calm`, which means
        that nothing is due for some milliseconds; see `Hotplug.look`. Raises PortsLostError when the MIDI system has
        died, and in every call after that; then nothing more is sent, because sending might not return. `now_s` must
        not go back.
        """
        if now_s - self._liveness_s > LIVENESS_S:
            self._liveness_s = now_s
            self._lost = self._lost or self._jack_liveness.cut()
        if self._lost:
            raise PortsLostError(f"The MIDI system ({self.api}) has died; start JACK or PipeWire again.")
        if calm:
            self._hotplug.look(now_s)
        return self._hotplug.take_sentences()

    def _leave(self, place: int) -> None:
        self._clock_gone = self._clock_source.leave(place) or self._clock_gone

    def close(self) -> None:
        """Close all ports, each within about a second even if the driver hangs; safe to call again."""
        dead = self._lost or self._jack_liveness.cut()
        self._connections.close(dead=dead)
        for output in self._outputs:
            output.close(dead=dead)
        for input_ in self._inputs:
            input_.close(dead=dead)

    def _other_band(self, name: str) -> list[str]:
        """Return a sentence if our ports have a number in their names, because there is another BollyLive."""
        usual = (f"{name} In", f"{name} Out")
        numbered = [own for own in self.virtual_names if not own.partition(":")[0].endswith(usual)]
        ours = " and ".join(f"'{own}'" for own in numbered)
        return [f"Another {name} is running; the ports of this one are called {ours}."] if numbered else []


def _names_of(ports: Sequence[Port[Any]]) -> str:
    return ", ".join(f"{port.name} (not there yet)" if port.awaited else port.name for port in ports)


def _client_names(name: str, direction: str, wanted: Sequence[str]) -> list[str]:
    """Return a name for each client. DAWs show the first one for our virtual port, and no other name contains it."""
    return [f"{name} {direction}", *(f"{name} {number} {direction}" for number in range(2, len(wanted) + 1))]
