"""What an earlier process left sounding, pedalled or bent, which nobody else would ever let go of.

The words that let go of it are sent again and again, since who listens may still be joining a new port. Where it can
be seen who listens, they are sent when somebody begins to. What the earlier process did last may be known to nobody:
so its channels are reset as well. Whatever is played anew is left alone.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from bollylive.io.held_state import at_rest, lets_go, reset
from bollylive.midi.messages import Event, Player
from bollylive.midi.parser import subject
from bollylive.protocol import InheritedState

_END_AFTER_S: Final = (0.0, 0.5, 1.5, 4.0)


class HangingNotes:
    """Ends what was left; feed it with `see` whatever leaves. Not thread-safe; `now_s` must not go back."""

    def __init__(self) -> None:
        self._left = InheritedState()
        self._anew: set[tuple[int, ...]] = set()  # what was struck, pressed or bent since
        self._played: set[int] = set()  # and on which channels
        self._end_s: deque[float] = deque()
        self._listeners: int | None = None
        self._was_heard = True

    @property
    def wait(self) -> bool:
        """Whether something was left of which nobody can have heard the end."""
        return not self._was_heard

    def inherit(self, left: InheritedState, now_s: float) -> None:
        """Take over what was left, from now on."""
        self._left = left
        self._was_heard = not left
        if not self._was_heard:
            self._end_s.extend(now_s + after_s for after_s in _END_AFTER_S)

    def see(self, event: Event) -> None:
        """Take note of what leaves: what sounds anew must not be ended."""
        word = at_rest(event) if self._left else None
        if word is not None and not lets_go(event):
            self._anew.add(subject(word))
            self._played.add(subject(word)[0] & 0x0F)

    def listen(self, listeners: int | None, now_s: float) -> None:
        """Take note of how many listen; None where that cannot be seen. The first one hears everything at once."""
        if listeners is None:
            return
        before, self._listeners = self._listeners, listeners
        if listeners <= (before or 0) or not self._left:
            return
        if not before and not self._was_heard:  # so nothing that was played since was heard by anybody
            self._anew.clear()
            self._played.clear()
        self._end_s.appendleft(now_s)

    def end(self, now_s: float) -> list[tuple[Event, Player]]:
        """What is to be sent now; call it often."""
        if not self._end_s or now_s < self._end_s[0]:
            return []
        while self._end_s and self._end_s[0] <= now_s:
            self._end_s.popleft()
        if self._listeners or (self._listeners is None and not self._end_s):
            self._was_heard = True
        words: list[tuple[Event, Player]] = [
            (word, by) for word, by in self._left.releases if subject(word) not in self._anew
        ]
        for channel in self._left.channels:
            if channel not in self._played:
                words += [(word, "model") for word in reset(channel)]
        return words
