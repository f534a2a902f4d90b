"""One MIDI port of ours, virtual or joined to somebody's, which may be pulled out and come back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar, Generic, Literal, TypeAlias, TypeVar

from bollylive import midi_system
from bollylive.errors import PortError
from bollylive.held import Held, in_order
from bollylive.midi_system import Client, InClient, OutClient
from bollylive.note import Event, Program
from bollylive.port_names import VIRTUAL, find_again, same
from bollylive.wire import Reader, subject, write

Change: TypeAlias = Literal["gone", "back"]
ClientT = TypeVar("ClientT", bound=Client)


class Port(ABC, Generic[ClientT]):
    """What inputs and outputs have in common; `open` it first. All methods are for one thread.

    `name` is the other's port, once it has been joined, or for a virtual port its own, as others see it.
    """

    kind: ClassVar[Literal["input", "output"]]
    own_port: ClassVar[str]  # what our own end is called

    def __init__(self, api: str, client: ClientT, client_name: str, wanted: str) -> None:
        self.wanted = wanted
        self.name = wanted
        self.held = Held()
        self.opened = False  # joined; one that is not waits for the port that it wants
        self._api, self._client_name = api, client_name
        self._client: ClientT | None = client
        self._reader = Reader()

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

    def learn_name(self, own: Sequence[str]) -> None:
        """A virtual port takes the name by which others see it: another BollyLive may have had the usual one.

        `own` are the names of all our ports in the list of the other direction.
        """
        mine = [name for name in own if name.startswith(self._client_name)]
        if self.virtual and len(mine) == 1:
            self.name = mine[0]

    def look(self, names: Sequence[str]) -> Change | None:
        """Sees from the list of others whether the joined port has gone, or joins it again; what happened, if anything.

        May wait for a period of JACK's when it has gone; what it held is still in `held` then.
        """
        if self.virtual or self._client is None:
            return None
        if self.opened:
            if any(same(self.name, name, self._api) for name in names):
                return None
            self._leave(self._client)
            return "gone"
        number = find_again(names, self.name, self.wanted, self._api)
        if number is None:
            return None
        try:
            self.open(names, number)
        except PortError:  # listed before it is ready; the next look finds it
            return None
        return "back"

    def close(self, *, dead: bool = False) -> None:
        """Closes the port and its client, within about a second even where the driver hangs; safe to call again.

        Those of a `dead` system are left alone.
        """
        client, self._client, self.opened = self._client, None, False
        if client is not None and dead:
            midi_system.abandon(client)
        elif client is not None:
            midi_system.close_port(client, for_ever=True)

    def _open(self, number: int | None, port_name: str, known_as: str) -> None:
        if self._client is None:
            raise PortError(f"The MIDI port '{known_as}' is closed for good.")
        midi_system.open_port(self._client, number, port_name, known_as)
        self.opened = True

    def _leave(self, client: ClientT) -> None:
        self.opened = False
        if not midi_system.close_port(client):
            with suppress(PortError):
                self._client = self._new_client()

    @abstractmethod
    def _new_client(self) -> ClientT:
        """Another client in place of one that hangs."""


class InPort(Port[InClient]):
    """An input, with a reader of its own: running status and SysEx belong to one cable."""

    kind = "input"
    own_port = "in"

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

    def read(self) -> list[Event]:
        """The words of all that has come."""
        if not (messages := self.poll()):
            return []
        events = [event for data in messages for event in self._reader.feed(data)]
        if not self.virtual:
            for event in events:
                self.held.note(event)
        return events

    def _leave(self, client: InClient) -> None:
        super()._leave(client)
        dropped = self._reader.dropped
        self._reader = Reader()  # a message that was under way is not continued by the next
        self._reader.dropped = dropped

    def _new_client(self) -> InClient:
        return midi_system.new_input(self._api, self._client_name)


class OutPort(Port[OutClient]):
    """An output, which ends what it left sounding when its device is back."""

    kind = "output"
    own_port = "out"

    def __init__(self, api: str, client: OutClient, client_name: str, wanted: str) -> None:
        super().__init__(api, client, client_name, wanted)
        # What was let go of since the device was last seen: perhaps it was gone before it was told.
        self._ended: dict[tuple[int, ...], Event] = {}

    def send(self, data: bytes) -> bool:
        """Sends one whole message at once; false if that failed. While the device is away nothing is sent."""
        if self._client is None:
            return False
        for event in [] if self.virtual else self._reader.feed(data):
            if self.opened or isinstance(event, Program):
                self._ended.update((subject(word), word) for word in self.held.note(event))
        return not self.opened or midi_system.transmit(self._client, data)

    def look(self, names: Sequence[str]) -> Change | None:
        """As for every port; one that is back ends what it had left sounding, and gets its programs again."""
        change = super().look(names)
        if change is None and self.opened:
            self._ended.clear()
        if change == "back" and self._client is not None:
            left = in_order({**self._ended, **self.held.words}.values())
            self.held.end()
            for event in [*left, *self.held.programs()]:
                midi_system.transmit(self._client, write(event))
        return change

    def _new_client(self) -> OutClient:
        return midi_system.new_output(self._api, self._client_name)
