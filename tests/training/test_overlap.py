"""Distributions of features, and the area in which two of them overlap."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.listening.overlap import FEATURES, add, count, overlap, sounding_at_onsets, tops

BAR = 96


def notes(*rows: tuple[int, int, int, int]) -> NDArray[np.int32]:
    """(onset, duration, pitch, channel), all equally loud."""
    return np.array([(o, d, p, 80, c) for o, d, p, c in rows], dtype=np.int32).reshape(-1, 5)


SCALE = notes(*((24 * i, 24, pitch, 0) for i, pitch in enumerate((60, 62, 64, 65, 67, 69, 71, 72))))


def test_a_piece_overlaps_wholly_with_itself_and_not_at_all_with_its_opposite() -> None:
    one = count(SCALE, [0], 0, BAR, 0, 2)
    opposite = notes(*((12 + 24 * i, 6, pitch, 0) for i, pitch in enumerate((61, 66, 61, 66, 61, 66, 61, 66))))
    opposite[:, 3] = 20
    other = count(opposite, [0], 0, BAR, 0, 2)
    assert overlap(one, one) == {feature: pytest.approx(1) for feature in FEATURES}
    areas = overlap(one, other)
    assert {feature for feature, area in areas.items() if area == 0} == {
        "pitch_class", "interval", "place", "grid_place", "duration", "velocity",
    }  # fmt: skip
    assert areas["density"] == areas["polyphony"] == 1


def test_half_of_the_notes_elsewhere_is_half_of_the_area_however_many_there_are() -> None:
    moved = np.concatenate([SCALE, SCALE])
    moved[8:, 0] += 6
    assert overlap(count(SCALE, [0], 0, BAR, 0, 2), count(moved, [0], 0, BAR, 0, 2))["place"] == pytest.approx(0.5)


def test_pitch_classes_are_counted_from_the_tonic() -> None:
    up = SCALE.copy()
    up[:, 2] += 5
    one, other = count(SCALE, [0], 0, BAR, 0, 2), count(up, [0], 5, BAR, 0, 2)
    assert overlap(one, other)["pitch_class"] == 1


def test_a_silent_voice_counts_as_bars_without_notes() -> None:
    density = count(SCALE, [0, 1], 0, BAR, 0, 2)["density"]
    assert density[0] == 2
    assert density[4] == 2


def test_only_the_bars_asked_for_and_the_channels_asked_for_are_counted() -> None:
    both = np.concatenate([SCALE, SCALE])
    both[8:, 4] = 3
    assert count(both, [3], 0, BAR, 1, 2)["place"].sum() == 4


def test_what_is_played_a_little_late_has_its_place_on_the_grid() -> None:
    late = SCALE.copy()
    late[:4, 0] += 2
    late[4:, 0] += 23  # a little early for the next beat
    areas = overlap(count(SCALE, [0], 0, BAR, 0, 3), count(late, [0], 0, BAR, 0, 3))
    assert (areas["place"], areas["grid_place"]) == (0, 1)


def test_percussion_has_a_place_but_no_pitch() -> None:
    drums = SCALE.copy()
    drums[:, 4] = 9
    counted = count(drums, [9], 0, BAR, 0, 2)
    assert counted["place"].sum() == 8
    assert all(counted[feature].sum() == 0 for feature in ("pitch_class", "interval", "duration", "polyphony"))
    assert overlap(counted, counted)["interval"] is None


def test_intervals_are_between_the_highest_notes_of_one_voice() -> None:
    music = notes((0, 24, 60, 0), (0, 24, 72, 0), (0, 24, 40, 1), (24, 24, 74, 0), (24, 24, 41, 1))
    assert tops(music, 0)[:, 2].tolist() == [72, 74]
    interval = count(music, [0, 1], 0, BAR, 0, 1)["interval"]
    assert np.flatnonzero(interval).tolist() == [25, 26]  # a semitone in one voice, a tone in the other


def test_a_note_that_ends_at_an_onset_sounds_no_more() -> None:
    assert sounding_at_onsets(notes((0, 24, 60, 0), (0, 48, 64, 0), (24, 24, 62, 1))).tolist() == [2, 2]


def test_histograms_of_pieces_are_added() -> None:
    one = count(SCALE, [0], 0, BAR, 0, 2)
    assert (add([one, one])["pitch_class"] == 2 * one["pitch_class"]).all()
