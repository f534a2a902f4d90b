"""The Ableton Link session of the local network, joined as a listener: where its beat is, how fast, and who is in it.

Nothing is ever set: no tempo, no phase, no start. Like every Link program that is alone, this one founds a session, and
who comes later takes over the tempo that is there; so the `bpm` of a `LinkSession` should be the band's.

The library, LinkPython-extern, is optional (`bollylive[link]`), since the Link in it is under the GNU General Public
License, version 2 or later. It is imported only when it is asked for. Its two threads are C++ and never wait for the
interpreter. Contracts: github.com/Ableton/link, include/ableton/Link.hpp.
"""

from __future__ import annotations

import time
from typing import Any

from bollylive.errors import LinkError
from bollylive.note import LinkBeat

POLL_S = 0.05
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
    """Membership of the session, until `close`; raises LinkError where the library is missing.

    `beats_per_bar` is Link's quantum: those who count in the same one share their bar lines, others the beat.
    For one thread; nothing blocks.
    """

    def __init__(self, bpm: float, beats_per_bar: int) -> None:
        self._link = link_library().Link(bpm)
        self._clock = self._link.clock()
        self._beats_per_bar = beats_per_bar
        self._next_s = 0.0
        self._link.startStopSyncEnabled = True
        self._link.enabled = True

    def poll(self, now_s: float) -> LinkBeat | None:
        """Where the session is now, by `time.perf_counter`; None if that was told less than `POLL_S` ago.

        It costs a few microseconds. A moment at which the processor was given to somebody else is passed over.
        """
        if now_s < self._next_s:
            return None
        before_s = time.perf_counter()
        now_us = self._clock.micros()
        at_s = time.perf_counter()
        if at_s - before_s > _AT_ONCE_S:
            return None
        self._next_s = now_s + POLL_S
        state = self._link.captureAppSessionState()
        beat = state.beatAtTime(now_us, self._beats_per_bar)
        return LinkBeat(beat, state.tempo(), at_s, self._link.numPeers(), state.isPlaying(), self._beats_per_bar)

    def close(self) -> None:
        """Leave the session."""
        self._link.enabled = False
