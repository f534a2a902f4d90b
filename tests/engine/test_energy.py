"""The band's density and loudness follow the musician's."""

from __future__ import annotations

import pytest
from fakes import WILD, FakePredictor, ons
from hypothesis import given
from hypothesis import strategies as st

from bollylive.engine.energy import LOUDEST, QUIETEST, USUAL_VELOCITY, Energy
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.model.codec import TICKS_PER_BEAT
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set

BARS_8 = 8 * 4 * TICKS_PER_BEAT


def played(every_ticks: int, velocity: int = USUAL_VELOCITY) -> Energy:
    """Eight bars of even playing."""
    energy = Energy()
    for tick in range(0, BARS_8, every_ticks):
        energy.add(tick, velocity)
    return energy


def test_before_a_note_nothing_is_asked_for() -> None:
    assert (Energy().density(100), Energy().gain(100)) == (0.0, 1.0)


@pytest.mark.parametrize(("every_ticks", "density"), [(6, 1.0), (12, 0.4), (16, 0.0), (32, -0.7), (96, -1.0)])
def test_who_plays_more_makes_the_band_denser(every_ticks: int, density: float) -> None:
    assert played(every_ticks).density(BARS_8 - every_ticks) == pytest.approx(density, abs=0.2)


def test_a_chord_is_one_onset() -> None:
    energy = Energy()
    for tick in range(0, BARS_8, 16):
        for _ in range(4):
            energy.add(tick, USUAL_VELOCITY)
    assert energy.density(BARS_8 - 16) == played(16).density(BARS_8 - 16)


@pytest.mark.parametrize(("velocity", "gain"), [(20, QUIETEST), (60, 0.75), (80, 1.0), (100, 1.25), (127, LOUDEST)])
def test_who_plays_louder_makes_the_band_louder(velocity: int, gain: float) -> None:
    assert played(16, velocity).gain(BARS_8 - 16) == pytest.approx(gain)


def test_the_first_note_alone_asks_for_no_other_density() -> None:
    energy = Energy()
    energy.add(0, USUAL_VELOCITY)
    assert energy.density(0) == pytest.approx(0.0, abs=0.5)


def test_silence_asks_for_nothing() -> None:
    energy = played(6, 127)
    near = [energy.density(BARS_8 + beats * TICKS_PER_BEAT) for beats in (0, 4, 8, 16)]
    assert near == sorted(near, reverse=True)
    assert near[-1] < 0.1
    assert energy.gain(BARS_8 + 40 * TICKS_PER_BEAT) == pytest.approx(1.0, abs=0.01)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 127)), max_size=60), st.integers(-200, 4000))
def test_it_stays_within_its_bounds_whatever_is_played(notes: list[tuple[int, int]], later: int) -> None:
    energy, tick = Energy(), 0
    for gap, velocity in notes:
        tick += gap
        energy.add(tick, velocity)
    assert -1.0 <= energy.density(tick + later) <= 1.0
    assert QUIETEST <= energy.gain(tick + later) <= LOUDEST


def heard(energy: float, velocity: int, gap_s: float) -> tuple[int, float]:
    """How many notes the band plays, and how loud they are, beside a musician who plays like this for 16 s."""
    band = Set(tempo_bpm=120.0, energy=energy, channels=(ChannelSet(0, role="player"), ChannelSet(1, role="accompany")))
    offline = OfflineBand(band, FakePredictor(WILD), seed=1)
    for i in range(int(16 / gap_s)):
        offline.play(NoteOn(0, 60, velocity), 1.0 + i * gap_s)
        offline.play(NoteOff(0, 60), 1.0 + (i + 0.5) * gap_s)
    velocities = [note.velocity for _, note in ons(offline.sent, 1)]
    return len(velocities), sum(velocities) / len(velocities)


def test_the_band_plays_louder_and_softer_with_the_musician() -> None:
    (_, soft), (_, usual), (_, loud) = (heard(1.0, velocity, 0.33) for velocity in (30, 80, 120))
    assert soft < 0.75 * usual
    assert loud > 1.05 * usual


def test_the_band_plays_more_and_less_with_the_musician() -> None:
    (sparse, _), (busy, _) = heard(1.0, 80, 2.0), heard(1.0, 80, 0.125)
    assert busy > 1.3 * sparse


def test_a_set_can_do_without() -> None:
    assert heard(0.0, 30, 0.33)[1] == pytest.approx(heard(0.0, 120, 0.33)[1], rel=0.2)
