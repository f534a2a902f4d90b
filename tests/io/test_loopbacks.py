"""What is a loop, and what is a device that has one name for both directions."""

from __future__ import annotations

import pytest

from bollylive.errors import PortError
from bollylive.io.loopbacks import makes_loop, refuse_loops


@pytest.mark.parametrize(
    ("api", "heard", "played"),
    [
        ("alsa", "Midi Through:Midi Through Port-0 14:0", "Midi Through:Midi Through Port-0 14:0"),
        (
            "jack",
            "a2j:Midi Through [14] (capture): Midi Through Port-0",
            "a2j:Midi Through [14] (playback): Midi Through Port-0",
        ),
        ("jack", "Midi-Bridge:Midi Through Port-0 (capture)", "Midi-Bridge:Midi Through Port-0 (playback)"),
        ("core", "IAC Driver Bus 1", "IAC Driver Bus 1"),
        ("core", "IAC-Treiber Bus 1", "IAC-Treiber Bus 1"),
        ("winmm", "loopMIDI Port 0", "loopMIDI Port 1"),
        ("winmm", "LoopBe Internal MIDI 2", "LoopBe Internal MIDI 0"),
        ("winmm", "Default App Loopback (A) 1", "Default App Loopback (B) 2"),
        ("winmm", "loopback (a)", "Loopback (B)"),
    ],
)
def test_what_comes_out_again_is_refused(api: str, heard: str, played: str) -> None:
    assert makes_loop(heard, played, api)
    with pytest.raises(PortError, match="would hear itself"):
        refuse_loops(["Keys", heard], ["Synth", played], api)


@pytest.mark.parametrize(
    ("api", "heard", "played"),
    [
        ("alsa", "Digital Piano:Digital Piano MIDI 1 20:0", "Digital Piano:Digital Piano MIDI 1 20:0"),
        ("alsa", "Midi Through:Midi Through Port-0 14:0", "Midi Through:Midi Through Port-1 14:1"),
        ("alsa", "Midi Through:Midi Through Port-0 14:0", "Digital Piano:Digital Piano MIDI 1 20:0"),
        ("core", "Digital Piano", "Digital Piano"),
        ("core", "IAC Driver Bus 1", "IAC Driver Bus 2"),
        ("winmm", "Digital Piano 1", "Digital Piano 0"),
        ("winmm", "loopMIDI Port 1", "loopMIDI Port B 1"),
        ("winmm", "Default App Loopback (B) 1", "Default App Loopback (B) 2"),
        ("winmm", "Loopback (B)", "loopback (b)"),  # as they are named in part
        ("", "Loopback (A)", "Loopback (A)"),
        ("jack", "virtual", "virtual"),
    ],
)
def test_a_device_with_one_name_and_two_cables_are_no_loop(api: str, heard: str, played: str) -> None:
    assert not makes_loop(heard, played, api)
    refuse_loops([heard], [played], api)


def test_the_two_ends_of_the_pair_are_refused_with_the_ports_to_take_instead() -> None:
    with pytest.raises(PortError) as error:
        refuse_loops(["Default App Loopback (A) 1"], ["Default App Loopback (B) 2"], "winmm")
    assert str(error.value) == (
        "What is sent to 'Default App Loopback (B) 2' comes back from 'Default App Loopback (A) 1', so BollyLive would "
        "hear itself; take end (B) for both --in and --out, and end (A) for both directions of your DAW."
    )
