"""Which chord stands from which tick on."""

from __future__ import annotations

from bollylive.engine.chord_plan import ChordPlan
from bollylive.model.chord_words import NO_CHORD, word_of

C, F, G = word_of(0, 0), word_of(5, 0), word_of(7, 0)


def plan(*changes: tuple[int, int]) -> ChordPlan:
    made = ChordPlan()
    for tick, chord in changes:
        made.put(tick, chord)
    return made


def test_a_chord_stands_until_the_next() -> None:
    made = plan((0, C), (48, F), (96, G))
    assert [made.at(tick) for tick in (-1, 0, 47, 48, 96, 999)] == [NO_CHORD, C, C, F, G, G]


def test_a_chord_that_stands_already_is_no_change() -> None:
    made = plan((0, C), (48, C), (96, F))
    assert made.since(0) == [(0, C), (96, F)]
    assert made.next_change(0) == 96
    assert made.next_change(96) is None


def test_a_new_chord_takes_the_place_of_what_was_planned_from_there_on() -> None:
    made = plan((0, C), (48, F), (96, G), (40, G))
    assert made.since(0) == [(0, C), (40, G)]
    made.put(40, C)
    assert made.since(0) == [(0, C)]


def test_how_long_a_chord_has_stood_counts_the_tick_itself() -> None:
    made = plan((0, C), (48, F))
    assert (made.stood_ticks(-5), made.stood_ticks(47), made.stood_ticks(48)) == (0, 48, 1)


def test_tones_are_pitch_classes_and_none_without_a_chord() -> None:
    made = plan((0, F), (48, NO_CHORD))
    assert made.tones_at(10) == frozenset({5, 9, 0})
    assert made.tones_at(50) is None


def test_an_evening_of_changes_takes_no_more_than_some_memory_and_keeps_the_newest() -> None:
    made = plan(*((48 * number, (C, F)[number % 2]) for number in range(5000)))
    assert len(made.since(0)) <= 2048
    assert made.at(48 * 4999) == F
