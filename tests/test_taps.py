"""Taps of a key or a controller: the tempo, and where the bar begins."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bollylive.band import Set
from bollylive.note import Control, NoteOff, NoteOn, Sam, Start, Tempo
from bollylive.taps import Taps

TAP = Control(3, 80, 127)


def tapped(times_s: Sequence[float]) -> float | None:
    """The tempo after taps at these seconds."""
    taps = Taps(Set(tap_cc=80))
    words = [taps.read(TAP, at_s) for at_s in times_s]
    assert False not in words
    return words[-1].bpm if isinstance(words[-1], Tempo) else None


@pytest.mark.parametrize(
    ("times_s", "bpm"),
    [
        ([0.0], None),
        ([0.0, 0.5], None),
        ([0.0, 0.5, 1.0], 120),
        ([0.0, 0.52, 0.98, 1.5], 120),
        ([0.0, 1.0, 2.0, 2.9, 3.8, 4.7, 5.6], 60 / 0.9),  # the latest four gaps count
        ([0.0, 0.5, 0.52, 1.0], 120),  # a key that bounces
        ([0.0, 0.5, 9.0], None),  # another tapping
        ([0.0, 0.5, 9.0, 10.0, 11.0], 60),
        ([0.0, 0.5, 1.0, 2.0], None),  # another tempo
        ([0.0, 0.5, 1.0, 2.0, 3.0], 60),
    ],
)
def test_three_taps_and_more_say_a_tempo(times_s: list[float], bpm: float | None) -> None:
    assert tapped(times_s) == (None if bpm is None else pytest.approx(bpm))


def test_a_controller_taps_when_it_goes_down_and_is_no_music_when_it_comes_up() -> None:
    taps = Taps(Set(sam_cc=81))
    assert taps.read(Control(0, 81, 64), 0.0) == Sam()
    assert taps.read(Control(0, 81, 63), 0.1) is True
    assert taps.read(Control(0, 80, 127), 0.2) is False


def test_a_key_taps_on_its_channel_alone() -> None:
    taps = Taps(Set(tap_channel=9, sam_note=36, tap_note=37))
    assert taps.read(NoteOn(9, 36, 1), 0.0) == Sam()
    assert taps.read(NoteOff(9, 36), 0.1) is True
    assert taps.read(NoteOn(9, 37, 1), 0.2) is True
    assert taps.read(NoteOn(0, 36, 100), 0.3) is False
    assert taps.read(NoteOn(9, 38, 100), 0.3) is False


def test_without_a_setting_nothing_is_a_tap() -> None:
    taps = Taps(Set())
    for event in (TAP, NoteOn(0, 0, 1), NoteOff(0, 0), Control(0, 0, 127), Start()):
        assert taps.read(event, 0.0) is False
