"""One MIDI output; when a device that was unplugged is back, it gets the ends of its notes, and its programs."""

from __future__ import annotations

from collections.abc import Sequence

from bollylive.io import rtmidi_backend
from bollylive.io.held_state import in_order
from bollylive.io.midi_clients import OutClient
from bollylive.io.port import Change, Port
from bollylive.io.port_names import Graph
from bollylive.midi.messages import Event, Program
from bollylive.midi.parser import state_key, to_bytes


class OutPort(Port[OutClient]):
    """An output, which is a `Sink`. `failures` counts messages that could not be sent.

    While the device is away nothing is sent. RtMidi cannot schedule, so every message is sent at once.
    """

    kind = "output"
    own_port = "out"

    def __init__(self, api: str, client: OutClient, client_name: str, wanted: str) -> None:
        super().__init__(api, client, client_name, wanted)
        self.failures = 0
        # What ended since the device was last seen, and between the two looks before: the device may have been gone
        # before anybody could see it.
        self._ended: dict[tuple[int, ...], Event] = {}
        self._ended_before: dict[tuple[int, ...], Event] = {}

    def send_at(self, due_s: float, event: Event) -> None:  # noqa: ARG002 - RtMidi cannot schedule
        """Send a message at once, and then remember what it holds."""
        self.send(to_bytes(event))
        if not self.virtual and (self.opened or isinstance(event, Program)):
            released = self.held.note(event, state_key(event))
            self._ended.update((state_key(release), release) for release in released)

    def send(self, data: bytes) -> None:
        """Send the bytes of one whole message at once, and do not remember what they hold."""
        if self._client is None:
            self.failures += 1
        elif self.opened:
            self.failures += not rtmidi_backend.transmit(self._client, data)

    def look(self, names: Sequence[str] | None, graph: Graph | None) -> Change | None:
        """Like `Port.look`; a device that comes gets its programs, and one that is back the ends of notes before."""
        seen = self.opened and (names is not None or self.connected(graph) is not None)
        change = super().look(names, graph)
        if change is None and seen:
            self._ended_before, self._ended = self._ended, {}
        if change in ("came", "back"):
            left = in_order({**self._ended_before, **self._ended, **self.held.releases}.values())
            self._ended_before, self._ended = {}, {}
            self.held.end()
            for event in [*left, *self.held.programs()]:
                self.send(to_bytes(event))
        return change

    def _new_client(self) -> OutClient:
        return rtmidi_backend.new_output(self._api, self._client_name)
