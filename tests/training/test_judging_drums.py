"""Repeated bars, fills and accents of small music."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from takes import Note, notes_of, take, voice

from training.judging.fills import accents, dense_fills, fills
from training.judging.repetition import grid_bars, longest_run, runs_by_kind
from training.judging.take import Take
from training.judging.theka import bass_drum

KICK, SNARE, HAT, TOM = 36, 38, 42, 45
GROOVE: list[tuple[float, int]] = [(0, KICK), (1, SNARE), (2, KICK), (2.5, HAT), (3, SNARE), (3.5, HAT)]


def drums(*bars: Sequence[tuple[float, int]]) -> Take:
    notes: list[Note] = [(4 * bar + onset, 0.1, key) for bar, strokes in enumerate(bars) for onset, key in strokes]
    return take(voice("drums", notes), bars=len(bars))


def test_a_bar_is_what_begins_on_its_sixteenths() -> None:
    bars = grid_bars(notes_of([(0.04, 1, 60), (0.96, 1, 62), (4.5, 1, 60), (9, 1, 60), (-1, 1, 60)]), 4.0, 2)
    assert bars == [{(0, 60), (4, 62)}, {(2, 60)}]


def test_looseness_is_no_variation_but_another_pitch_or_place_is() -> None:
    loose: list[Note] = [(0, 1, 60), (4.05, 1, 60), (7.98, 1, 60)]
    assert longest_run(grid_bars(notes_of(loose[:2]), 4.0, 2)) == 1
    assert longest_run(grid_bars(notes_of([(0, 1, 60), (4, 1, 61)]), 4.0, 2)) == 0
    assert longest_run(grid_bars(notes_of([(0, 1, 60), (4.25, 1, 60)]), 4.0, 2)) == 0


def test_a_run_counts_how_often_a_bar_comes_again_without_a_pause() -> None:
    one, other, silent = frozenset({(0, 60)}), frozenset({(4, 60)}), frozenset[tuple[int, int]]()
    assert longest_run([one, one, one, other, other]) == 2
    assert longest_run([one, silent, one]) == 0
    assert longest_run([silent, silent, silent]) == 0
    assert longest_run([]) == 0


def test_all_drums_are_one_voice_and_of_others_the_worst_counts() -> None:
    hats = voice("drums", [(bar * 4.0, 0.1, HAT) for bar in range(4)], "hats")
    kicks = voice("drums", [(bar * 4.0 + bar % 2, 0.1, KICK) for bar in range(4)], "kicks")
    stuck = voice("other", [(bar * 4.0, 1, 60) for bar in range(4)], "organ")
    free = voice("other", [(bar * 4.0, 1, 60 + bar) for bar in range(4)], "piano")
    lead = voice("lead", [(bar * 4.0, 1, 72) for bar in range(4)])
    assert runs_by_kind(take(hats, kicks, stuck, free, lead, bars=4)) == {"drums": 0, "keys": 3}
    assert runs_by_kind(take(hats, bars=4)) == {"drums": 3}


def test_a_bar_that_is_much_denser_than_the_median_or_has_toms_is_a_fill() -> None:
    dense = [(i / 4, SNARE) for i in range(9)]  # 9 > 1.4 x 6
    busier = [*GROOVE, (0.5, HAT), (1.5, HAT)]  # 8 < 8.4
    toms = [(0, KICK), (2, TOM), (2.5, TOM + 2), (3, TOM), (3, TOM + 2)]
    fewer_toms = [(0, KICK), (2, TOM), (3, TOM), (3, TOM + 2)]
    found = dense_fills(drums(GROOVE, dense, GROOVE, busier, GROOVE, toms, fewer_toms, [], GROOVE))
    assert found == [False, True, False, False, False, True, False, False]  # the silent bar is none


def test_a_last_half_that_leaves_the_groove_at_the_end_of_four_bars_is_a_fill() -> None:
    turn = [(0, KICK), (1, SNARE), (2, SNARE), (2.25, SNARE), (3, KICK), (3.75, HAT)]  # nothing of the groove is left
    nearly = [*GROOVE[:-1], (3.75, HAT)]  # three of five strokes are both's
    stop = GROOVE[:2]
    assert (
        fills(drums(GROOVE, GROOVE, GROOVE, turn, GROOVE, GROOVE, GROOVE, nearly)) == [False] * 3 + [True] + [False] * 4
    )
    assert fills(drums(GROOVE, GROOVE, GROOVE, stop)) == [False, False, False, True]
    elsewhere = drums(GROOVE, turn, GROOVE, GROOVE)
    assert fills(elsewhere) == [False] * 4
    assert dense_fills(drums(GROOVE, GROOVE, GROOVE, turn)) == [False] * 4


def test_where_there_is_no_groove_nothing_departs_from_it() -> None:
    wild = [[(0, KICK), (2 + i / 8, SNARE), (3 + i / 8, HAT), (3.5, TOM + i)] for i in range(4)]
    found = fills(drums(*wild))
    assert found is not None
    assert not any(found)


def test_nine_strokes_are_no_drumming() -> None:
    assert fills(drums(GROOVE, GROOVE[:3])) is None
    assert accents(drums(GROOVE, GROOVE[:3])) is None


def test_accents_are_how_much_the_loudness_differs_by_place() -> None:
    strokes: list[Note] = []
    for bar in range(4):
        strokes += [(4 * bar, 0.1, KICK, 100), (4 * bar, 0.1, HAT, 20), (4 * bar + 2, 0.1, SNARE, 60 + 10 * (bar % 2))]
    strokes += [(1, 0.1, HAT, 1)]  # once, which says nothing of its place
    assert accents(take(voice("drums", strokes), bars=4)) == pytest.approx((100 - 65) / 2)
    even: list[Note] = [(i / 4, 0.1, HAT, 64) for i in range(64)]
    assert accents(take(voice("drums", even), bars=4)) == 0.0


NA, TIN, TE, GE = 60, 61, 62, 64
KEHERWA: list[tuple[float, int]] = [
    (0, NA), (0, GE), (0.5, GE), (1, NA), (1.5, TIN), (2, NA), (2.5, TE), (3, TIN), (3, GE), (3.5, NA)
]  # fmt: skip


def test_ge_speaks_on_1_2_and_7_of_keherwa_and_not_in_its_khali() -> None:
    late = [(0.25, GE), *KEHERWA[3:]]  # a 16th behind the first matra, and none on the second
    filled = [*KEHERWA, (1.75, GE)]  # behind the fourth
    on, in_khali = bass_drum(drums(KEHERWA, late, filled, KEHERWA, GROOVE, []))
    assert on == {1: 3 / 4, 2: 3 / 4, 7: 1.0}
    assert in_khali == 1 / 4


def test_dadra_has_six_matras_and_what_has_no_hand_drums_no_theka() -> None:
    dadra = [(3 * bar + at, 0.1, key) for bar in range(4) for at, key in ((0, GE), (0.5, GE), (1.5, NA), (2, TIN))]
    assert bass_drum(take(voice("drums", dadra), bars=4, bar_beats=3.0)) == ({1: 1.0, 2: 1.0, 4: 0.0}, None)
    assert bass_drum(drums(GROOVE, GROOVE, GROOVE, GROOVE)) == ({}, None)
    assert bass_drum(drums(KEHERWA, KEHERWA, KEHERWA)) == ({}, None)
    assert bass_drum(take(voice("drums", dadra), bars=3, bar_beats=3.5)) == ({}, None)
