"""What was sent, as the band heard it: the notes of an MPE zone are those of one player."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bollylive.midi.messages import Control, NoteOff, NoteOn, Program
from bollylive.midi.mpe import OnePlayer
from bollylive.protocol import Sent


class AsHeard:
    """Call `read` with all messages of a journal, in order. Pure, one thread."""

    def __init__(self) -> None:
        self._players = OnePlayer()

    def read(self, sent: Sent) -> Sequence[Sent]:
        """Return what the band heard of a message, on the channels of the players."""
        event = sent.event
        if sent.by == "model" or not isinstance(event, NoteOn | NoteOff | Control | Program):
            return (sent,)
        player = event.channel if sent.part is None else sent.part
        return [replace(sent, event=heard, part=None) for heard in self._players.read(event, player)]
