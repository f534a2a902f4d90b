"""What MIDI inputs and outputs have in common: they open, may be unplugged, and are joined again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar, Generic, Literal, TypeAlias, TypeVar

from bollylive.errors import PortError
from bollylive.io import rtmidi_backend
from bollylive.io.held_state import HeldState
from bollylive.io.loopbacks import makes_loop
from bollylive.io.midi_clients import Client
from bollylive.io.port_names import VIRTUAL, Graph, ambiguity, candidates, find_again, same

Change: TypeAlias = Literal["came", "gone", "back", "unclear"]
MOST_UNCONFIRMED_LOOKS = 15  # how many looks it may take until the connection of a joined port is seen
ClientT = TypeVar("ClientT", bound=Client)


class Port(ABC, Generic[ClientT]):
    """One MIDI port, virtual or joined to another program's port; `open` it first. Call all methods from one thread.

    `name` is the joined port's name; for a virtual port it is our own name, as others see it. `own` is our
    end of either, as others see it; None if unknown. `held` is what sounds or is pressed on this port.
    """

    kind: ClassVar[Literal["input", "output"]]
    own_port: ClassVar[str]  # the name of our own end

    def __init__(self, api: str, client: ClientT, client_name: str, wanted: str) -> None:
        self.wanted = wanted
        self.name = wanted
        self.own: str | None = None
        self.held = HeldState()
        self.opened = False  # joined; a port that is not waits for the one that it wants
        self.was_joined = False  # at any time
        self.problem = ""  # why none of the ports that are there was joined
        self._unconfirmed = 0  # the looks since it was joined, until its connection is seen
        self._api, self._client_name = api, client_name
        self._client: ClientT | None = client

    @property
    def virtual(self) -> bool:
        """Whether this is a port of our own, which is never unplugged."""
        return self.wanted == VIRTUAL

    @property
    def awaited(self) -> bool:
        """Whether the port that it wants has not been there yet."""
        return not self.virtual and not self.was_joined

    @property
    def busy(self) -> bool:
        """Whether it is joined, though perhaps not yet seen to be."""
        return self.opened or self._unconfirmed > 0

    def others(self) -> list[str]:
        """Return the ports that can be joined; takes 20 µs, and 15 µs more for each."""
        return [] if self._client is None else self._client.get_ports()

    def open(self, names: Sequence[str], number: int) -> None:
        """Join the port of that number in the list of others; raises PortError."""
        self._open(number, self.own_port, names[number])
        self.name = names[number]

    def open_virtual(self) -> None:
        """Make a port of our own; raises PortError."""
        # On macOS clients have no visible name, so the port has that of the client.
        port_name, self.name = (
            (self._client_name, self._client_name)
            if self._api == "core"
            else (self.own_port, f"{self._client_name}:{self.own_port}")
        )
        self._open(None, port_name, self.name)

    def find_own_name(self, before: Sequence[str], after: Sequence[str]) -> list[str]:
        """Find out what others call our end, by the list of the other direction before and after it was opened.

        A virtual port takes this name: another BollyLive may have had the usual one. Returns all candidates.
        """
        mine = [name for name in after if name not in before and name.startswith(self._client_name)]
        if len(mine) == 1:
            self.own = mine[0]
        if self.virtual and self.own is not None:
            self.name = self.own
        return mine

    def connected(self, graph: Graph | None) -> frozenset[str] | None:
        """Return what is connected to our end; None if that cannot be seen."""
        return None if graph is None or self.own is None else graph.get(self.own)

    def look(self, names: Sequence[str] | None, graph: Graph | None) -> Change | None:
        """Notice that the joined port has gone, or join it (again); returns what changed.

        It has come, gone, or is back; or it is unclear which port is wanted, which is told once, see `problem`.
        `names` is the list of others, None if it was not read: it shows which ports can be joined and, if connections
        cannot be seen, which have gone. May wait for a period of JACK's when the port has gone; `held` is kept then.
        """
        if self.virtual or self._client is None:
            return None
        connected = self.connected(graph)
        if self._unconfirmed:
            return self._confirm(connected, self._is_shown(graph))
        if self.opened:
            if not self._has_gone(names, connected):
                return None
            self._leave(self._client)
            return "gone"
        return None if names is None else self._join(names, graph)

    def leave(self) -> None:
        """Disconnect from the joined port; `look` joins it again."""
        if self._client is not None:
            self._leave(self._client)

    def close(self, *, dead: bool = False) -> None:
        """Close the port and its client, within about a second even if the driver hangs; safe to call again.

        The clients of a `dead` system are left alone.
        """
        client, self._client, self.opened, self._unconfirmed = self._client, None, False, 0
        if client is not None and dead:
            rtmidi_backend.abandon(client)
        elif client is not None:
            rtmidi_backend.close_port(client, for_ever=True)

    def _open(self, number: int | None, port_name: str, known_as: str) -> None:
        if self._client is None:
            raise PortError(f"The MIDI port '{known_as}' is closed for good.")
        rtmidi_backend.open_port(self._client, number, port_name, known_as)
        self.opened = True

    def _join(self, names: Sequence[str], graph: Graph | None) -> Change | None:
        number = find_again(names, self.name, self.wanted, self._api)
        if self.awaited:
            found = candidates(names, self.wanted, self._api)
            number = found[0] if len(found) == 1 else None
            if len(found) > 1 and not self.problem:
                self.problem = ambiguity(names, found, self.wanted, self.kind)
                return "unclear"
        if number is None:
            return None
        try:
            self.open(names, number)
        except PortError:  # listed before it is ready; the next look finds it
            return None
        if not self._is_shown(graph):
            return self._arrive()
        self.opened, self._unconfirmed = False, 1  # the list may have changed meanwhile, so it may be another port
        return None

    def _arrive(self) -> Change:
        self.opened, self._unconfirmed = True, 0
        before, self.was_joined = self.was_joined, True
        return "back" if before else "came"

    def makes_loop(self, name: str) -> bool:
        """Return whether the joined port and this one of the other direction are the ends of a loopback."""
        heard, played = (self.name, name) if self.kind == "input" else (name, self.name)
        return makes_loop(heard, played, self._api)

    def _has_gone(self, names: Sequence[str] | None, connected: frozenset[str] | None) -> bool:
        # A port that was away for a moment is listed, but no longer connected.
        if connected is not None:
            return self.name not in connected
        return names is not None and not any(same(self.name, name, self._api) for name in names)  # Windows renumbers

    def _is_shown(self, graph: Graph | None) -> bool:
        return graph is not None and self.own is not None

    def _confirm(self, connected: frozenset[str] | None, is_shown: bool) -> Change | None:
        is_there = connected is not None and self.name in connected
        self._unconfirmed += 1
        if self._unconfirmed <= MOST_UNCONFIRMED_LOOKS and is_shown and not is_there:
            return None  # PipeWire shows it some milliseconds later
        if connected is not None and not is_there:
            self.leave()
            return None
        return self._arrive()

    def _leave(self, client: ClientT) -> None:
        self.opened, self._unconfirmed = False, 0
        if not rtmidi_backend.close_port(client):
            self.own = None  # another client may get another name
            with suppress(PortError):
                self._client = self._new_client()

    @abstractmethod
    def _new_client(self) -> ClientT:
        """Return another client in place of one that hangs."""
