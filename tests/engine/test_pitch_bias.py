"""What a channel's setting adds to the scores of pitches and onsets."""

from __future__ import annotations

from bollylive.engine.pitch_bias import PitchBias
from bollylive.model import codec
from bollylive.sets.settings import ChannelSet, Set


def bias_of(setting: ChannelSet, *, quantise: bool = False) -> PitchBias:
    return PitchBias(Set(channels=(setting,), quantise=quantise), setting.channel)


def test_quantised_a_voice_goes_from_sixteenths_to_sixteenths_and_from_triplets_to_triplets() -> None:
    bias = bias_of(ChannelSet(0), quantise=True)
    reached = {
        tick: {ahead for ahead in range(1, 25) if bias.of_onset(tick, 1)[ahead] > -1} for tick in (0, 6, 8, 12, 31)
    }
    assert reached[0] == {6, 8, 12, 16, 18, 24}
    assert reached[6] == {6, 12, 18, 24}
    assert reached[8] == {8, 16, 24}
    assert reached[12] == {6, 12, 18, 24}
    assert {31 % 24 + ahead for ahead in reached[31]} == {8, 12, 16, 18, 24, 30}
    for tick in range(24):
        assert {0, codec.WAIT} <= {ahead for ahead in range(codec.ONSETS) if bias.of_onset(tick, 1)[ahead] > -1}


def test_a_note_struck_again_and_again_bores_and_another_one_cures_it() -> None:
    bias = bias_of(ChannelSet(0))
    scores = [float(bias.of_pitch([60] * run)[60]) for run in (0, 1, 6, 7, 20)]
    assert scores[:3] == [0, 0, 0]
    assert scores[2] > scores[3] > scores[4]
    assert bias.of_pitch([62, *[60] * 20])[60] == 0


def test_what_lies_outside_the_range_is_not_allowed() -> None:
    bias = bias_of(ChannelSet(0, lowest=50, highest=60))
    assert [bias.allows(pitch) for pitch in (49, 50, 60, 61)] == [False, True, True, False]
    assert (bias.of_pitch([])[[49, 61]] < -1e8).all()
