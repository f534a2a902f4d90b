"""The model's notes as an instrument wants them, and the musician's as the model knows them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.midi.messages import Control, Note, NoteOff, NoteOn
from bollylive.sets.note_map import NoteMap
from bollylive.sets.settings import ChannelSet, Set

NOTE = Note(3, 60, 64, 8.0, 1.0)


def touch(**settings: Any) -> NoteMap:
    return NoteMap(Set(channels=(ChannelSet(3, **settings),)))


@given(st.integers(0, 15), st.integers(0, 127), st.integers(1, 127), st.none() | st.floats(0.01, 99))
def test_nothing_changes_unless_it_is_set(channel: int, pitch: int, velocity: int, duration: float | None) -> None:
    note = Note(channel, pitch, velocity, 8.0, duration)
    assert touch().play(note, 0.5) == note


@pytest.mark.parametrize(("curve", "velocity"), [(0.25, 107), (1.0, 64), (4.0, 9)])
def test_a_velocity_curve_lifts_or_lowers_what_is_soft(curve: float, velocity: int) -> None:
    assert touch(velocity_curve=curve).play(NOTE, 0.5).velocity == velocity


@given(st.floats(0.25, 4), st.integers(1, 127), st.integers(1, 127))
def test_velocities_keep_between_softest_and_loudest_and_in_their_order(curve: float, one: int, other: int) -> None:
    low, high = sorted((one, other))
    played = touch(velocity_curve=curve, softest=low, loudest=high)
    velocities = [played.play(Note(3, 60, velocity, 0.0, 1.0), 0.5).velocity for velocity in range(1, 128)]
    assert velocities == sorted(velocities)
    assert (velocities[0], velocities[-1]) == (low, high)


@pytest.mark.parametrize(("duration", "played"), [(1.0, 1.0), (2.0, 1.5), (None, 1.5)])
def test_a_note_is_not_held_longer_than_its_bound(duration: float | None, played: float) -> None:
    assert touch(longest_beats=1.5).play(Note(3, 60, 64, 0.0, duration), 0.5).duration_beats == played


def test_a_delay_is_in_seconds_whatever_the_tempo() -> None:
    late, early = touch(delay_ms=100), touch(delay_ms=-100)
    assert late.play(NOTE, 0.5).onset_beats == pytest.approx(8.2)
    assert early.play(NOTE, 0.2).onset_beats == pytest.approx(7.5)
    assert early.play(Note(4, 60, 64, 8.0, 1.0), 0.2).onset_beats == 8.0


def test_keys_are_mapped_out_and_back_again() -> None:
    played = touch(percussion=((36, 48), (40, 49), (38, 49)))
    assert [played.play(Note(3, key, 64, 0.0, 1.0), 0.5).pitch for key in (36, 40, 38, 60)] == [48, 49, 49, 60]
    assert played.hear(NoteOn(3, 48, 9)) == NoteOn(3, 36, 9)
    assert played.hear(NoteOff(3, 49)) == NoteOff(3, 40)
    assert played.hear(NoteOn(3, 60, 9)) == NoteOn(3, 60, 9)
    assert played.hear(NoteOn(4, 48, 9)) == NoteOn(4, 48, 9)
    assert played.hear(Control(3, 48, 9)) == Control(3, 48, 9)
