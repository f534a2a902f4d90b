"""The Ableton Link session of the local network, joined as a listener: where its beat is, how fast, and who is in it.

Nothing is ever set: no tempo, no phase, no start. A Link program that is alone founds a session, and who comes later
takes over its tempo; so this one is never in Link alone. A scout listens until somebody else is there for a while, and
then their session is joined, which is the older one and therefore leads. When the last of them has left, so does this
one.

The library, LinkPython-extern, is optional (`bollylive[link]`), since the Link in it is under the GNU General Public
License, version 2 or later. It is imported only when it is asked for. Its two threads are C++ and never wait for the
interpreter. Contracts: github.com/Ableton/link, include/ableton/Link.hpp.
"""

from __future__ import annotations

import time
from typing import Any

from bollylive.clock.anchor import LinkBeat
from bollylive.clock.link_discovery import LinkDiscovery
from bollylive.errors import LinkError

POLL_S = 0.05
MEET_S = 3.0  # whoever was heard is met within a second, or cannot be reached
_AT_ONCE_S = 0.0002  # two clocks that are read further apart than this do not tell the same moment


def link_library() -> Any:
    """Return the library; raises LinkError where it is not installed."""
    try:
        import link
    except ImportError as error:
        raise LinkError(
            "Ableton Link needs a library that is not installed: pip install 'bollylive[link]', "
            "or play without --link and without the set's line link = true."
        ) from error
    return link


class LinkSession:
    """Membership of the session while there is one, until `close`; raises LinkError where the library is missing.

    `beats_per_bar` is Link's quantum: those who count in the same one share their bar lines, others the beat. `bpm` is
    a tempo for the library to begin with, that nobody hears. For one thread; nothing blocks.
    """

    def __init__(self, bpm: float, beats_per_bar: int, scout: LinkDiscovery | None = None) -> None:
        self._link = link_library().Link(bpm)
        self._clock = self._link.clock()
        self._beats_per_bar = beats_per_bar
        self._scout = scout or LinkDiscovery()
        self._next_s = 0.0
        self._entered_s: float | None = None  # None: not in Link, but listening
        self._has_met = False
        self._link.startStopSyncEnabled = True

    def poll(self, now_s: float) -> LinkBeat | None:
        """Where the session is now, by `time.perf_counter`; None without one, or if told less than `POLL_S` ago.

        It costs a few microseconds. A moment at which the processor was given to somebody else is passed over.
        """
        if now_s < self._next_s:
            return None
        if self._entered_s is None:
            self._next_s = now_s + POLL_S
            if self._scout.hears(now_s):
                self._enter(now_s)
            return None
        before_s = time.perf_counter()
        now_us = self._clock.micros()
        at_s = time.perf_counter()
        if at_s - before_s > _AT_ONCE_S:
            return None
        self._next_s = now_s + POLL_S
        state = self._link.captureAppSessionState()
        beat, peers = state.beatAtTime(now_us, self._beats_per_bar), self._link.numPeers()
        self._has_met |= peers > 0
        # Alone, even for a moment, a newcomer would take over our tempo.
        if not peers and (self._has_met or now_s - self._entered_s > MEET_S):
            self._leave()
        return LinkBeat(beat, state.tempo(), at_s, peers, state.isPlaying(), self._beats_per_bar)

    def take_problem(self) -> str | None:
        """What went wrong since the last call, as a sentence."""
        return self._scout.take_problem()

    def close(self) -> None:
        """Leave the session, and listen no more."""
        self._leave()
        self._scout.close()

    def _enter(self, now_s: float) -> None:
        self._scout.close()
        self._link.enabled = True
        self._entered_s, self._has_met = now_s, False

    def _leave(self) -> None:
        self._link.enabled = False
        self._entered_s = None
