from __future__ import annotations

import numpy as np
import pytest

from bollylive.model.chord_predictor import LeadSteps
from bollylive.model.lead_steps import lead_steps, step_ticks

HALF = 48  # ticks of half a bar in 4/4


def steps_of(*notes: tuple[int, int, int], first_step: int = 0, steps: int = 2) -> LeadSteps:
    """The steps of notes (onset, end, pitch)."""
    onsets, ends, pitches = np.array(notes, dtype=np.int64).reshape(-1, 3).T
    return lead_steps(onsets, ends, pitches, first_step, steps, HALF)


@pytest.mark.parametrize(
    ("bar_beats", "step_beats"), [(4, 2), (3, 3), (2, 1), (6, 3), (8, 4), (3.5, 3.5), (5, 5), (1.5, 1.5), (7, 7)]
)
def test_a_step_is_half_a_bar_of_an_even_number_of_beats_or_a_whole_bar(bar_beats: float, step_beats: float) -> None:
    assert step_ticks(round(24 * bar_beats)) == round(24 * step_beats)


def test_a_note_counts_by_how_long_it_sounds_in_each_step() -> None:
    lead = steps_of((12, 60, 61))
    assert lead.chroma[:, 1].tolist() == [36 / 48, 12 / 48]
    assert lead.chroma.sum() == 1
    assert lead.early[:, 1].tolist() == [30 / 48, 12 / 48]


def test_what_sounds_a_quarter_of_a_beat_before_the_end_is_held() -> None:
    lead = steps_of((0, 42, 60), (42, 48, 62), (48, 90, 64))
    assert np.flatnonzero(lead.held[0]).tolist() == [0]
    assert np.flatnonzero(lead.held[1]).tolist() == [4]
    assert lead.early[0, 2] == 0
    assert lead.chroma[0, 2] == np.float32(6 / 48)


def test_a_note_that_begins_a_little_late_is_the_first_of_its_step() -> None:
    lead = steps_of((0, 50, 60), (50, 96, 62))
    assert np.flatnonzero(lead.first[0]).tolist() == [0]
    assert np.flatnonzero(lead.first[1]).tolist() == [2]


def test_a_class_counts_once_in_however_many_octaves() -> None:
    lead = steps_of((0, 48, 60), (0, 48, 72), (24, 72, 48))
    assert lead.chroma[:, 0].tolist() == [1.0, 0.5]


def test_what_lies_outside_the_steps_is_left_out() -> None:
    notes = [(0, 40, 60), (90, 200, 62), (500, 600, 64)]
    lead = steps_of(*notes, first_step=2)
    assert np.flatnonzero(lead.chroma.any(axis=0)).tolist() == [2]
    assert lead.chroma[:, 2].tolist() == [1.0, 1.0]
    whole = steps_of(*notes, steps=14)
    assert np.array_equal(whole.chroma[2:4], lead.chroma)
    assert np.array_equal(whole[2:4].held, lead.held)


def test_no_notes_are_silence() -> None:
    lead = steps_of(steps=3)
    assert len(lead) == 3
    assert not any(array.any() for array in (lead.chroma, lead.early, lead.held, lead.first))
