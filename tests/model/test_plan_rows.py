from __future__ import annotations

import numpy as np
import pytest

from bollylive.model.chord_predictor import LeadSteps
from bollylive.model.chord_words import NO_CHORD
from bollylive.model.lead_steps import lead_steps
from bollylive.model.plan_rows import (
    COLUMNS,
    REFERENCES,
    Known,
    column_places,
    plan_rows,
    turn,
    turn_words,
    words_at,
)
from bollylive.model.predictor import Floats

PLACES = column_places()
ALIKE = REFERENCES.index("alike")


def tune(steps: int = 40, seed: int = 0, semitones: int = 0) -> LeadSteps:
    """A lead of two notes to a beat."""
    pitches = np.random.default_rng(seed).choice([60, 62, 64, 65, 67, 69, 71], 4 * steps) + semitones
    onsets = np.arange(4 * steps) * 12
    return lead_steps(onsets, onsets + 12, pitches, 0, steps, 48)


def part(rows: Floats, name: str, width: int = 12) -> Floats:
    return rows[..., PLACES[name] : PLACES[name] + width]


def test_a_row_has_the_parts_that_are_listed() -> None:
    rows = plan_rows(tune(), 0, 2)
    assert rows.lead.shape == (40, COLUMNS)
    assert rows.lead.dtype == np.float32
    assert rows.references.shape == (40, len(REFERENCES))
    assert max(PLACES.values()) == COLUMNS - 1


def test_references_are_now_before_and_whole_phrases_ago() -> None:
    for steps_per_bar, lags in ((2, (8, 16, 32)), (1, (4, 8, 16))):
        references = plan_rows(tune(), 0, steps_per_bar).references
        assert references[35, :5].tolist() == [35, 34, *(36 - lag for lag in lags)]
        assert references[0, :].tolist() == [0, -1, -1, -1, -1, -1]
        assert references[6, 2] == (-1 if steps_per_bar == 2 else 3)


def test_the_last_reference_follows_the_earlier_passage_that_is_alike() -> None:
    one, other = tune(12, 1), tune(30, 2)
    parts = [one, other, one]
    joined = LeadSteps(*(np.concatenate([getattr(p, name) for p in parts]) for name in LeadSteps.__slots__))
    rows = plan_rows(joined, 0, 2)
    assert rows.references[42 + 6, ALIKE] == 7
    assert rows.lead[42 + 6, PLACES["likeness_alike"]] == pytest.approx(1, abs=0.01)
    assert np.array_equal(part(rows.lead[42 + 6], "alike"), one.chroma[7])
    assert (rows.references[:6, ALIKE] == -1).all()


def test_no_row_hears_a_later_step() -> None:
    lead, whole = tune(), plan_rows(tune(), 3, 2)
    for steps in (1, 5, 23):
        rows = plan_rows(lead[:steps], 3, 2)
        assert np.allclose(rows.lead, whole.lead[:steps], atol=1e-6)
        assert np.array_equal(rows.references, whole.references[:steps])


def test_a_row_hears_its_own_step_only_up_to_a_quarter_of_a_beat_before_its_end() -> None:
    lead = tune()
    late = lead.chroma.copy()
    late[-1] = 1
    other = LeadSteps(late, lead.early, lead.held, lead.first)
    assert np.array_equal(plan_rows(lead, 0, 2).lead, plan_rows(other, 0, 2).lead)


def test_what_is_known_of_the_step_to_come_is_heard_where_it_is() -> None:
    lead = tune(10)
    chroma, first = np.ones((10, 12), np.float32), np.ones((10, 12), np.float32)
    rows = np.arange(10) == 9
    plain, known = plan_rows(lead, 0, 2).lead, plan_rows(lead, 0, 2, Known(chroma, first, rows)).lead
    assert np.array_equal(plain[:9], known[:9])
    changed = np.flatnonzero(plain[9] != known[9])
    assert changed.tolist() == [*range(PLACES["known"], PLACES["known"] + 24), PLACES["is_known"]]


def test_the_place_is_that_of_the_step_to_come_in_eight_and_sixteen_bars() -> None:
    halves = plan_rows(tune(), 30, 2).lead
    assert part(halves, "place_0", 16).argmax(axis=1).tolist() == [(31 + i) % 16 for i in range(40)]
    assert halves[:, PLACES["second_eight_bars"]].tolist() == [(31 + i) // 16 % 2 for i in range(40)]
    bars = plan_rows(tune(), 30, 1).lead
    assert part(bars, "place_0", 16).argmax(axis=1).tolist() == [2 * (31 + i) % 16 for i in range(40)]
    assert bars[:, PLACES["whole_bars"]].all()
    assert not halves[:, PLACES["whole_bars"]].any()


def test_silence_is_counted() -> None:
    lead = lead_steps(np.array([0]), np.array([60]), np.array([60]), 0, 20, 48)
    rows = plan_rows(lead, 0, 2).lead
    assert rows[:, PLACES["is_silent"]].tolist() == [0, 0] + [1] * 18
    assert rows[:4, PLACES["silence"]].tolist() == [0, 0, 1 / 16, 2 / 16]
    assert rows[-1, PLACES["silence"]] == 1


@pytest.mark.parametrize("semitones", [1, 5, -3])
def test_music_moved_to_another_key_has_the_same_rows_in_its_frame(semitones: int) -> None:
    here, there = plan_rows(tune(), 0, 2), plan_rows(tune(semitones=semitones), 0, 2)
    assert np.allclose(turn(here.lead, 0), turn(there.lead, semitones % 12), atol=1e-6)
    assert np.array_equal(here.references, there.references)


def test_words_of_references_are_the_chords_there_or_none() -> None:
    chords = np.arange(40)
    words = words_at(plan_rows(tune(), 0, 2).references, chords)
    assert words[0].tolist() == [0, *[NO_CHORD] * 5]
    assert words[39, :5].tolist() == [39, 38, 32, 24, 8]
    assert turn_words(words, 0).tolist() == words.tolist()
    assert turn_words(np.array([0, NO_CHORD]), 2).tolist() == [50, NO_CHORD]
