from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bollylive.band import ChannelSet, ControlSet, Set
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
        energy = 0.25
        handover = "bar"
        handover_beats = 3
        rest_after_beats = 0
        quantise = false
        thru = false
        default_role = "player"
        link = true
        follow_tempo = true
        in_port = "from DAW"
        out_port = ["to DAW", "virtual"]
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
        handover = "flow"
        answer_bars = 4
        thru = true
        percussion = { 60 = 36, 64 = 38 }
        delay_ms = -250
        velocity_curve = 0.5
        softest = 20
        loudest = 110
        longest_beats = 2
        [[control]]
        cc = 80
        does = "tap"
        [[control]]
        note = 36
        channel = 16
        does = "again"
        on = 2
        [[control]]
        program = 4
        does = "sam"
    """
    touch = (((60, 36), (64, 38)), -250.0, 0.5, 20, 110, 2.0)
    sitar = ChannelSet(15, "Sitar", "accompany", 104, 48, 84, 2, -1.5, 2, "flow", 4, True, *touch)
    controls = (
        ControlSet("cc", 80, "tap"),
        ControlSet("note", 36, "again", channel=15, on=1),
        ControlSet("program", 4, "sam"),
    )
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
        energy=0.25,
        handover="bar",
        handover_beats=3.0,
        rest_after_beats=0.0,
        thru=False,
        default_role="player",
        in_port=("from DAW",),
        out_port=("to DAW", "virtual"),
        channels=(sitar,),
        controls=controls,
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
        ("in_port = 3", "in_port must be a text in quotes, or a list of them, not 3."),
        ('out_port = ["a", ""]', "out_port must be a text in quotes, or a list of them, not ['a', '']."),
        ("out_port = []", "out_port must be a text in quotes, or a list of them, not []."),
        ('name = ""', "name must be a text in quotes, not ''."),
        ('default_role = "continu"', "not 'continu'; did you mean 'continue'?"),
        ("default_role = 3", "must be one of 'player', 'continue', 'respond', 'accompany', 'off', not 3."),
        ("commit_beats = 2.0", "commit_beats must be less than horizon_beats."),
        ("horizon_beats = 0.25", "commit_beats must be less than horizon_beats."),
        ('handover = "bars"', "not 'bars'; did you mean 'bar'?"),
        ("control = 3", "control must be a table for each command, under a line [[control]]."),
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
        ("channel = 2\nsoftest = 90\nloudest = 40", "channel 2: softest must not be above loudest."),
        ("channel = 2\nsoftest = 0", "channel 2: softest must be a whole number from 1 to 127, not 0."),
        ("channel = 2\nvelocity_curve = 9", "channel 2: velocity_curve must be from 0.25 to 4, not 9."),
        ("channel = 2\nlongest_beats = 0", "channel 2: longest_beats must be from 0.05 to 64, not 0."),
        ("channel = 2\ndelay_ms = 600", "channel 2: delay_ms must be from -500 to 500, not 600."),
        (
            "channel = 2\ndelay_ms = -160",
            "channel 2: delay_ms must be -156 or more, for notes are decided commit_beats",
        ),
        (
            "channel = 2\npercussion = 'tabl'",
            "channel 2: percussion must be 'tabla' or 'dholak', or a table of keys, not",
        ),
        ("channel = 2\npercussion = 3", "channel 2: percussion must be 'tabla' or 'dholak', or a table such as"),
        ("channel = 2\npercussion = {}", "channel 2: percussion must be 'tabla' or 'dholak', or a table such as"),
        ("channel = 2\npercussion = { na = 3 }", "percussion must map General MIDI keys 0 to 127, not 'na'."),
        ("channel = 2\npercussion = { 128 = 3 }", "percussion must map General MIDI keys 0 to 127, not '128'."),
        ("channel = 2\npercussion = { 60 = 'C3' }", "percussion must map key 60 to a key from 0 to 127, not 'C3'."),
        ("channel = 2\npercussion = 'tabla'\nlowest = 70", "channel 2: percussion has no key from lowest to highest;"),
        ("channel = 2\n[[channel]]\nchannel = 2", "channel 2: it is there twice; keep one [[channel]] of it."),
    ],
)
def test_each_mistake_in_a_channel_has_its_sentence(lines: str, sentence: str) -> None:
    (problem,) = _problems(f"[[channel]]\n{lines}\n")
    assert sentence in problem


def test_as_much_as_is_committed_ahead_a_note_may_leave_early() -> None:
    lines = "tempo_bpm = 120\ncommit_beats = 0.5\n[[channel]]\nchannel = 2\ndelay_ms = {}\n"
    assert parse_set(lines.format(-250), "a.toml").channels[0].delay_ms == -250
    (problem,) = _problems(lines.format(-251))
    assert "delay_ms must be -250 or more" in problem


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


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('cc = 120\ndoes = "tap"', "cc must be a whole number from 0 to 119, not 120."),
        ('does = "tap"', "it needs one line of cc = 0 to 119, note = 0 to 127, or program = 0 to 127."),
        ('cc = 1\nprogram = 1\ndoes = "tap"', "it needs one line of cc = 0 to 119"),
        ("cc = 1", "it needs a line does = 'tap' or 'sam' or"),
        ('cc = 1\ndoes = "agan"', "does must be one of 'tap', 'sam', "),
        ('cc = 1\ndoes = "agan"', "not 'agan'; did you mean 'again'?"),
        ('note = 36\ndoes = "sam"', "a note needs a channel; else that key could be played nowhere."),
        ('program = 3\ndoes = "memory"', "memory is a knob, and needs a cc."),
        ('cc = 1\ndoes = "sam"\n[[control]]\ncc = 1\ndoes = "tap"', "number 2: cc 1 is there twice; keep one"),
    ],
)
def test_each_mistake_in_a_control_has_its_sentence(lines: str, sentence: str) -> None:
    (problem,) = _problems(f"[[control]]\n{lines}\n")
    assert sentence in problem
    assert "[[control]] number" in problem
