"""The supervisor's record of what an io process has left sounding, for the process that takes over."""

from __future__ import annotations

from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.io.held_state import HeldState, RecentReleases, in_order, is_release
from bollylive.midi.messages import Control, NoteOff, NoteOn, Player, Program, Raw
from bollylive.midi.parser import state_key
from bollylive.protocol import InheritedState, Sent
from bollylive.sets.live_set import LiveSet

_SYSTEM: Final = 0xF0  # a status from here on belongs to no channel
RECENT_S: Final = 10.0  # the last note-offs may have gone into a MIDI system that was dead already, or never left


class SoundingNotes:
    """Call `add` with everything that an io process reports; `left` is what the process would leave if it ended now.

    Notes that ended in the last ten seconds count as left too. Notes of the musician on a channel that the set does not
    pass through do not count, because they never sounded at the output. Pure, one thread.
    """

    def __init__(self, live: LiveSet) -> None:
        self.anchor: Anchor | None = None
        self._live = live
        self._held = HeldState()
        self._by: dict[tuple[int, ...], Player] = {}  # the last player of each subject
        self._recent = RecentReleases()
        self._used: set[int] = set()
        self._inherited = InheritedState()

    def add(self, message: Sent | Anchor) -> None:
        """Note what was sent, or a new anchor."""
        if isinstance(message, Anchor):
            self.anchor = message
            return
        event = message.event
        if not isinstance(event, NoteOn | NoteOff | Control | Program | Raw) or not (about := state_key(event)):
            return
        channel = about[0] & 0x0F
        is_silent = message.by == "musician" and not self._live.band.passes_thru(channel) and not is_release(event)
        if about[0] >= _SYSTEM or is_silent:
            return
        self._used.add(channel)
        self._by[about] = message.by
        self._recent.add(self._held.note(event, about), message.at_s)
        self._recent.forget(message.at_s - RECENT_S)

    def inherit(self, left: InheritedState) -> None:
        """Note what was left before, and may never have been released."""
        self._inherited = left

    @property
    def has_played(self) -> bool:
        """Whether there can be anything left at all."""
        return bool(self._used or self._inherited)

    @property
    def left(self) -> InheritedState:
        """All that may sound, be pedalled or bent, and all channels with more that may not have been reported yet."""
        if not self.has_played:
            return InheritedState()
        releases = {state_key(release): release for release, _ in self._inherited.releases}
        releases |= {**self._recent.by_subject, **self._held.releases}
        by = {state_key(release): by for release, by in self._inherited.releases} | self._by
        owned = tuple((release, by.get(state_key(release), "model")) for release in in_order(releases.values()))
        band = self._live.band
        heard = {channel for channel in range(16) if band.channel(band.player_of(channel)).role != "off"}
        return InheritedState(owned, tuple(sorted(self._used | heard | set(self._inherited.channels))))
