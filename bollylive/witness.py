"""Who watches what a port process sends, and so can tell the next one what it left behind."""

from __future__ import annotations

from typing import Final

from bollylive.band import Set
from bollylive.duty import Legacy
from bollylive.note import Anchor, Control, NoteOff, NoteOn, Player, Program, Sent

RECENT_S: Final = 10.0  # the last note-offs may have gone into a MIDI system that was dead already, or never left


class Witness:
    """Follow the words of a port process with `see`; `legacy` is what it would leave if it ended now.

    What ended in its last ten seconds counts as left too. What the musician plays on a channel that `band` does not
    pass through never sounded at the output. Pure, one thread.
    """

    def __init__(self, band: Set) -> None:
        self.band = band
        self._anchor: Anchor | None = None
        self._sounding: dict[tuple[int, int], Player] = {}
        self._ended: dict[tuple[int, int], Sent] = {}  # the newest last
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
            key = event.channel, event.pitch
            self._sounding.pop(key, None)
            self._ended.pop(key, None)
            self._ended[key] = word
        while self._ended and next(iter(self._ended.values())).at_s < word.at_s - RECENT_S:
            del self._ended[next(iter(self._ended))]

    @property
    def holds_notes(self) -> bool:
        """Whether anything sounds."""
        return bool(self._sounding)

    @property
    def legacy(self) -> Legacy | None:
        """None where nothing was seen at all."""
        if self._anchor is None:
            return None
        left = {key: word.by for key, word in self._ended.items()} | self._sounding
        return Legacy(self._anchor, tuple((*key, by) for key, by in sorted(left.items())), tuple(sorted(self._used)))
