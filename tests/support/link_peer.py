"""A program for tests: somebody else in the Ableton Link session, in a process of their own.

`python tests/support/link_peer.py BPM` joins or founds a session. It obeys lines, `tempo 120`, `play`, `stop`, `beat`,
`leave`, and answers each with one: what it now sees, as JSON.
"""

from __future__ import annotations

import json
import sys
import time

import link

BEATS_PER_BAR = 4

if __name__ == "__main__":
    peer = link.Link(float(sys.argv[1]))
    peer.startStopSyncEnabled = True
    peer.enabled = True
    for line in sys.stdin:
        word, *values = line.split()
        state, now_us = peer.captureAppSessionState(), peer.clock().micros()
        if word == "tempo":
            state.setTempo(float(values[0]), now_us)
        if word in ("play", "stop"):
            state.setIsPlaying(word == "play", now_us)
        if word in ("tempo", "play", "stop"):
            peer.commitAppSessionState(state)
        if word == "leave":
            peer.enabled = False
        at_s, now_us = time.perf_counter(), peer.clock().micros()
        state = peer.captureAppSessionState()
        seen = {"tempo": state.tempo(), "beat": state.beatAtTime(now_us, BEATS_PER_BAR), "at_s": at_s}
        sys.stdout.write(json.dumps(seen) + "\n")
        sys.stdout.flush()
