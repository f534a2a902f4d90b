"""Whatever a cable may carry, on real ports: nothing crashes, nothing hangs, no note sticks."""

from __future__ import annotations

import pytest
from stage import Peer, jam

pytestmark = pytest.mark.ports

ON, OFF = (0x90, 64, 90), (0x80, 64, 0)


def flood() -> list[tuple[int, ...]]:
    """10,000 note-ons in a burst over all channels and pitches, and no off."""
    return [(0x90 | i % 16, i // 16 % 128, 1 + i % 127) for i in range(10_000)]


CASES: dict[str, list[tuple[int, ...]]] = {
    "truncated messages": [(0x90,), (0x90, 60), (0xF2, 1), (0xE0,), (0xC0,)],
    "data without a status": [(60, 100), (62, 100), (64, 0)],
    "active sensing and reset": [(0xFE,), (0xFF,)] * 20,
    "system exclusive": [(0xF0, 0x7E, 0x7F, 9, 1, 0xF7), (0xF0, *([1] * 4000), 0xF7)],
    "orphan offs": [(0x80 | channel, pitch, 0) for channel in range(16) for pitch in (0, 60, 127)],
    "the same note twice": [ON, ON, OFF, OFF, OFF],
    "all channels at once": [(0x90 | channel, 60 + channel, 80) for channel in range(16)],
    "notes before the clock starts": [(0xF8,)] * 30 + [ON, OFF, (0xFA,), (0xF8,)],
    "a clock that stops dead": [(0xFA,), *[(0xF8,)] * 100, ON],
    "a song position out of the blue": [(0xF2, 127, 127), (0xFB,), ON, (0xF2, 0, 0), (0xFC,)],
    "a flood of note-ons": flood(),
}


def test_nothing_that_a_cable_carries_ends_the_program_or_leaves_a_note(jack_server: dict[str, str]) -> None:
    with jam() as process:
        peer = Peer()
        for name, messages in CASES.items():
            for begin in range(0, len(messages), 500):  # a port's own buffer holds some thousand bytes
                peer.play(*messages[begin : begin + 500])
                peer.listen()
            assert process.poll() is None, name
        # After all that, notes still pass: the channel's reset ends what the flood has left on it.
        peer.play((0xFC,), *[(0xB0 | channel, 123, 0) for channel in range(16)])
        heard = len(peer.ons)

        def passes() -> bool:
            peer.play((0x90, 21, 33), (0x80, 21, 0))  # again and again: the first may be counted to the flood
            return any((on.pitch, on.velocity) == (21, 33) for on in peer.ons[heard:])

        assert peer.hears(passes, 20.0)
        peer.see_off(process, limit_s=10.0)
        assert process.returncode == 128 + 15
        assert not peer.faults
