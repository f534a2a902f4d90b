"""What the harmony adds to the scores of a voice's pitches."""

from __future__ import annotations

import numpy as np
import pytest
from answering import BARS, part_of
from chords import FakeConductor
from test_conductor import Stage

from bollylive.engine.conductor import Conductor
from bollylive.engine.harmony_scores import HarmonyScores
from bollylive.engine.model_query import query_note
from bollylive.model.chord_words import word_of
from bollylive.model.predictor import Floats
from bollylive.sets.settings import ChannelSet

F = word_of(5, 0)
STRONG, WEAK = 6 * 24, 7 * 24  # both in a half bar whose chord is F, with a lead that plays C
CLASSES = dict(zip(["C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"], range(12), strict=True))


@pytest.fixture
def conductor() -> Conductor:
    stage = Stage(FakeConductor(certain=F))
    stage.play(*[60] * 8)
    return stage.offline.engine.conductor


def scores(conductor: Conductor, setting: ChannelSet, tick: int = WEAK, strength: float = 1.0) -> dict[str, float]:
    """The scores of the pitch classes for a channel's note."""
    part = part_of(setting)
    part.enter(tick)
    part.prepare(tick)
    found: Floats = HarmonyScores(conductor).of([query_note(part, BARS)], strength)[0]
    assert np.array_equal(found[:120].reshape(10, 12), np.tile(found[:12], (10, 1)))  # every octave alike
    return {name: float(found[number]) for name, number in CLASSES.items()}


BASS, PAD = ChannelSet(2, role="accompany", program=33), ChannelSet(3, role="accompany", program=48)


def test_the_bass_gets_the_root_most_of_all_where_it_is_strong(conductor: Conductor) -> None:
    strong, weak = scores(conductor, BASS, STRONG), scores(conductor, BASS, WEAK)
    assert strong["F"] - strong["C"] == pytest.approx(5.0)
    assert weak["F"] - weak["C"] == pytest.approx(0.4)
    assert max(strong, key=strong.__getitem__) == "F"
    assert weak["A"] > weak["G"]


def test_a_pad_gets_the_tones_of_the_chord_alike(conductor: Conductor) -> None:
    pad = scores(conductor, PAD)
    assert pad["F"] == pad["A"] == pad["C"] == pytest.approx(1.5)
    assert pad["G"] == pytest.approx(-0.7)


def test_what_rubs_against_the_expected_lead_costs(conductor: Conductor) -> None:
    pad = scores(conductor, PAD)
    assert pad["G"] - pad["B"] == pytest.approx(pad["G"] - pad["Db"])
    assert pad["G"] - pad["B"] > 1.0


def test_a_voice_that_takes_turns_with_the_musician_is_only_drawn_to_the_chord(conductor: Conductor) -> None:
    own = scores(conductor, ChannelSet(0, role="continue"))
    assert own["F"] == pytest.approx(0.4)
    assert own["G"] == 0


def test_percussion_hears_no_harmony_and_strength_scales_it(conductor: Conductor) -> None:
    assert set(scores(conductor, ChannelSet(9, role="accompany")).values()) == {0.0}
    assert set(scores(conductor, PAD, strength=0.0).values()) == {0.0}
    twice = scores(conductor, PAD, strength=2.0)
    assert twice["F"] == pytest.approx(3.0)
