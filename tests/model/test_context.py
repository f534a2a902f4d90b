"""What a voice hears of the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.model.context import (
    BAND_HARMONY,
    BASS,
    CONTEXT_SIZE,
    HIGHEST,
    KICK,
    LEAD_HARMONY,
    LOUDNESS,
    ONSET_NOW,
    OTHER_PERCUSSION,
    SINCE_ONSET,
    SNARE,
    SOUNDING,
    VOICES,
    WINDOW_TICKS,
    Floats,
    NoteArrays,
    hear,
)

# A note: onset, duration, pitch, velocity, channel, whether the model plays it.
Row = tuple[int, int, int, int, int, bool]
rows = st.tuples(
    st.integers(-900, 900),
    st.integers(1, 400),
    st.integers(0, 127),
    st.integers(1, 127),
    st.integers(0, 15),
    st.booleans(),
)


def band_of(*notes: Row) -> NoteArrays:
    """Channel 10 is percussion, the musician's rank is -1 and the model's its channel, as on stage."""
    ordered = np.array(sorted(notes), dtype=np.int64).reshape(-1, 6)
    onset, duration, pitch, velocity, channel, by_model = ordered.T
    rank = np.where(by_model == 1, channel, -1)
    return NoteArrays(onset, onset + duration, pitch, velocity, channel, rank, channel == 9, 0 * onset)


def heard(band: NoteArrays, channel: int, tick: int, lag: int = 0) -> Floats:
    late = replace(band, late=np.full(len(band.onset), lag))
    context: Floats = hear(late, channel, np.array([tick]))[0]
    return context


def note(onset: int, channel: int = 1, pitch: int = 60, by_model: bool = True, duration: int = 24) -> NoteArrays:
    return band_of((onset, duration, pitch, 100, channel, by_model))


def test_nobody_there_is_nothing_heard() -> None:
    assert not heard(band_of(), 0, 100).any()


def test_a_sounding_note_is_heard_with_its_pitch_class_bass_and_height() -> None:
    context = heard(note(90, pitch=62), 0, 100)
    assert context[SOUNDING].nonzero()[0].tolist() == [2]
    assert context[BASS].nonzero()[0].tolist() == [2]
    assert context[HIGHEST] == pytest.approx(62 / 127)
    assert context[VOICES] == pytest.approx(1 / 16)
    assert context[LOUDNESS] == pytest.approx(100 / 127)


def test_a_note_that_has_ended_is_remembered_but_does_not_sound() -> None:
    context = heard(note(0), 0, 48)
    assert not context[:24].any()
    assert context[24:36].argmax() == 0
    assert context[36:48].argmax() == 0


def test_the_bass_is_the_lowest_of_what_sounds() -> None:
    band = band_of((0, 96, 64, 90, 1, True), (1, 96, 43, 90, 2, True), (2, 96, 71, 90, 3, True))
    assert heard(band, 0, 10)[BASS].nonzero()[0].tolist() == [7]


@pytest.mark.parametrize("by_model", [True, False])
def test_a_voice_never_hears_itself(by_model: bool) -> None:
    assert not heard(note(90, channel=3, by_model=by_model), 3, 100).any()


def test_nothing_is_heard_before_it_begins() -> None:
    assert not heard(note(101, by_model=False), 0, 100).any()


@pytest.mark.parametrize(("asker", "hears"), [(0, False), (2, True)])
def test_at_one_tick_a_voice_hears_those_who_decide_before_it(asker: int, hears: bool) -> None:
    assert heard(note(100, channel=1), asker, 100).any() == hears
    assert heard(note(99, channel=1), asker, 100).any()


def test_the_musician_is_heard_at_once_by_all() -> None:
    for channel in range(15):
        assert heard(note(100, channel=15, by_model=False), channel, 100)[ONSET_NOW] == 1


@pytest.mark.parametrize(("age", "hears"), [(0, False), (11, False), (12, False), (13, True)])
def test_a_lag_keeps_the_newest_onsets_back(age: int, hears: bool) -> None:
    assert heard(note(100 - age, by_model=False), 0, 100, lag=12).any() == hears


@pytest.mark.parametrize(("age", "hears"), [(WINDOW_TICKS - 1, True), (WINDOW_TICKS, False)])
def test_the_window_ends(age: int, hears: bool) -> None:
    assert heard(note(0, duration=9999), 0, age).any() == hears


@pytest.mark.parametrize(
    ("pitch", "column"), [(35, KICK), (36, KICK), (37, SNARE), (40, SNARE), (41, OTHER_PERCUSSION)]
)
def test_drums_are_heard_as_what_they_are_and_not_as_pitches(pitch: int, column: int) -> None:
    context = heard(note(100, channel=9, pitch=pitch, by_model=False), 0, 100)
    assert context[column] == 1
    assert not context[BAND_HARMONY].any()
    assert context[[KICK, SNARE, OTHER_PERCUSSION]].sum() == 1
    assert context[VOICES] == 0


def test_an_onset_fades_over_the_beats() -> None:
    fading = [heard(note(0), 0, tick)[SINCE_ONSET] for tick in (1, 24, 48, 96)]
    assert fading[1] == pytest.approx(0.5)
    assert fading == sorted(fading, reverse=True)


@given(st.lists(rows, max_size=30), st.integers(0, 15), st.integers(-1000, 1000), st.integers(0, 24))
def test_all_values_lie_between_0_and_1(notes: list[Row], channel: int, tick: int, lag: int) -> None:
    context = heard(band_of(*notes), channel, tick, lag)
    assert context.shape == (CONTEXT_SIZE,)
    assert context.dtype == np.float32
    assert context.min() >= 0
    assert context.max() <= 1.00001


@given(st.lists(rows, max_size=30), st.lists(st.tuples(st.integers(0, 15), st.integers(-900, 900)), min_size=1))
def test_it_is_a_pure_function_of_each_question(notes: list[Row], asked: list[tuple[int, int]]) -> None:
    band = band_of(*notes)
    channels, ticks = np.array(asked).T
    together = hear(band, channels, ticks)
    assert np.array_equal(together, hear(band, channels, ticks))
    alone = np.stack([heard(band_of(*notes), int(c), int(t)) for c, t in asked])
    assert np.allclose(together, alone, atol=1e-6)


@given(st.lists(rows, max_size=30), st.integers(0, 15), st.lists(st.integers(-900, 900), min_size=1))
def test_only_the_notes_between_can_matter(notes: list[Row], channel: int, ticks: list[int]) -> None:
    band, asked = band_of(*notes), np.array(ticks)
    part = band.between(min(ticks), max(ticks))
    assert np.allclose(hear(band, channel, asked), hear(part, channel, asked), atol=1e-6)


@given(st.lists(rows, max_size=20), rows, st.integers(0, 15), st.integers(-900, 900))
def test_the_future_changes_nothing(notes: list[Row], later: Row, channel: int, tick: int) -> None:
    future = (tick + 1 + abs(later[0]), *later[1:])
    before, after = band_of(*notes), band_of(*notes, future)
    assert np.allclose(heard(before, channel, tick), heard(after, channel, tick), atol=1e-6)


def test_the_musician_is_heard_a_second_time_alone() -> None:
    band = band_of((76, 24, 64, 90, 2, False), (76, 24, 60, 90, 3, True), (52, 24, 69, 90, 2, False))
    context = heard(band, 0, 80)
    sounding, harmony, key = context[LEAD_HARMONY].reshape(3, 12)
    assert np.flatnonzero(context[SOUNDING]).tolist() == [0, 4]
    assert np.flatnonzero(sounding).tolist() == [4]
    assert np.flatnonzero(harmony).tolist() == np.flatnonzero(key).tolist() == [4, 9]
    assert key.sum() == pytest.approx(1)
    assert not heard(note(100), 0, 110)[LEAD_HARMONY].any()
