"""All MIDI ports of a performance as one: what comes from any input, and what goes to every output.

The virtual ports keep their names for ever, so that a DAW finds them again:

    JACK     clients `BollyLive In` and `BollyLive Out`, ports `BollyLive In:in` and `BollyLive Out:out`
    ALSA     the same clients and ports, listed as `BollyLive In:in 128:0` (the numbers vary)
    macOS    destination `BollyLive In`, source `BollyLive Out` (there, clients have no visible name)
    Windows  none can be made: ports of loopMIDI are joined by name

In and out are two clients everywhere, since rtmidi opens one for each; a second BollyLive on the same JACK
server becomes `BollyLive In-01` and `BollyLive Out-01`. Input is polled, never called back:
a callback runs on the driver's thread, waits for the interpreter there, and loses messages.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from bollylive.clock.clock_source import ClockSource
from bollylive.errors import PortError, PortsLostError
from bollylive.io import rtmidi_backend
from bollylive.io.connections import Connections, NoConnections, connections_of
from bollylive.io.hotplug import look_at, sentence, stopped
from bollylive.io.jack_liveness import JackLiveness
from bollylive.io.port import InPort, OutPort, Port
from bollylive.io.port_names import Graph, find, keep_apart, wanted_names, without
from bollylive.midi.messages import Event, LostSourceRelease

NAME = "BollyLive"
PULSE_S = 0.1  # how often the MIDI system's life is felt
SEE_S = 0.2  # how often it is looked who is connected
LOOK_S = 0.5  # how often the list of ports is read; where no connections are seen, who is away for less is not missed
TRIES = 3  # at joining a named port
SETTLE_S = 0.5  # until a connection is seen; PipeWire takes some milliseconds


class PortSet:
    """The open inputs and outputs; raises PortError if they cannot be had.

    `api` is one of `rtmidi_backend.available_apis()`, or None for the first that works. Each name joins an existing
    port, by its whole name or by a part that only one port has; "virtual", or no name at all, makes one that is called
    after `name`. All methods are for one thread.
    `send_failures` counts what could not be sent.
    """

    def __init__(
        self,
        api: str | None = None,
        inputs: str | Sequence[str] = (),
        outputs: str | Sequence[str] = (),
        name: str = NAME,
    ) -> None:
        wanted_in, wanted_out = wanted_names(inputs), wanted_names(outputs)
        keep_apart(wanted_in, wanted_out, "")
        self.send_failures = 0
        self._conductor = ClockSource()
        self._endings: list[LostSourceRelease] = []  # of inputs that have gone, until the next `read`
        self._said: list[str] = []  # until the next `check`
        self._pulse_s = self._graph_s = self._look_s = self._hurried_s = float("-inf")
        self._lost = False
        self._own: set[str] = set()  # the names of all our ports, as others see them
        self._listeners: int | None = None
        self._connections: Connections = NoConnections()
        self._jack_liveness = JackLiveness()
        in_names, out_names = _client_names(name, "In", wanted_in), _client_names(name, "Out", wanted_out)
        self.api, first_in, first_out = rtmidi_backend.open_system(api, in_names[0], out_names[0])
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
            self._open_all()
            self._count_listeners(self._graph())
        except BaseException:
            self.close()
            raise
        if self.api == "jack":
            self._jack_liveness.tie()

    @property
    def input_name(self) -> str:
        """The names of the inputs, for people."""
        return ", ".join(port.name for port in self._inputs)

    @property
    def output_name(self) -> str:
        """The names of the outputs, for people."""
        return ", ".join(port.name for port in self._outputs)

    @property
    def listeners(self) -> int | None:
        """How many others listen to our outputs, as `check` last saw it; None where that cannot be seen.

        A joined output counts as one; an input of ours counts as none.
        """
        return self._listeners

    @property
    def bad_bytes(self) -> int:
        """How much of what `read` read meant nothing."""
        return sum(port.dropped for port in self._inputs)

    def poll(self) -> list[list[int]]:
        """All messages that have come since the last call, one list of bytes each; of one input, oldest first."""
        return [message for port in self._inputs for message in port.poll()]

    def read(self, now_s: float) -> list[Event | LostSourceRelease]:
        """All words that have come since the last call, clock words only from the input that leads the beat.

        For an input that has gone, or whose source has stopped in the middle, they hold the ends of the notes and
        pedals that were held there. `now_s` must not go back.
        """
        events: list[Event | LostSourceRelease] = [*self._endings]
        self._endings.clear()
        for place, port in enumerate(self._inputs):
            words, has_stopped = port.read(now_s)
            events += [event for event in words if self._conductor.passes(event, place, now_s)]
            if has_stopped:
                events += self._let_go(port)
        return events

    def send(self, data: bytes) -> None:
        """Sends one whole message to every output at once; counts a failure instead of raising."""
        if self._lost:
            self.send_failures += 1
            return
        for port in self._outputs:
            self.send_failures += not port.send(data)

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:
        """Notices ports that have gone or are back, and joins these again; a sentence for each change.

        Call it many times a second; most calls cost nothing. Only when it is `calm`, which means that nothing is due
        for some milliseconds, it looks who is connected, about five times a second, and reads the list of ports, about
        twice: the first takes up to some tenths of a millisecond, the other 20 µs and 15 µs for each that is there,
        and a change of either as long as a period of JACK's. Raises PortsLostError, from then on always, when the MIDI
        system has died; nothing is sent any more then, since it might not return. `now_s` must not go back.
        """
        if now_s - self._pulse_s > PULSE_S:
            self._pulse_s = now_s
            self._lost = self._lost or self._jack_liveness.cut()
        if self._lost:
            raise PortsLostError(f"The MIDI system ({self.api}) has died; to have one again, {rtmidi_backend.cure()}.")
        if calm:
            self._look(now_s)
        said, self._said = self._said, []
        return said

    def close(self) -> None:
        """Closes all ports, each within about a second, even where the driver hangs; safe to call again."""
        dead = self._lost or self._jack_liveness.cut()
        self._connections.close(dead=dead)
        for output in self._outputs:
            output.close(dead=dead)
        for input_ in self._inputs:
            input_.close(dead=dead)

    @property
    def _all(self) -> list[Port[Any]]:
        return [*self._inputs, *self._outputs]

    def _open_all(self) -> None:
        named = [port for port in self._all if not port.virtual]
        sources, sinks = self._inputs[0].others(), self._outputs[0].others()
        found = {}
        for port in named:  # whoever asks for what is not there is told so before anything opens
            names = sources if port.kind == "input" else sinks
            found[port] = names[find(names, port.wanted, port.kind)]
        self._keep_apart(found)
        for port in named:
            self._join(port)
        self._keep_apart({port: port.name for port in named})
        for first in (self._inputs[0], self._outputs[0]):
            if first.virtual:
                self._open(first, [], None)

    def _keep_apart(self, names: dict[Port[Any], str]) -> None:
        inputs, outputs = ([name for port, name in names.items() if port.kind == kind] for kind in ("input", "output"))
        keep_apart(inputs, outputs, self.api)

    def _join(self, port: Port[Any]) -> None:
        """Joins what is named. A list may change between two looks, so what counts is what it is then connected to."""
        for _ in range(TRIES):
            names = without(port.others(), self._own)
            self._open(port, names, find(names, port.wanted, port.kind))
            if self._is_joined(port):
                return
            port.part()
        raise PortError(
            f"The MIDI {port.kind} '{port.wanted}' is there, but was not joined in {TRIES} tries; try again when "
            "nothing else opens or closes MIDI ports."
        )

    def _is_joined(self, port: Port[Any]) -> bool:
        until_s = time.monotonic() + SETTLE_S
        while (graph := self._graph()) is not None and port.own is not None:
            connected = port.connected(graph)
            if connected is not None and port.name in connected:
                return True
            if time.monotonic() >= until_s:
                return connected is None
            time.sleep(0.01)
        return True

    def _open(self, port: Port[Any], names: Sequence[str], number: int | None) -> None:
        mirror = self._outputs[0] if port.kind == "input" else self._inputs[0]  # an input of ours is others' output
        before = mirror.others()
        if number is None:
            port.open_virtual()
        else:
            port.open(names, number)
        self._own.update(port.learn(before, mirror.others()))

    def _graph(self) -> Graph | None:
        return self._connections.seen([port.own for port in self._all if port.own is not None])

    def _look(self, now_s: float) -> None:
        may_list = now_s - self._look_s >= LOOK_S
        if not may_list and now_s - self._graph_s <= SEE_S:
            return
        self._graph_s = now_s
        self._look_s = now_s if may_list else self._look_s
        graph = self._graph()
        gone_inputs = self._look_at(self._inputs, graph, may_list=may_list)
        for place in gone_inputs:
            self._endings += self._ends(self._inputs[place])
            self._conductor.leave(place)
        gone_outputs = self._look_at(self._outputs, graph, may_list=may_list)
        for port in self._inputs:
            if port.watch.feed(port.connected(graph)):
                self._endings += self._let_go(port)
        self._count_listeners(graph)
        may_hurry = now_s - self._hurried_s >= LOOK_S  # a patchbay may take our connections away again and again
        if graph is not None and (gone_inputs or gone_outputs) and may_hurry:  # perhaps it is there again already
            self._hurried_s = now_s
            self._look_s = self._graph_s = float("-inf")
        elif any(port.busy and not port.opened for port in self._all):
            self._graph_s = float("-inf")

    def _look_at(self, ports: Sequence[Port[Any]], graph: Graph | None, *, may_list: bool) -> list[int]:
        """The places of those that have gone."""
        changes = look_at(ports, self._own, graph, may_list=may_list)
        self._said += [sentence(ports[place], change) for place, change in changes]
        return [place for place, change in changes if change == "gone"]

    def _let_go(self, port: InPort) -> list[LostSourceRelease]:
        """What ends all that is held on an input whose source has stopped, of which the musician is told."""
        ends = self._ends(port)
        if ends:
            self._said.append(stopped(port))
        return ends

    def _ends(self, port: InPort) -> list[LostSourceRelease]:
        others = [other.held for other in self._inputs if other is not port]
        return [LostSourceRelease(word) for word in port.held.end(others)]

    def _count_listeners(self, graph: Graph | None) -> None:
        self._listeners = 0
        for port in self._outputs:
            if not port.virtual:
                self._listeners += 1  # also while it is away: when it is back, it hears what it missed from its port
            elif (connected := port.connected(graph)) is not None:
                self._listeners += len(connected - self._own)
            else:
                self._listeners = None
                return


def _client_names(name: str, direction: str, wanted: Sequence[str]) -> list[str]:
    """A name for each client: the first has the one by which a DAW knows our virtual port, and no other contains it."""
    return [f"{name} {direction}", *(f"{name} {number} {direction}" for number in range(2, len(wanted) + 1))]
