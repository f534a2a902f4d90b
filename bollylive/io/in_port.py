"""One MIDI input: parses what comes, remembers what is held, and notices that its source has stopped.

An input of another kind (OSC, say) is a `Source` of its own, see `sources_and_sinks`.
"""

from __future__ import annotations

from bollylive.io import rtmidi_backend
from bollylive.io.midi_clients import InClient
from bollylive.io.port import Port
from bollylive.io.source_watch import SourceWatch
from bollylive.midi.messages import Event
from bollylive.midi.parser import Parser, state_key


class InPort(Port[InClient]):
    """An input with its own parser, because running status and SysEx belong to one cable."""

    kind = "input"
    own_port = "in"

    def __init__(self, api: str, client: InClient, client_name: str, wanted: str) -> None:
        super().__init__(api, client, client_name, wanted)
        self.watch = SourceWatch()
        self._parser = Parser()

    @property
    def dropped(self) -> int:
        """How many bytes and messages could not be understood."""
        return self._parser.dropped

    def receive(self) -> list[list[int]]:
        """Return the bytes of all messages that have come since the last call, oldest first."""
        messages = []
        while self.opened and self._client is not None and (message := self._client.get_message()) is not None:
            messages.append(message[0])
        return messages

    def read(self, now_s: float) -> tuple[list[Event], bool]:
        """Return the messages that have come, and whether their source stopped while it held something."""
        messages = self.receive()
        if not messages and not self.watch.is_due(now_s):
            return [], False
        stopped = self.watch.hear(messages, now_s)
        events = [event for data in messages for event in self._parser.feed(data)]
        for event in events:
            self.held.note(event, state_key(event))
        return events, stopped

    def _open(self, number: int | None, port_name: str, known_as: str) -> None:
        self._discard_queue()
        super()._open(number, port_name, known_as)

    def _discard_queue(self) -> None:
        """Throw away what an earlier source sent: the ends of its notes have been lost."""
        while self._client is not None and self._client.get_message() is not None:
            pass

    def _leave(self, client: InClient) -> None:
        super()._leave(client)
        dropped = self._parser.dropped
        self._parser, self.watch = Parser(), SourceWatch()  # the next source does not continue an unfinished message
        self._parser.dropped = dropped

    def _new_client(self) -> InClient:
        return rtmidi_backend.new_input(self._api, self._client_name)
