from __future__ import annotations

from melodies import melody_song, tune

from training.data.split import find_groups, follow, hold_together


def test_versions_of_a_melody_are_held_out_together_across_corpora() -> None:
    corpora = {
        "film": [melody_song(tune(1), name="a", valid=True), melody_song(tune(2), name="b")],
        "folk": [melody_song(tune(3), name="a"), melody_song([p + 2 for p in tune(1)], name="c")],
    }
    groups = find_groups(corpora)
    assert groups == [[("film", "a"), ("folk", "c")]]
    held = hold_together(corpora, groups)
    assert {name: [song.valid for song in songs] for name, songs in held.items()} == {
        "film": [True, False],
        "folk": [False, True],
    }


def test_all_songs_of_a_work_go_with_the_one_that_resembles() -> None:
    corpora = {
        "c": [
            melody_song(tune(1), name="1", work="w"),
            melody_song(tune(2), name="2", work="w"),
            melody_song(tune(2), name="3", valid=True),
        ]
    }
    held = hold_together(corpora, find_groups(corpora))
    assert [song.valid for song in held["c"]] == [True, True, True]


def test_works_of_one_name_belong_together_but_files_of_one_name_do_not() -> None:
    corpora = {
        "film": [melody_song(tune(1), name="1.mid", work="Zara Zara"), melody_song(tune(2), name="song01.mid")],
        "folk": [melody_song(tune(3), name="2.mid", work="zarazara"), melody_song(tune(4), name="song01.mid")],
    }
    assert find_groups(corpora) == [[("film", "Zara Zara"), ("folk", "zarazara")]]


def test_what_resembles_nothing_that_is_held_out_stays() -> None:
    corpora = {"c": [melody_song(tune(1), name="1"), melody_song(tune(1), name="2"), melody_song(tune(2), name="3")]}
    groups = find_groups(corpora)
    assert groups == [[("c", "1"), ("c", "2")]]
    assert not any(song.valid for song in hold_together(corpora, groups)["c"])


def test_what_is_arranged_stands_where_its_work_does() -> None:
    arranged = [melody_song(tune(1), name=f"{work}#1", work=work, valid=work == "c") for work in ("a", "b", "c")]
    songs = [melody_song(tune(1), name="a", valid=True), melody_song(tune(1), name="b")]
    assert [song.valid for song in follow(arranged, songs)] == [True, False, True]
