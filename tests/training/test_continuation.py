"""Held-out music continued through the engine: who plays, what was known before, and in which time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import WILD, FakePredictor
from numpy.typing import NDArray

from bollylive.model import codec
from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from bollylive.sets.settings import ChannelSet, Set
from training.data.corpus import DURATION, ONSET, PITCH, VOICE
from training.listening.continuation import accompany, back, continue_all, from_notes, to_notes
from training.listening.excerpt import Excerpt
from training.listening.rendition import play, ways_of

BAR = 3 * TICKS_PER_BEAT
BAND = Set(channels=(ChannelSet(1, "Bass", "accompany", 32, 28, 52, 1), ChannelSet(9, "Tabla", "accompany")))


def voice(channel: int, pitch: int, first_bar: int = -2, last_bar: int = 8) -> NDArray[np.int32]:
    """A note on each beat."""
    onsets = np.arange(first_bar * BAR, last_bar * BAR, TICKS_PER_BEAT)
    return np.array([(onset, 20, pitch, 80, channel) for onset in onsets], dtype=np.int32)


def excerpt(*channels: int) -> Excerpt:
    """Voices of one pitch each, two bars before and eight after."""
    notes = np.concatenate([voice(channel, 60 + channel) for channel in channels])
    notes = notes[np.lexsort((notes[:, VOICE], notes[:, ONSET]))]
    instruments = {channel: PERCUSSION if channel == 9 else 73 + channel for channel in channels}
    ranges = {channel: (60 + channel, 64 + channel) for channel in channels}
    return Excerpt("tiny", "a.mid", notes, instruments, ranges, channels[0], BAR, 8)


def test_every_voice_goes_on_from_the_handover_rules_to_the_end_in_its_range() -> None:
    played = continue_all(excerpt(0, 2, 9), BAND, FakePredictor(), 1)
    assert set(played[:, VOICE]) == {0, 2, 9}
    for channel in (0, 2, 9):
        own = played[played[:, VOICE] == channel]
        assert own[:, ONSET].min() < BAR
        assert own[:, ONSET].max() >= 7 * BAR
        assert (own[:, ONSET] + own[:, DURATION]).max() <= 8 * BAR
        assert own[:, PITCH].min() >= 60 + channel
        assert own[:, PITCH].max() <= 64 + channel


def test_the_model_hears_the_primer_the_metre_and_the_instruments() -> None:
    model = FakePredictor()
    continue_all(excerpt(0, 2), BAND, model, 1)
    assert set(model.rows[:, codec.CYCLE]) == {BAR}
    assert set(model.rows[:, codec.INSTRUMENT]) == {73, 75}
    primed = model.heard[(model.heard[:, codec.INSTRUMENT] == 75) & (model.heard[:, codec.PITCH] == 62)]
    assert len(primed) >= 2 * 3


def test_the_melody_is_the_musicians_and_the_others_are_the_models() -> None:
    song = excerpt(0, 2, 9)
    melody = song.real[song.real[:, VOICE] == 0]
    for warm in (True, False):
        model = FakePredictor()
        played = accompany(song, melody, BAND, model, 1, warm)
        assert set(played[:, VOICE]) == {2, 9}
        assert played[:, ONSET].min() < BAR
        primed = (model.heard[:, codec.PITCH] == 62) & (model.heard[:, codec.ONSET] == TICKS_PER_BEAT)
        assert (primed[:8].sum() > 0) == warm


def test_the_sets_band_plays_to_a_melody_that_came_alone() -> None:
    song = replace(excerpt(0), melody=0)
    played = back(song, BAND, FakePredictor(), 1)
    assert set(played[:, VOICE]) == {1, 9}
    assert played[played[:, VOICE] == 1][:, PITCH].max() <= 52


def test_a_band_without_a_musician_stays_silent() -> None:
    song = excerpt(0, 2)
    assert len(accompany(song, song.real[:0], BAND, FakePredictor(), 1, warm=False)) == 0


def test_the_same_seed_plays_the_same_and_another_one_something_else() -> None:
    one, again, other = (continue_all(excerpt(0, 2), BAND, FakePredictor(WILD), seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_rows_become_notes_and_rows_again() -> None:
    rows = excerpt(0, 2, 9).real
    assert np.array_equal(from_notes(to_notes(rows)), rows)
    assert from_notes([]).shape == (0, 5)


@pytest.mark.parametrize(
    ("channels", "melody", "ways"),
    [
        ((0, 2, 9), 0, ["continue", "warm", "cold", "moved"]),
        ((0, 2), None, ["continue"]),
        ((0,), 0, ["continue", "backing"]),
        ((9,), None, ["continue"]),
        ((0, 9), 0, ["continue", "warm", "cold"]),
    ],
)
def test_an_excerpt_is_played_in_all_ways_that_it_allows(
    channels: tuple[int, ...], melody: int | None, ways: list[str]
) -> None:
    assert ways_of(replace(excerpt(*channels), melody=melody)) == ways


def test_the_melody_of_moved_is_another_from_the_middle_on_and_so_is_the_bands_answer() -> None:
    song = excerpt(0, 2)
    still, moved = (play(way, song, BAND, FakePredictor(WILD), 3) for way in ("cold", "moved"))
    assert moved.change == 4
    steps = np.unique(moved.melody[:, PITCH] - still.melody[:, PITCH])
    assert steps[0] == 0
    assert len(steps) == 2
    assert 1 <= steps[1] <= 6
    later = moved.melody[:, ONSET] >= 4 * BAR
    assert (moved.melody[later, PITCH] - still.melody[later, PITCH] == steps[1]).all()
    before, after = (part.played[part.played[:, ONSET] < 3 * BAR] for part in (still, moved))
    assert np.array_equal(before, after)


def test_the_channels_of_a_rendition_are_the_models_and_what_is_real_is_on_them() -> None:
    song = excerpt(0, 2, 9)
    rendition = play("warm", song, BAND, FakePredictor(), 1)
    assert rendition.channels == [2, 9]
    assert set(rendition.real[:, VOICE]) == {2, 9}
    assert set(rendition.melody[:, VOICE]) == {0}
