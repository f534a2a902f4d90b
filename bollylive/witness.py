"""Who watches what a port process sends, and so can tell the next one what it left behind."""

from __future__ import annotations

from bollylive.band import Set
from bollylive.duty import Legacy
from bollylive.note import Anchor, Control, NoteOff, NoteOn, Player, Program, Sent


class Witness:
    """Follow the words of a port process with `see`; `legacy` is what it would leave if it ended now.

    What the musician plays on a channel that `band` does not pass through never sounded at the output. Pure, one
    thread.
    """

    def __init__(self, band: Set) -> None:
        self.band = band
        self._anchor: Anchor | None = None
        self._sounding: dict[tuple[int, int], Player] = {}
        self._used: set[int] = set()

    def see(self, word: Sent | Anchor) -> None:
        """Take note of what was sent, or of a new anchor."""
        if isinstance(word, Anchor):
            self._anchor = word
            return
        event = word.event
        if not isinstance(event, NoteOn | NoteOff | Control | Program):
            return
        if word.by == "musician" and not self.band.passes_thru(event.channel):
            return
        self._used.add(event.channel)
        if isinstance(event, NoteOn):
            self._sounding[event.channel, event.pitch] = word.by
        elif isinstance(event, NoteOff):
            self._sounding.pop((event.channel, event.pitch), None)

    @property
    def legacy(self) -> Legacy | None:
        """None where nothing was seen at all."""
        if self._anchor is None:
            return None
        sounding = tuple((*key, by) for key, by in sorted(self._sounding.items()))
        return Legacy(self._anchor, sounding, tuple(sorted(self._used)))
