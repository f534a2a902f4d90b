"""A channel's mean velocity stays where the set wants it."""

from __future__ import annotations

import random
from statistics import fmean, stdev

import pytest
from fakes import WILD, FakePredictor, ons

from bollylive.engine.level import Level
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.model.predictor import Ints, Question
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set


@pytest.mark.parametrize("mean", [30, 64, 100])
def test_the_mean_is_the_wanted_one_and_the_spread_stays(mean: int) -> None:
    rng, level = random.Random(1), Level()
    chosen = [mean + rng.randint(-12, 12) for _ in range(200)]
    heard = [level.level(velocity, 80) for velocity in chosen]
    assert fmean(heard) == pytest.approx(80, abs=1.5)
    assert stdev(heard) == pytest.approx(stdev(chosen), rel=0.1)


def test_the_first_note_has_the_mean() -> None:
    assert Level().level(127, 80) == 80


def test_an_accent_is_louder_by_as_much_as_the_model_wanted() -> None:
    level = Level()
    for _ in range(50):
        level.level(60, 80)
    assert level.level(84, 80) - 80 == pytest.approx(24, abs=1)


def test_a_slow_rise_of_the_models_own_level_is_taken_back() -> None:
    level = Level()
    heard = [level.level(40 + i // 10, 80) for i in range(600)]
    assert fmean(heard[-100:]) == pytest.approx(80, abs=6)  # it follows some 48 notes behind


def test_without_a_wanted_mean_nothing_changes() -> None:
    level = Level()
    assert [level.level(velocity, None) for velocity in (1, 64, 127)] == [1, 64, 127]
    assert level.level(64, 90) == pytest.approx(90)  # it knows the mean all the same


class LoudOrSoft(FakePredictor):
    """Plays as loudly as its first number says, and a little louder or softer from note to note."""

    def __init__(self, word: int) -> None:
        super().__init__(WILD)
        self.word = word

    def _choose(self, question: Question, i: int) -> Ints:
        chosen = super()._choose(question, i)
        chosen[2] = self.word + chosen[2] % 3 - 1
        return chosen


def test_a_channel_is_as_loud_in_every_take() -> None:
    means = []
    for seed, word in enumerate((2, 5, 8, 11, 14)):
        channels = (ChannelSet(0, role="player"), ChannelSet(1, role="accompany", velocity=70, polyphony=1))
        offline = OfflineBand(Set(energy=0.0, channels=channels), LoudOrSoft(word), seed)
        offline.play(NoteOn(0, 60, 90), 0.0)
        offline.play(NoteOff(0, 60), 1.0)
        offline.advance(15.0)
        means.append(fmean(on.velocity for _, on in ons(offline.sent, 1)))
    assert max(abs(mean - 70) for mean in means) < 3
