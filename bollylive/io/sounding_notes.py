"""Who watches what a port process sends, and so can tell the next one what it left behind."""

from __future__ import annotations

from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.io.held_state import Ended, HeldState, in_order, lets_go
from bollylive.midi.messages import Control, NoteOff, NoteOn, Player, Program, Raw
from bollylive.midi.parser import subject
from bollylive.protocol import InheritedState, Sent
from bollylive.sets.band import Set

_SYSTEM: Final = 0xF0  # a status from here on belongs to no channel
RECENT_S: Final = 10.0  # the last note-offs may have gone into a MIDI system that was dead already, or never left


class SoundingNotes:
    """Follow the words of a port process with `see`; `left` is what it would leave if it ended now.

    What ended in its last ten seconds counts as left too. What the musician plays on a channel that `band` does not
    pass through never sounded at the output. Pure, one thread.
    """

    def __init__(self, band: Set) -> None:
        self.band = band
        self.anchor: Anchor | None = None
        self._held = HeldState()
        self._by: dict[tuple[int, ...], Player] = {}  # who did last what is about a subject
        self._ended = Ended()
        self._used: set[int] = set()
        self._inherited = InheritedState()

    def see(self, word: Sent | Anchor) -> None:
        """Take note of what was sent, or of a new anchor."""
        if isinstance(word, Anchor):
            self.anchor = word
            return
        event = word.event
        if not isinstance(event, NoteOn | NoteOff | Control | Program | Raw) or not (about := subject(event)):
            return
        channel = about[0] & 0x0F
        silent = word.by == "musician" and not self.band.passes_thru(channel) and not lets_go(event)
        if about[0] >= _SYSTEM or silent:
            return
        self._used.add(channel)
        self._by[about] = word.by
        self._ended.add(self._held.note(event), word.at_s)
        self._ended.forget(word.at_s - RECENT_S)

    def inherit(self, left: InheritedState) -> None:
        """Take note of what was there before, and may never have been let go of."""
        self._inherited = left

    @property
    def has_played(self) -> bool:
        """Whether there can be anything left at all."""
        return bool(self._used or self._inherited)

    @property
    def left(self) -> InheritedState:
        """All that may sound, be pedalled or bent, and all channels on which more may, of which nobody has told yet."""
        if not self.has_played:
            return InheritedState()
        words = {subject(word): word for word, _ in self._inherited.releases}
        words |= {**self._ended.words, **self._held.words}
        by = {subject(word): by for word, by in self._inherited.releases} | self._by
        told = tuple((word, by.get(subject(word), "model")) for word in in_order(words.values()))
        heard = {channel for channel in range(16) if self.band.channel(channel).role != "off"}
        return InheritedState(told, tuple(sorted(self._used | heard | set(self._inherited.channels))))
