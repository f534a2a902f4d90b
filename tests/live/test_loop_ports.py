"""A loop between real ports: what leaves by BollyLive Out comes in by BollyLive In, as a DAW's `All Ins` makes it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from stage import Peer, eager_set, jam

pytestmark = pytest.mark.ports

UNTIL_PROVED, NOTES = 16, 12


def test_a_loop_is_told_and_then_neither_doubles_a_note_nor_leaves_one(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    with jam("--set", eager_set(tmp_path)) as process:
        subprocess.run(["jack_connect", "BollyLive Out:out", "BollyLive In:in"], check=True, capture_output=True)
        peer = Peer()
        for i in range(UNTIL_PROVED + NOTES):
            peer.play((0x90, 40 + i, 33))
            peer.hears(lambda: False, 0.15)
            peer.play((0x80, 40 + i, 0))
            peer.hears(lambda: False, 0.05)
        own = [on.pitch for on in peer.ons if (on.channel, on.velocity) == (0, 33)]
        assert own[-NOTES:] == [40 + UNTIL_PROVED + i for i in range(NOTES)]
        assert len(own) < 2 * UNTIL_PROVED + NOTES
        assert any(on.channel != 0 for on in peer.ons)
        peer.see_off(process)
        assert not peer.faults
        assert process.stdout is not None
        assert sum("come back" in line for line in process.stdout) == 1
