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
from bollylive.errors import PortError, PortsLostError
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
    after `name`. With `patient`, a port that is not there is waited for. All methods are for one thread.
    `send_failures` counts what could not be sent.
    """

    def __init__(
        self,
        api: str | None = None,
        inputs: str | Sequence[str] = (),
        outputs: str | Sequence[str] = (),
        name: str = NAME,
        *,
        patient: bool = False,
    ) -> None:
        wanted_in, wanted_out = wanted_names(inputs), wanted_names(outputs)
        keep_apart(wanted_in, wanted_out, "")
        self.send_failures = 0
        self._conductor = Conductor()
        self._endings: list[Event] = []  # of inputs that have gone, until the next `read`
        self._pulse_s = self._look_s = float("-inf")
        self._lost = False
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
            self._open_all(patient)
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
            events += [event for event in port.read() if self._conductor.passes(event, number, now_s)]
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

    def _open_all(self, patient: bool) -> None:
        sources, sinks = self._inputs[0].others(), self._outputs[0].others()
        found = [
            (port, names, _find(port, names, patient))
            for ports, names in ((self._inputs, sources), (self._outputs, sinks))
            for port in ports
            if not port.virtual
        ]
        joined = [(port.kind, names[number]) for port, names, number in found if number is not None]
        inputs, outputs = ([name for kind, name in joined if kind == wanted] for wanted in ("input", "output"))
        keep_apart(inputs, outputs, self.api)
        for port, names, number in found:
            if number is not None:
                port.open(names, number)
        # Who else is called so, shows only in the list of the other direction.
        for port, seen_from in ((self._inputs[0], self._outputs[0]), (self._outputs[0], self._inputs[0])):
            if port.virtual:
                before = seen_from.others()
                port.open_virtual()
                port.learn_name(before, seen_from.others())

    def _look_at_inputs(self) -> list[str]:
        if all(port.virtual for port in self._inputs):
            return []
        sentences = []
        names = self._inputs[-1].others()
        for number, port in enumerate(self._inputs):
            change = port.look(names)
            if change == "gone":
                self._endings += port.held.end(other.held for other in self._inputs if other is not port)
                self._conductor.leave(number)
                sentences.append(
                    f"The MIDI input '{port.name}' is gone; its notes are ended. It is joined again when it is back."
                )
            elif change == "back":
                sentences.append(f"The MIDI input '{port.name}' is back.")
        return sentences

    def _look_at_outputs(self) -> list[str]:
        if all(port.virtual for port in self._outputs):
            return []
        names = self._outputs[-1].others()
        changes = [(port, port.look(names)) for port in self._outputs]
        return [
            f"The MIDI output '{port.name}' is gone; it is joined again when it is back."
            if change == "gone"
            else f"The MIDI output '{port.name}' is back."
            for port, change in changes
            if change is not None
        ]


def _client_names(name: str, direction: str, wanted: Sequence[str]) -> list[str]:
    """A name for each client: the first has the one by which a DAW knows our virtual port, and no other contains it."""
    return [f"{name} {direction}", *(f"{name} {number} {direction}" for number in range(2, len(wanted) + 1))]


def _find(port: InPort | OutPort, names: Sequence[str], patient: bool) -> int | None:
    try:
        return find(names, port.wanted, port.kind)
    except PortError:
        if patient:
            return None
        raise
