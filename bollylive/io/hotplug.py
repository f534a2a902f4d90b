"""Notices ports that are unplugged, joins them again when they are back, and tells the musician."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from bollylive.io.in_port import InPort
from bollylive.io.out_port import OutPort
from bollylive.io.port import Change, Port
from bollylive.io.port_names import Graph, without
from bollylive.midi.messages import LostSourceRelease

LOOK_S = 0.5  # how often the list of ports is read; where connections are not seen, a shorter absence is not noticed


class Hotplug:
    """Looks after the open `inputs` and `outputs` of one performance. One thread; `now_s` must not go back.

    `own` is the names of all our ports as others see them, and `graph` shows what is connected to them; it is asked
    every `see_s` seconds. `leave` is called with the place of an input that has gone, or that nothing feeds any more.
    `sentences` is what is to be told first. `listeners` is how many programs listen to our outputs, None if that cannot
    be seen. A joined output counts as one even while it is away, because it gets what it missed when it is back. One
    that has not come yet does not count, nor do our own inputs.
    """

    def __init__(
        self,
        inputs: Sequence[InPort],
        outputs: Sequence[OutPort],
        own: Collection[str],
        graph: Callable[[], Graph | None],
        leave: Callable[[int], None],
        see_s: float,
        sentences: Iterable[str] = (),
    ) -> None:
        self._inputs, self._outputs, self._own, self._graph, self._leave = inputs, outputs, own, graph, leave
        self._see_s = see_s
        self._all: list[Port[Any]] = [*inputs, *outputs]
        self._sentences = list(sentences)
        self.endings: list[LostSourceRelease] = []
        self._graph_s = self._look_s = self._hurried_s = float("-inf")
        self.listeners = self._count_listeners(graph())

    def look(self, now_s: float) -> None:
        """Look at the connections and at the list of ports, if it is time for either.

        The first takes up to a few tenths of a millisecond, the second 20 µs plus 15 µs for each port; if something has
        changed, either may wait for one JACK period.
        """
        may_list = now_s - self._look_s >= LOOK_S
        if not may_list and now_s - self._graph_s <= self._see_s:
            return
        self._graph_s = now_s
        self._look_s = now_s if may_list else self._look_s
        graph = self._graph()
        gone_inputs = self._look_at(self._inputs, graph, may_list=may_list)
        for place in gone_inputs:
            self.endings += self._ends(self._inputs[place])
            self._leave(place)
        gone_outputs = self._look_at(self._outputs, graph, may_list=may_list)
        for place, port in enumerate(self._inputs):
            connected = port.connected(graph)
            if port.watch.feed(connected):
                self.end_stopped(port)
                if not connected:
                    self._leave(place)
        self.listeners = self._count_listeners(graph)
        may_hurry = now_s - self._hurried_s >= LOOK_S  # a patchbay may disconnect us again and again
        if graph is not None and (gone_inputs or gone_outputs) and may_hurry:  # it may already be back
            self._hurried_s = now_s
            self._look_s = self._graph_s = float("-inf")
        elif any(port.busy and not port.opened for port in self._all):
            self._graph_s = float("-inf")

    def end_stopped(self, port: InPort) -> None:
        """End all that is held on an input whose source has stopped, and tell the musician if there was anything."""
        ends = self._ends(port)
        self.endings += ends
        if ends:
            what = f"The source of '{port.name}'" if port.virtual else f"The MIDI input '{port.name}'"
            self._sentences.append(f"{what} stopped while it held notes; they are ended.")

    def end_held(self) -> None:
        """End all that is held on every input."""
        for port in self._inputs:
            self.endings += self._ends(port)

    def take_sentences(self) -> list[str]:
        """Return what happened to the ports since the last call, for the musician."""
        sentences, self._sentences = self._sentences, []
        return sentences

    def take_endings(self) -> list[LostSourceRelease]:
        """Return the ends of what was held on inputs that have gone or stopped since the last call."""
        endings, self.endings = self.endings, []
        return endings

    def _look_at(self, ports: Sequence[Port[Any]], graph: Graph | None, *, may_list: bool) -> list[int]:
        """Return the indices of the ports of one direction that have gone.

        The list of ports is read if it `may_list`, again after each change, and not at all if all ports are virtual.
        A port that waits must join neither a port of our own, nor what another one has joined, nor the other end of a
        loopback.
        """
        names: list[str] | None = None
        gone = []
        for place, port in enumerate(ports):
            if port.virtual:
                continue
            if names is None and may_list:
                names = port.others()
            was_busy = port.busy
            change = port.look(None if names is None else without(names, self._taken(port, names)), graph)
            if change is not None:
                self._sentences.append(_sentence(port, change))
            if change == "gone":
                gone.append(place)
            if port.busy != was_busy:
                names = None
        return gone

    def _taken(self, port: Port[Any], names: Sequence[str]) -> frozenset[str]:
        """Return the names that a port must not join."""
        if port.busy:
            return frozenset()
        busy = [other for other in self._all if other.busy]
        taken = frozenset(self._own).union(other.name for other in busy if other.kind == port.kind)
        return taken.union(
            name for name in names if any(other.makes_loop(name) for other in busy if other.kind != port.kind)
        )

    def _ends(self, port: InPort) -> list[LostSourceRelease]:
        others = [other.held for other in self._inputs if other is not port]
        return [LostSourceRelease(release) for release in port.held.end(others)]

    def _count_listeners(self, graph: Graph | None) -> int | None:
        count = 0
        for port in self._outputs:
            if not port.virtual:
                count += port.was_joined
            elif (connected := port.connected(graph)) is not None:
                count += len(connected.difference(self._own))
            else:
                return None
        return count


def _sentence(port: Port[Any], change: Change) -> str:
    if change == "unclear":
        return port.problem
    if change != "gone":
        return f"The MIDI {port.kind} '{port.name}' is {'back' if change == 'back' else 'there now, and joined'}."
    ended = "its notes are ended, and " if port.kind == "input" else ""
    return f"The MIDI {port.kind} '{port.name}' is gone; {ended}it is joined again when it is back."
