from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bollylive.band import ChannelSet, Set
from bollylive.errors import SetError
from bollylive.setfile import default_set, load_set, parse_set


def _problems(text: str) -> list[str]:
    with pytest.raises(SetError) as caught:
        parse_set(text, "my.toml")
    return caught.value.problems


def test_an_empty_file_is_a_whole_set() -> None:
    assert parse_set("", "empty.toml") == Set(name="empty")


def test_a_set_says_everything() -> None:
    text = """
        name = "Evening"
        tempo_bpm = 72
        beats_per_bar = 3
        model = "models/mine.onnx"
        buffer_notes = 32
        seed = 7
        temperature = 0.8
        nucleus = 0.9
        follow = 0.5
        horizon_beats = 4
        commit_beats = 1
        handover_beats = 3
        rest_after_beats = 0
        quantise = false
        thru = false
        default_role = "player"
        tap_channel = 16
        tap_cc = 80
        tap_note = 36
        sam_cc = 81
        sam_note = 37
        link = true
        follow_tempo = true
        in_port = "from DAW"
        out_port = "to DAW"
        [[channel]]
        channel = 16
        name = "Sitar"
        role = "accompany"
        program = "Sitar"
        lowest = 48
        highest = 84
        polyphony = 2
        density = -1.5
        entry_bars = 2
        thru = true
    """
    sitar = ChannelSet(15, "Sitar", "accompany", 104, 48, 84, 2, -1.5, 2, True)
    assert parse_set(text, "evening.toml") == Set(
        name="Evening",
        tempo_bpm=72.0,
        beats_per_bar=3,
        model="models/mine.onnx",
        buffer_notes=32,
        seed=7,
        temperature=0.8,
        nucleus=0.9,
        follow=0.5,
        quantise=False,
        link=True,
        follow_tempo=True,
        horizon_beats=4.0,
        commit_beats=1.0,
        handover_beats=3.0,
        rest_after_beats=0.0,
        thru=False,
        default_role="player",
        tap_channel=15,
        tap_cc=80,
        tap_note=36,
        sam_cc=81,
        sam_note=37,
        in_port="from DAW",
        out_port="to DAW",
        channels=(sitar,),
    )


def test_channels_are_counted_from_one_in_the_file_and_sorted() -> None:
    channels = parse_set("[[channel]]\nchannel = 10\n[[channel]]\nchannel = 1\n", "a.toml").channels
    assert [channel.channel for channel in channels] == [0, 9]


def test_a_channel_that_is_not_named_plays_the_default_role() -> None:
    band = Set(default_role="accompany", channels=(ChannelSet(3, role="player"),))
    assert band.channel(3).role == "player"
    assert band.channel(4) == ChannelSet(4, role="accompany")


def test_all_problems_come_at_once() -> None:
    text = 'tempo_bpm = 900\nthru = "yes"\nswing = 3\n[[channel]]\nchannel = 1\npolyphony = 0\nprogram = "sitarr"\n'
    problems = _problems(text)
    assert len(problems) == 5
    assert all(problem.startswith("my.toml: ") for problem in problems)
    assert all(problem.endswith((".", "?")) for problem in problems)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("tempo_bmp = 90", "there is no tempo_bmp; did you mean tempo_bpm?"),
        ("channels = 3", "there is no channels; did you mean channel?"),
        ("xyzzy = 3", "there is no xyzzy; known are beats_per_bar, buffer_notes, channel"),
        ("tempo_bpm = 5", "tempo_bpm must be from 20 to 300, not 5."),
        ("tempo_bpm = nan", "tempo_bpm must be a number from 20 to 300, not nan."),
        ("tempo_bpm = true", "tempo_bpm must be a number from 20 to 300, not True."),
        ("beats_per_bar = 4.5", "beats_per_bar must be a whole number from 1 to 16, not 4.5."),
        ("seed = -1", "seed must be a whole number from 0"),
        ("thru = 1", "thru must be true or false, not 1."),
        ('name = ""', "name must be a text in quotes, not ''."),
        ('default_role = "continu"', "not 'continu'; did you mean 'continue'?"),
        ("default_role = 3", "must be one of 'player', 'continue', 'accompany', 'off', not 3."),
        ("commit_beats = 2.0", "commit_beats must be less than horizon_beats."),
        ("horizon_beats = 0.25", "commit_beats must be less than horizon_beats."),
        ("tap_cc = 123", "tap_cc must be a whole number from 0 to 119, not 123."),
        ("sam_note = 36", "sam_note needs a tap_channel; else that key could be played nowhere."),
        ("tap_cc = 80\nsam_cc = 80", "tap_cc and sam_cc must not be the same controller."),
        ("channel = 3", "channel must be a table for each instrument, under a line [[channel]]."),
        ("channel = [1, 2]", "channel must be a table for each instrument, under a line [[channel]]."),
    ],
)
def test_each_mistake_in_a_set_has_its_sentence(line: str, sentence: str) -> None:
    (problem,) = _problems(line)
    assert sentence in problem


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("channel = 0", "channel 0: channel must be a whole number from 1 to 16, not 0."),
        ("role = 'player'", "[[channel]] number 1: it needs a line channel = 1 to 16."),
        ("channel = 2\nrol = 'player'", "channel 2: there is no rol; did you mean role?"),
        ("channel = 2\nrole = 'duet'", "channel 2: role must be one of"),
        ("channel = 2\nprogram = 128", "channel 2: program must be a whole number from 0 to 127, not 128."),
        ("channel = 2\nprogram = 'flut'", "channel 2: program 'flut' is not a General MIDI instrument; did you mean"),
        ("channel = 2\nlowest = 80\nhighest = 40", "channel 2: lowest must not be above highest."),
        ("channel = 2\ndensity = 3", "channel 2: density must be from -2 to 2, not 3."),
        ("channel = 2\n[[channel]]\nchannel = 2", "channel 2: it is there twice; keep one [[channel]] of it."),
    ],
)
def test_each_mistake_in_a_channel_has_its_sentence(lines: str, sentence: str) -> None:
    (problem,) = _problems(f"[[channel]]\n{lines}\n")
    assert sentence in problem


def test_broken_toml_is_told_with_its_line() -> None:
    (problem,) = _problems('name = "a"\ntempo_bpm = = 3\n')
    assert "line 2" in problem


def test_a_missing_file_is_a_set_error(tmp_path: Path) -> None:
    with pytest.raises(SetError, match=r"nowhere\.toml: the set cannot be read: No such file"):
        load_set(tmp_path / "nowhere.toml")


def test_a_file_that_is_not_text_is_a_set_error(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'name = "Am\xe9lie"')
    with pytest.raises(SetError, match="not UTF-8"):
        load_set(tmp_path / "latin.toml")


def test_the_default_set_is_a_band_around_a_melody() -> None:
    band = default_set()
    roles = {channel.channel: channel.role for channel in band.channels}
    assert roles == {0: "continue", 1: "accompany", 2: "accompany", 3: "accompany", 9: "accompany"}
    assert [channel.program for channel in band.channels] == [73, 33, 48, 20, None]


def test_the_default_set_explains_the_defaults() -> None:
    assert replace(default_set(), channels=()) == Set(name="Bollywood band")
