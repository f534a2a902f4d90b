"""What was released while a listener was away, say unplugged: there it sounds until the release is sent again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bollylive.io.held_state import HeldState, RecentReleases, in_order
from bollylive.midi.messages import Event

RECENT_S: Final = 0.5  # a listener may have been gone this long before that is seen


class MissedReleases:
    """`add` all releases that are sent; `at_outputs` is what is held. Not thread-safe; `now_s` never goes back."""

    def __init__(self, at_outputs: HeldState) -> None:
        self._at_outputs = at_outputs
        self._recent = RecentReleases()
        self._listeners: int | None = None
        self._away = False  # a listener has left and none has come since

    def add(self, releases: Iterable[Event], now_s: float) -> None:
        """Note what was released."""
        self._recent.add(releases, now_s)
        if not self._away:
            self._recent.forget(now_s - RECENT_S)

    def listen(self, listeners: int | None, now_s: float) -> list[Event]:
        """Note how many programs listen, None if that cannot be seen; return what to send to one that is back."""
        if listeners is None:
            return []
        before, self._listeners = self._listeners, listeners
        if before is None or listeners == before:
            return []
        if listeners < before:
            if not self._away:
                self._recent.forget(now_s - RECENT_S)
            self._away = True
            return []
        held = self._at_outputs.releases
        ended = [release for about, release in self._recent.by_subject.items() if about not in held]
        was_away, self._away = self._away, False
        self._recent.clear()
        return in_order(ended) if was_away else []
