"""The band under a third-party clock, which stops, goes on and jumps to bar 17: a short form of `sync.py`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from jack_server import private_jack
from sync import PERIOD_FRAMES, Song, off, sync

from bollylive.midi.messages import Continue, Position

pytestmark = [pytest.mark.ports, pytest.mark.slow]

PROGRAMS = ("jack_midiseq", "jack_midi_clock", "jack_midi_dump")
SHORT: Song = (((8.0, 100, 100),), ((5.0, 100, 100),), ((8.0, 100, 100),))
BEYOND_THE_PORTS_MS = 2.0
ATTEMPTS = 3
LEAST_ONSETS = 60


def test_the_band_is_as_near_to_the_ticks_as_the_ports_allow(tmp_path: Path) -> None:
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not installed: {', '.join(missing)}")
    with private_jack(PERIOD_FRAMES):
        for _ in range(ATTEMPTS):  # a server that misses many cycles leaves little to look at
            seen = sync(SHORT, tmp_path)
            lags = seen.lags_ms()
            if len(lags) >= LEAST_ONSETS:
                break
    kinds = [type(word) for word in seen.words()]
    assert kinds.count(Continue) >= 2
    assert Position in kinds
    assert seen.most_at_once(0.1) <= 12  # four who accompany, with up to four notes each
    assert off(lags, 0.75) < off(seen.echo_lags_ms(), 0.95) + BEYOND_THE_PORTS_MS
