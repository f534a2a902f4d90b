"""Ends notes, pedals and bends that an earlier process left, because nobody else would ever release them.

The releases are sent several times, since a listener may still be joining a new port, and an audio system that stalls
loses messages. Where listeners can be seen, they are sent as often when one begins to listen. What the earlier process
did last may be unknown, so its channels are reset as well. Whatever has been played again since then is left alone.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from bollylive.io.held_state import HeldState, reset
from bollylive.midi.messages import Event, Player
from bollylive.midi.parser import state_key
from bollylive.protocol import InheritedState

_END_AFTER_S: Final = (0.0, 0.5, 1.5, 4.0)


class HangingNotes:
    """Ends what was left, except what `at_outputs` has touched since. Not thread-safe; `now_s` must not go back."""

    def __init__(self, at_outputs: HeldState) -> None:
        self._at_outputs = at_outputs
        self._left = InheritedState()
        self._end_s: deque[float] = deque()
        self._listeners: int | None = None
        self._was_heard = True

    @property
    def wait(self) -> bool:
        """Whether something was left, and nobody can have received its end yet."""
        return not self._was_heard

    def inherit(self, left: InheritedState, now_s: float) -> None:
        """Take over what was left, from now on."""
        self._left = left
        self._was_heard = not left
        self._at_outputs.touched.clear()
        if not self._was_heard:
            self._plan(now_s)

    def listen(self, listeners: int | None, now_s: float) -> None:
        """Note how many programs listen, None if that cannot be seen. The first one gets everything at once."""
        if listeners is None:
            return
        before, self._listeners = self._listeners, listeners
        if listeners <= (before or 0) or not self._left:
            return
        if not before and not self._was_heard:  # so nobody heard what was played since
            self._at_outputs.touched.clear()
        self._plan(now_s)

    def end(self, now_s: float) -> list[tuple[Event, Player]]:
        """Return what is to be sent now; call it often."""
        if not self._end_s or now_s < self._end_s[0]:
            return []
        while self._end_s and self._end_s[0] <= now_s:
            self._end_s.popleft()
        if self._listeners or (self._listeners is None and not self._end_s):
            self._was_heard = True
        touched = self._at_outputs.touched
        played = {about[0] & 0x0F for about in touched}
        ends: list[tuple[Event, Player]] = [
            (end, by) for end, by in self._left.releases if state_key(end) not in touched
        ]
        for channel in self._left.channels:
            if channel not in played:
                ends += [(message, "model") for message in reset(channel)]
        return ends

    def _plan(self, now_s: float) -> None:
        self._end_s = deque(sorted({*self._end_s, *(now_s + after_s for after_s in _END_AFTER_S)}))
