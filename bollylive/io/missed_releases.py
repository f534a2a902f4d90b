"""What was let go of while a listener was away, whose cable was pulled, say: it sounds there until they hear that."""

from __future__ import annotations

from typing import Final

from bollylive.io.held_state import Ended, HeldState, in_order
from bollylive.midi.messages import Event

RECENT_S: Final = 0.5  # who is seen to be gone now may have gone so long ago


class MissedReleases:
    """Feed it with `see` whatever leaves. Not thread-safe; `now_s` must not go back."""

    def __init__(self) -> None:
        self._held = HeldState()
        self._ended = Ended()
        self._listeners: int | None = None
        self._away = False  # somebody has left and nobody has come since

    def see(self, event: Event, now_s: float) -> None:
        """Take note of what leaves."""
        self._ended.add(self._held.note(event), now_s)
        if not self._away:
            self._ended.forget(now_s - RECENT_S)

    def listen(self, listeners: int | None, now_s: float) -> list[Event]:
        """Take note of how many listen, None where that cannot be seen; gives what is to be sent to who is back."""
        if listeners is None:
            return []
        before, self._listeners = self._listeners, listeners
        if before is None or listeners == before:
            return []
        if listeners < before:
            if not self._away:
                self._ended.forget(now_s - RECENT_S)
            self._away = True
            return []
        ended = [word for about, word in self._ended.words.items() if about not in self._held.words]
        was_away, self._away = self._away, False
        self._ended.clear()
        return in_order(ended) if was_away else []
