"""The Ableton Link session of the local network, joined as a listener: its beat, its tempo, and how many are in it.

Nothing is ever set: no tempo, no phase, no start. A Link program that is alone founds a session, and programs that come
later take over its tempo; therefore BollyLive is never in Link alone. It listens until somebody else has been there for
a while, and then joins their session, which is the older one and therefore leads. When the last of them has left, it
leaves too.

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
MEET_S = 3.0  # a peer that was heard joins within a second, or cannot be reached
_AT_ONCE_S = 0.0002  # readings of two clocks that are further apart do not belong to one moment


def link_library() -> Any:
    """Return the library; raises LinkError if it is not installed."""
    try:
        import link
    except ImportError as error:
        raise LinkError(
            "Ableton Link needs a library that is not installed: pip install 'bollylive[link]', "
            "or play without --link and without the set's line link = true."
        ) from error
    return link


class LinkSession:
    """Membership of the session while there is one, until `close`; raises LinkError if the library is missing.

    `beats_per_bar` is Link's quantum: peers with the same quantum share their bar lines, others only the beat. The
    library needs a tempo to begin with, which is `bpm`; it has no effect. For one thread; nothing blocks.
    """

    def __init__(self, bpm: float, beats_per_bar: float, discovery: LinkDiscovery | None = None) -> None:
        self._link = link_library().Link(bpm)
        self._clock = self._link.clock()
        self._beats_per_bar = beats_per_bar
        self._discovery = discovery or LinkDiscovery()
        self._next_s = 0.0
        self._entered_s: float | None = None  # None: not in Link, but listening
        self._has_met = False
        self._link.startStopSyncEnabled = True

    def poll(self, now_s: float) -> LinkBeat | None:
        """Return where the session is now, by `time.perf_counter`; None if there is none, or if called again within
        `POLL_S`.

        It costs a few microseconds. It gives nothing if another process ran between reading the two clocks.
        """
        if now_s < self._next_s:
            return None
        if self._entered_s is None:
            self._next_s = now_s + POLL_S
            if self._discovery.hears(now_s):
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
        """Return what went wrong since the last call, as a sentence."""
        return self._discovery.take_problem()

    def close(self) -> None:
        """Leave the session, and stop listening."""
        self._leave()
        self._discovery.close()

    def _enter(self, now_s: float) -> None:
        self._discovery.close()
        self._link.enabled = True
        self._entered_s, self._has_met = now_s, False

    def _leave(self) -> None:
        self._link.enabled = False
        self._entered_s = None
