"""Opens the ports of a performance at its start: joins the ports that are named, and makes the virtual ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from bollylive.errors import PortError
from bollylive.io.app_loopback import synthesiser_of
from bollylive.io.connections import Connections
from bollylive.io.in_port import InPort
from bollylive.io.loopbacks import refuse_loops
from bollylive.io.out_port import OutPort
from bollylive.io.port import Port
from bollylive.io.port_names import Graph, candidates, find, refuse_repeats, without

TRIES = 3  # at joining a named port
SETTLE_S = 0.5  # how long to wait until a port or a connection is seen; PipeWire takes some milliseconds
_SHOW_OUR_PORTS = ("alsa", "jack")  # there, every port of ours is listed among the others'


class Joining:
    """Opens `inputs` and `outputs` with `open_all`. One thread.

    With `waits`, a named port that is missing is left to be joined later. `own` is the names of all our ports as others
    see them.
    """

    def __init__(
        self, api: str, inputs: Sequence[InPort], outputs: Sequence[OutPort], connections: Connections, waits: bool
    ) -> None:
        self.own: set[str] = set()
        self._waits = waits
        self._api, self._inputs, self._outputs, self._connections = api, inputs, outputs, connections

    def open_all(self) -> None:
        """Open every port; raises PortError before anything opens if a name means several ports, or none to wait for.

        Waits up to half a second for each named port.
        """
        sources, sinks = self._inputs[0].others(), self._outputs[0].others()
        virtual = [first for first in (self._inputs[0], self._outputs[0]) if first.virtual]
        if virtual and self._api == "winmm":
            raise PortError(_without_virtual(sources, sinks))
        found = {}
        for port in self._all:
            names = sources if port.kind == "input" else sinks
            if not port.virtual and not self._may_wait(port, names):
                found[port] = names[find(names, port.wanted, port.kind, self._api)]
        self._check_names(found)
        for port in found:
            self._join(port)
        self._check_names({port: port.name for port in found if port.was_joined})
        for first in virtual:
            self._open(first, [], None)

    def missing(self) -> list[str]:
        """Return a sentence for each named port that is not there."""
        sentences = []
        for port in self._all:
            if port.awaited:
                there = ", ".join(f"'{name}'" for name in without(port.others(), self.own) if name) or "none"
                sentences.append(
                    f"There is no MIDI {port.kind} '{port.wanted}' yet; it is joined when it comes. There are: {there}."
                )
        return sentences

    def graph(self) -> Graph | None:
        """Return what is connected to our ports; None if that cannot be seen."""
        return self._connections.seen([port.own for port in self._all if port.own is not None])

    @property
    def _all(self) -> list[Port[Any]]:
        return [*self._inputs, *self._outputs]

    def _check_names(self, names: dict[Port[Any], str]) -> None:
        inputs, outputs = ([name for port, name in names.items() if port.kind == kind] for kind in ("input", "output"))
        refuse_repeats(inputs, outputs)
        refuse_loops(inputs, outputs, self._api)

    def _join(self, port: Port[Any]) -> None:
        """Join a named port. The list may change between two looks, so the connection itself is checked."""
        for _ in range(TRIES):
            names = without(port.others(), self.own)
            if self._may_wait(port, names):
                return
            self._open(port, names, find(names, port.wanted, port.kind, self._api))
            if self._is_joined(port):
                port.was_joined = True
                return
            port.leave()
        raise PortError(
            f"The MIDI {port.kind} '{port.wanted}' is there, but was not joined in {TRIES} tries; try again when "
            "nothing else opens or closes MIDI ports."
        )

    def _may_wait(self, port: Port[Any], names: Sequence[str]) -> bool:
        return self._waits and not candidates(names, port.wanted, self._api)

    def _is_joined(self, port: Port[Any]) -> bool:
        until_s = time.monotonic() + SETTLE_S
        while (graph := self.graph()) is not None and port.own is not None:
            connected = port.connected(graph)
            if connected is not None and port.name in connected:
                return True
            if time.monotonic() >= until_s:
                return connected is None
            time.sleep(0.01)
        return True

    def _open(self, port: Port[Any], names: Sequence[str], number: int | None) -> None:
        opposite = self._outputs[0] if port.kind == "input" else self._inputs[0]  # our input is the others' output
        before = opposite.others()
        if number is None:
            port.open_virtual()
        else:
            port.open(names, number)
        mine = port.find_own_name(before, opposite.others())
        until_s = time.monotonic() + SETTLE_S
        while not mine and self._api in _SHOW_OUR_PORTS and time.monotonic() < until_s:
            time.sleep(0.01)
            mine = port.find_own_name(before, opposite.others())
        self.own.update(mine)


def _without_virtual(sources: Sequence[str], sinks: Sequence[str]) -> str:
    inputs, outputs = (", ".join(f"'{name}'" for name in names) or "none" for names in (sources, sinks))
    synthesiser = synthesiser_of(sinks)
    hear = ""
    if synthesiser is not None:
        keyboard = f'"{sources[0]}"' if sources else "KEYBOARD"
        hear = f' To hear the band without a DAW: --in {keyboard} --out "{synthesiser}".'
        if not sources:
            hear += " A keyboard that is not there yet is joined when it comes, and --demo plays without one."
    return (
        f"On Windows no program can make MIDI ports; name them with --in (there are: {inputs}) and --out (there are: "
        f"{outputs}). To play with a DAW, make two with loopMIDI, one for each direction.{hear}"
    )
