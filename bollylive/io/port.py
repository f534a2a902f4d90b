"""One MIDI port of ours, virtual or joined to somebody's, which may be pulled out and come back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar, Generic, Literal, TypeAlias, TypeVar

from bollylive.errors import PortError
from bollylive.io import rtmidi_backend
from bollylive.io.held_state import HeldState, in_order
from bollylive.io.port_names import VIRTUAL, Graph, find_again, same
from bollylive.io.rtmidi_backend import Client, InClient, OutClient
from bollylive.io.source_watch import SourceWatch
from bollylive.midi.messages import Event, Program
from bollylive.midi.parser import Parser, state_key, to_bytes

Change: TypeAlias = Literal["gone", "back"]
DOUBTS = 15  # so many looks it may take until a port that was joined is seen to be connected
ClientT = TypeVar("ClientT", bound=Client)


class Port(ABC, Generic[ClientT]):
    """What inputs and outputs have in common; `open` it first. All methods are for one thread.

    `name` is the other's port, once it has been joined, or for a virtual port its own, as others see it; `own` is our
    end of either, as others see it, None where that is not known.
    """

    kind: ClassVar[Literal["input", "output"]]
    own_port: ClassVar[str]  # what our own end is called

    def __init__(self, api: str, client: ClientT, client_name: str, wanted: str) -> None:
        self.wanted = wanted
        self.name = wanted
        self.own: str | None = None
        self.held = HeldState()
        self.opened = False  # joined; one that is not waits for the port that it wants
        self._doubts = 0  # joined for so many looks, but not seen to be connected
        self._api, self._client_name = api, client_name
        self._client: ClientT | None = client
        self._reader = Parser()

    @property
    def virtual(self) -> bool:
        """Whether this is a port of our own, which never goes."""
        return self.wanted == VIRTUAL

    def others(self) -> list[str]:
        """The ports that are there to be joined; takes 20 µs, and 15 µs more for each."""
        return [] if self._client is None else self._client.get_ports()

    def open(self, names: Sequence[str], number: int) -> None:
        """Joins the port of that number in the list of others; raises PortError."""
        self._open(number, self.own_port, names[number])
        self.name = names[number]

    def open_virtual(self) -> None:
        """Makes a port of our own; raises PortError."""
        # On macOS clients have no visible name, so the port has that of the client.
        port_name, self.name = (
            (self._client_name, self._client_name)
            if self._api == "core"
            else (self.own_port, f"{self._client_name}:{self.own_port}")
        )
        self._open(None, port_name, self.name)

    @property
    def busy(self) -> bool:
        """Whether it is joined, though perhaps not yet seen to be."""
        return self.opened or self._doubts > 0

    def learn(self, before: Sequence[str], after: Sequence[str]) -> list[str]:
        """Learns what others call our end, from the list of the other direction before and after it was opened.

        A virtual port is called so: another BollyLive may have had the usual name. Gives what may be our end.
        """
        mine = [name for name in after if name not in before and name.startswith(self._client_name)]
        if len(mine) == 1:
            self.own = mine[0]
        if self.virtual and self.own is not None:
            self.name = self.own
        return mine

    def connected(self, graph: Graph | None) -> frozenset[str] | None:
        """What is connected to our end; None where that cannot be seen."""
        return None if graph is None or self.own is None else graph.get(self.own)

    def look(self, names: Sequence[str] | None, graph: Graph | None) -> Change | None:
        """Sees whether the joined port has gone, or joins it again; what happened, if anything.

        `names` is the list of others, None if it was not read: it tells what can be joined, and what has gone where no
        connections are seen. May wait for a period of JACK's when it has gone; what it held is still in `held` then.
        """
        if self.virtual or self._client is None:
            return None
        connected = self.connected(graph)
        if self._doubts:
            return self._confirm(connected, self._shows(graph))
        if self.opened:
            if not self._has_gone(names, connected):
                return None
            self._leave(self._client)
            return "gone"
        number = None if names is None else find_again(names, self.name, self.wanted, self._api)
        if names is None or number is None:
            return None
        try:
            self.open(names, number)
        except PortError:  # listed before it is ready; the next look finds it
            return None
        if not self._shows(graph):
            return "back"
        self.opened, self._doubts = False, 1  # the list may have changed meanwhile, so it may be another
        return None

    def part(self) -> None:
        """Leaves what it has joined, to join it again."""
        if self._client is not None:
            self._leave(self._client)

    def close(self, *, dead: bool = False) -> None:
        """Closes the port and its client, within about a second even where the driver hangs; safe to call again.

        Those of a `dead` system are left alone.
        """
        client, self._client, self.opened, self._doubts = self._client, None, False, 0
        if client is not None and dead:
            rtmidi_backend.abandon(client)
        elif client is not None:
            rtmidi_backend.close_port(client, for_ever=True)

    def _open(self, number: int | None, port_name: str, known_as: str) -> None:
        if self._client is None:
            raise PortError(f"The MIDI port '{known_as}' is closed for good.")
        rtmidi_backend.open_port(self._client, number, port_name, known_as)
        self.opened = True

    def _has_gone(self, names: Sequence[str] | None, connected: frozenset[str] | None) -> bool:
        # Who was away for a moment is listed, but connected no more.
        if connected is not None:
            return self.name not in connected
        return names is not None and not any(same(self.name, name, self._api) for name in names)

    def _shows(self, graph: Graph | None) -> bool:
        return graph is not None and self.own is not None

    def _confirm(self, connected: frozenset[str] | None, shows: bool) -> Change | None:
        is_there = connected is not None and self.name in connected
        self._doubts += 1
        if self._doubts <= DOUBTS and shows and not is_there:
            return None  # PipeWire shows it some milliseconds later
        if connected is not None and not is_there:
            self.part()
            return None
        self.opened, self._doubts = True, 0
        return "back"

    def _leave(self, client: ClientT) -> None:
        self.opened, self._doubts = False, 0
        if not rtmidi_backend.close_port(client):
            self.own = None  # another client may get another name
            with suppress(PortError):
                self._client = self._new_client()

    @abstractmethod
    def _new_client(self) -> ClientT:
        """Another client in place of one that hangs."""


class InPort(Port[InClient]):
    """An input, with a reader of its own: running status and SysEx belong to one cable."""

    kind = "input"
    own_port = "in"

    def __init__(self, api: str, client: InClient, client_name: str, wanted: str) -> None:
        super().__init__(api, client, client_name, wanted)
        self.watch = SourceWatch()

    @property
    def dropped(self) -> int:
        """How many bytes and messages meant nothing."""
        return self._reader.dropped

    def poll(self) -> list[list[int]]:
        """All messages that have come since the last call, oldest first, one list of bytes each."""
        messages = []
        while self.opened and self._client is not None and (message := self._client.get_message()) is not None:
            messages.append(message[0])
        return messages

    def read(self, now_s: float) -> tuple[list[Event], bool]:
        """The words of all that has come, and whether what feeds it has stopped in the middle."""
        messages = self.poll()
        if not messages and not self.watch.is_due(now_s):
            return [], False
        stopped = self.watch.hear(messages, now_s)
        events = [event for data in messages for event in self._reader.feed(data)]
        for event in events:
            self.held.note(event)
        return events, stopped

    def _open(self, number: int | None, port_name: str, known_as: str) -> None:
        # What is left from before came from another, and its end was never heard.
        while self._client is not None and self._client.get_message() is not None:
            pass
        super()._open(number, port_name, known_as)

    def _leave(self, client: InClient) -> None:
        super()._leave(client)
        dropped = self._reader.dropped
        self._reader, self.watch = Parser(), SourceWatch()  # what was under way is not continued by the next
        self._reader.dropped = dropped

    def _new_client(self) -> InClient:
        return rtmidi_backend.new_input(self._api, self._client_name)


class OutPort(Port[OutClient]):
    """An output, which ends what it left sounding when its device is back."""

    kind = "output"
    own_port = "out"

    def __init__(self, api: str, client: OutClient, client_name: str, wanted: str) -> None:
        super().__init__(api, client, client_name, wanted)
        # What was let go of since the device was last seen, and between the two looks before: perhaps it was gone
        # before it was told.
        self._ended: dict[tuple[int, ...], Event] = {}
        self._ended_before: dict[tuple[int, ...], Event] = {}

    def send(self, data: bytes) -> bool:
        """Sends one whole message at once; false if that failed. While the device is away nothing is sent."""
        if self._client is None:
            return False
        for event in [] if self.virtual else self._reader.feed(data):
            if self.opened or isinstance(event, Program):
                self._ended.update((state_key(word), word) for word in self.held.note(event))
        return not self.opened or rtmidi_backend.transmit(self._client, data)

    def look(self, names: Sequence[str] | None, graph: Graph | None) -> Change | None:
        """As for every port; one that is back ends what it had left sounding, and gets its programs again."""
        seen = self.opened and (names is not None or self.connected(graph) is not None)
        change = super().look(names, graph)
        if change is None and seen:
            self._ended_before, self._ended = self._ended, {}
        if change == "back" and self._client is not None:
            left = in_order({**self._ended_before, **self._ended, **self.held.words}.values())
            self._ended_before, self._ended = {}, {}
            self.held.end()
            for event in [*left, *self.held.programs()]:
                rtmidi_backend.transmit(self._client, to_bytes(event))
        return change

    def _new_client(self) -> OutClient:
        return rtmidi_backend.new_output(self._api, self._client_name)
