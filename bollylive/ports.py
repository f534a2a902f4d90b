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

from collections.abc import Sequence

from bollylive import midi_system
from bollylive.conductor import Conductor
from bollylive.errors import PortsLostError
from bollylive.hotplug import look_at, sentence
from bollylive.lifeline import Lifeline
from bollylive.note import Event
from bollylive.port import InPort, OutPort
from bollylive.port_names import find, keep_apart, wanted_names

NAME = "BollyLive"
PULSE_S = 0.1  # how often the MIDI system's life is felt
LOOK_S = 0.5  # how often the list of ports is read; who is away for less is not missed, and not joined again on JACK


class Ports:
    """The open inputs and outputs; raises PortError if they cannot be had.

    `api` is one of `midi_system.available_apis()`, or None for the first that works. Each name joins an existing
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
        self._conductor = Conductor()
        self._endings: list[Event] = []  # of inputs that have gone, until the next `read`
        self._pulse_s = self._look_s = float("-inf")
        self._lost = False
        self._own: frozenset[str] = frozenset()
        self._lifeline = Lifeline()
        in_names, out_names = _client_names(name, "In", wanted_in), _client_names(name, "Out", wanted_out)
        self.api, first_in, first_out = midi_system.open_system(api, in_names[0], out_names[0])
        self._inputs = [InPort(self.api, first_in, in_names[0], wanted_in[0])]
        self._outputs = [OutPort(self.api, first_out, out_names[0], wanted_out[0])]
        try:
            self._inputs += [
                InPort(self.api, midi_system.new_input(self.api, client), client, wanted)
                for client, wanted in zip(in_names[1:], wanted_in[1:], strict=True)
            ]
            self._outputs += [
                OutPort(self.api, midi_system.new_output(self.api, client), client, wanted)
                for client, wanted in zip(out_names[1:], wanted_out[1:], strict=True)
            ]
            self._open_all()
        except BaseException:
            self.close()
            raise
        if self.api == "jack":
            self._lifeline.tie()

    @property
    def input_name(self) -> str:
        """The names of the inputs, for people."""
        return ", ".join(port.name for port in self._inputs)

    @property
    def output_name(self) -> str:
        """The names of the outputs, for people."""
        return ", ".join(port.name for port in self._outputs)

    @property
    def bad_bytes(self) -> int:
        """How much of what `read` read meant nothing."""
        return sum(port.dropped for port in self._inputs)

    def poll(self) -> list[list[int]]:
        """All messages that have come since the last call, one list of bytes each; of one input, oldest first."""
        return [message for port in self._inputs for message in port.poll()]

    def read(self, now_s: float) -> list[Event]:
        """All words that have come since the last call, clock words only from the input that leads the beat.

        For an input that has gone they hold the ends of the notes and pedals that were held there.
        """
        events, self._endings = self._endings, []
        for number, port in enumerate(self._inputs):
            if words := port.read():
                events += [event for event in words if self._conductor.passes(event, number, now_s)]
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

        Call it many times a second; most calls cost nothing. The list of ports is read about twice a second and only
        when it is `calm`, which means that nothing is due for some milliseconds: it takes 20 µs and 15 µs for each
        port, and a change as long as a period of JACK's. Raises PortsLostError, from then on always, when the MIDI
        system has died; nothing is sent any more then, since it might not return. `now_s` must not go back.
        """
        if now_s - self._pulse_s > PULSE_S:
            self._pulse_s = now_s
            self._lost = self._lost or self._lifeline.cut()
        if self._lost:
            raise PortsLostError(f"The MIDI system ({self.api}) has died; to have one again, {midi_system.cure()}.")
        if not calm or now_s - self._look_s < LOOK_S:
            return []
        self._look_s = now_s
        return [*self._look_at_inputs(), *self._look_at_outputs()]

    def close(self) -> None:
        """Closes all ports, each within about a second, even where the driver hangs; safe to call again."""
        dead = self._lost or self._lifeline.cut()
        for output in self._outputs:
            output.close(dead=dead)
        for input_ in self._inputs:
            input_.close(dead=dead)

    def _open_all(self) -> None:
        sources, sinks = self._inputs[0].others(), self._outputs[0].others()
        found = [
            (port, names, find(names, port.wanted, port.kind))
            for ports, names in ((self._inputs, sources), (self._outputs, sinks))
            for port in ports
            if not port.virtual
        ]
        inputs, outputs = (
            [names[number] for port, names, number in found if port.kind == kind] for kind in ("input", "output")
        )
        keep_apart(inputs, outputs, self.api)
        for port, names, number in found:
            port.open(names, number)
        for first in (self._inputs[0], self._outputs[0]):
            if first.virtual:
                first.open_virtual()
        own_sources = [name for name in self._inputs[0].others() if name not in sources]
        own_sinks = [name for name in self._outputs[0].others() if name not in sinks]
        self._inputs[0].learn_name(own_sinks)  # an input of ours is an output to others
        self._outputs[0].learn_name(own_sources)
        self._own = frozenset(own_sources + own_sinks)

    def _look_at_inputs(self) -> list[str]:
        changes = look_at(self._inputs, self._own)
        for place, _ in (change for change in changes if change[1] == "gone"):
            others = [port.held for port in self._inputs if port is not self._inputs[place]]
            self._endings += self._inputs[place].held.end(others)
            self._conductor.leave(place)
        return [sentence(self._inputs[place], change) for place, change in changes]

    def _look_at_outputs(self) -> list[str]:
        return [sentence(self._outputs[place], change) for place, change in look_at(self._outputs, self._own)]


def _client_names(name: str, direction: str, wanted: Sequence[str]) -> list[str]:
    """A name for each client: the first has the one by which a DAW knows our virtual port, and no other contains it."""
    return [f"{name} {direction}", *(f"{name} {number} {direction}" for number in range(2, len(wanted) + 1))]
