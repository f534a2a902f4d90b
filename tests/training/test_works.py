from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.works import hold_out, name_works

_WORKS = st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=60)


def _unstated(works: list[str]) -> list[str | None]:
    return [None] * len(works)


def test_the_column_work_names_works() -> None:
    rows = {"a.mid": {"work": "one"}, "b.mid": {"work": "one"}, "c.mid": {"work": ""}}
    assert name_works(["a.mid", "b.mid", "c.mid", "d.mid"], rows) == (["one", "one", "c.mid", "d.mid"], "work")


def test_a_column_of_categories_names_no_works_so_the_title_does() -> None:
    rows = {f"{i}.mid": {"work": ("pop", "raga")[i % 2], "title": f"song {i // 2}"} for i in range(40)}
    works, named_by = name_works(list(rows), rows)
    assert named_by == "title"
    assert works[:4] == ["song 0", "song 0", "song 1", "song 1"]


def test_where_titles_are_categories_too_each_file_is_a_work() -> None:
    rows = {f"{i}.mid": {"work": "pop", "title": "untitled"} for i in range(20)}
    assert name_works(list(rows), rows) == (list(rows), "file")


def test_few_songs_of_one_work_are_no_category() -> None:
    rows = {f"{i}.mid": {"work": "one"} for i in range(19)}
    assert name_works(list(rows), rows) == (["one"] * 19, "work")


def test_many_works_of_some_versions_each_are_no_category() -> None:
    rows = {f"{i}.mid": {"work": f"work {i // 5}"} for i in range(100)}
    assert name_works(list(rows), rows)[1] == "work"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("drummer7/session2/16_rock_118_fill_4-4.mid", "drummer7/session2/15_rock_118_beat_4-4.mid", True),
        ("x__drummer7__session2__16_rock_118_fill_4-4.mid", "x__drummer7__session2__15_rock_118_beat_4-4.mid", True),
        ("drummer7/session2/16_rock_118_fill_4-4.mid", "drummer7/session2/15_rock_95_fill_4-4.mid", False),
        ("drummer7/session2/16_rock_118_fill_4-4.mid", "drummer7/session3/16_rock_118_fill_4-4.mid", False),
        (
            "drummer1/eval_session/3_soul-groove3_86_beat_4-4.mid",
            "drummer5/eval_session/9_soul-groove3_86_beat_4-4.mid",
            True,
        ),
        ("Yaman/Taana 1.0.mid", "Yaman/Taana 12.1_2.mid", True),
        ("Yaman/Sargam - Antra 1.0.mid", "Yaman/Sargam - Sthaayi 1.0.mid", False),
        ("Bhairav-1-168.mid", "Bhairav-10-179.mid", False),
        ("POP909__001__001.mid", "POP909__001__002.mid", False),
        ("string_quartet_no_1.mid", "string_quartet_no_2.mid", False),
    ],
)
def test_files_are_parts_of_one_work_where_a_published_corpus_names_them_so(one: str, other: str, same: bool) -> None:
    first, second = name_works([one, other], {})[0]
    assert (first == second) == same


def test_a_corpus_whose_files_are_all_numbered_alike_is_not_one_work() -> None:
    files = [f"track.{i:02}.mid" for i in range(30)]
    assert name_works(files, {}) == (files, "file")


def test_what_a_corpus_says_of_a_work_counts_even_where_it_says_two_things() -> None:
    assert hold_out(["a", "a", "b", "c"], ["train", "valid", "train", "test"]) == {"a", "c"}


@given(_WORKS)
def test_a_work_is_on_the_same_side_in_whatever_order_the_songs_come(works: list[str]) -> None:
    assert hold_out(works, _unstated(works)) == hold_out(works[::-1], _unstated(works))


def test_a_few_songs_in_a_hundred_are_held_out() -> None:
    works = [f"work {i}" for i in range(1000)]
    assert 35 <= len(hold_out(works, _unstated(works))) < 60


def test_songs_in_a_hundred_are_counted_not_works() -> None:
    works = [f"single {i}" for i in range(100)] + ["large"] * 900
    held_out = hold_out(works, _unstated(works))
    assert sum(work in held_out for work in works) >= 35


@pytest.mark.parametrize(("count", "fewest"), [(20, 5), (60, 5), (19, 1), (5, 1)])
def test_a_small_corpus_holds_enough_out_to_measure_on(count: int, fewest: int) -> None:
    for corpus in range(10):
        works = [f"{corpus}.{i}" for i in range(count)]
        assert fewest <= len(hold_out(works, _unstated(works))) <= fewest + 6


def test_one_song_is_trained_on() -> None:
    assert not hold_out(["song.mid"], [None])


def test_nearly_all_works_stay_where_they_are_when_songs_come_in() -> None:
    works = [f"work {i}" for i in range(60)]
    before = hold_out(works[:50], _unstated(works[:50]))
    after = hold_out(works, _unstated(works))
    assert len(before - after) <= 2
