from __future__ import annotations

import pytest

from bollylive.midi.instruments import NAMES, NEAREST, name_of, program_of


def test_there_are_128_different_names() -> None:
    assert len(NAMES) == len(set(NAMES)) == 128


@pytest.mark.parametrize(
    ("name", "program"),
    [
        *(("acoustic grand piano", 0), ("reed organ", 20), ("electric bass (finger)", 33), ("string ensemble 1", 48)),
        *(("flute", 73), ("lead 1 (square)", 80), ("fx 1 (rain)", 96), ("sitar", 104), ("gunshot", 127)),
    ],
)
def test_names_stand_where_general_midi_has_them(name: str, program: int) -> None:
    assert program_of(name) == program
    assert name_of(program) == name


def test_case_and_spaces_do_not_matter() -> None:
    assert program_of("  String  ENSEMBLE 1 ") == 48


@pytest.mark.parametrize("name", sorted(NEAREST))
def test_instruments_of_the_film_orchestra_have_a_nearest_sound(name: str) -> None:
    assert name_of(program_of(name)) == NEAREST[name]


@pytest.mark.parametrize(("wrong", "meant"), [("sittar", "'sitar'"), ("harmonum", "'harmonium'"), ("bass", "bass'")])
def test_a_misspelt_name_gets_a_suggestion(wrong: str, meant: str) -> None:
    with pytest.raises(ValueError, match="did you mean") as caught:
        program_of(wrong)
    assert meant in str(caught.value)


@pytest.mark.parametrize("wrong", ["", "qqqq"])
def test_a_name_like_no_other_gets_a_hint_about_numbers(wrong: str) -> None:
    with pytest.raises(ValueError, match="program number 0 to 127"):
        program_of(wrong)


def test_the_percussion_channel_has_kits() -> None:
    assert name_of(0, channel=9) == "percussion"
