from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bollylive.cli import main
from bollylive.errors import SetError
from bollylive.midi.percussion import STROKES
from bollylive.sets.control_set import ControlSet
from bollylive.sets.set_reader import MOST_PROBLEMS
from bollylive.sets.setfile import default_set, load_set, parse_set
from bollylive.sets.settings import CHANNEL_SETTINGS, CONTROL_SETTINGS, SET_SETTINGS, ChannelSet, Set
from bollylive.sets.text_limits import MOST_BYTES, MOST_IN_A_ROW, check_text_limits
from bollylive.sets.value_kinds import Kind

MOST_IN_A_SENTENCE = 400
SETTINGS = {**SET_SETTINGS, **CHANNEL_SETTINGS, **CONTROL_SETTINGS}


def _problems(text: str) -> list[str]:
    with pytest.raises(SetError) as caught:
        parse_set(text, "my.toml")
    return caught.value.problems


def test_an_empty_file_is_the_default_band() -> None:
    assert parse_set("", "empty.toml") == Set(name="empty", channels=default_set().channels)


def test_a_set_of_one_line_is_the_default_band_with_that_line() -> None:
    expected = replace(default_set(), name="one", follow_tempo=True)
    assert parse_set("follow_tempo = true", "one.toml") == expected


def test_a_set_may_have_no_instrument_and_those_that_it_names_are_all() -> None:
    assert parse_set("channel = []", "a.toml").channels == ()
    assert [own.channel for own in parse_set("[[channel]]\nchannel = 3", "a.toml").channels] == [2]


@pytest.mark.parametrize(
    ("name", "pitch"), [("C4", 60), ("c#3", 49), ("Bb2", 46), ("C-1", 0), ("G9", 127), ("Cb4", 59)]
)
def test_a_note_may_be_named(name: str, pitch: int) -> None:
    band = parse_set(
        f"[[channel]]\nchannel = 10\nlowest = '{name}'\nhighest = '{name}'\npercussion = {{ {name!r} = '{name}' }}\n"
        f"[[control]]\nnote = '{name}'\nchannel = 1\ndoes = 'tap'",
        "a.toml",
    )
    (own,), (control,) = band.channels, band.controls
    assert (own.lowest, own.highest, own.percussion, control.number) == (pitch, pitch, ((pitch, pitch),), pitch)


@pytest.mark.parametrize("value", ["'H4'", "'C10'", "'G#9'", "'60'", "''", "128", "true", "60.0"])
def test_what_is_no_note_is_told_with_an_example(value: str) -> None:
    (problem,) = _problems(f"[[channel]]\nchannel = 1\nlowest = {value}")
    assert "lowest must be a note from 0 to 127, or its name such as 'C4' for 60, not " in problem


@pytest.mark.parametrize("name", ["tabla", "Dholak "])
def test_a_drum_that_is_no_program_is_told_where_it_belongs(name: str) -> None:
    (problem,) = _problems(f"[[channel]]\nchannel = 2\nprogram = '{name}'")
    assert f"use the line percussion = '{name.strip().lower()}' instead." in problem


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
        harmony_strength = 1.5
        scale = "bb Harmonic  minor"
        scale_lock = 0.5
        raga = "Yaman"
        sa = "F#"
        raga_lock = 0.9
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
        part = ["groove"]
        entry_bars = 2
        handover = "flow"
        answer_bars = 4
        thru = true
        sound_program = "banjo"
        percussion = { 60 = 36, 64 = 38 }
        delay_ms = -250
        velocity = 90
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
    sitar = ChannelSet(
        15,
        name="Sitar",
        role="accompany",
        program=104,
        lowest=48,
        highest=84,
        polyphony=2,
        density=-1.5,
        part=("groove",),
        entry_bars=2,
        handover="flow",
        answer_bars=4,
        thru=True,
        sound_program=105,
        percussion=((60, 36), (64, 38)),
        delay_ms=-250.0,
        velocity=90,
        velocity_curve=0.5,
        softest=20,
        loudest=110,
        longest_beats=2.0,
    )
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
        harmony_strength=1.5,
        scale="Bb harmonic minor",
        scale_lock=0.5,
        raga="yaman",
        sa=6,
        raga_lock=0.9,
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
        ("tempo_bmp = 90", "there is no setting tempo_bmp; did you mean tempo_bpm?"),
        ("channels = 3", "there is no setting channels; did you mean [[channel]]?"),
        ("xyzzy = 3", "there is no setting xyzzy; known are beats_per_bar, buffer_notes, channel"),
        ("xyzzy = 3", "memory, and others, which default.toml shows."),
        ("tempo_bpm = 5", "tempo_bpm must be from 20 to 300, not 5."),
        ("tempo_bpm = nan", "tempo_bpm must be a number from 20 to 300, not nan."),
        ("tempo_bpm = true", "tempo_bpm must be a number from 20 to 300, not True."),
        ("beats_per_bar = 4.5", "beats_per_bar must be a whole number from 1 to 16, not 4.5."),
        ("seed = -1", "seed must be a whole number from 0"),
        ("thru = 1", "thru must be true or false, not 1."),
        ("in_port = 3", "in_port must be text in quotes, or a list of such texts, not 3."),
        ('out_port = ["a", ""]', "out_port must not be empty, as in ['a', '']; leave the line out"),
        ("out_port = []", "out_port must not be empty, as in []; leave the line out"),
        ('name = ""', "name must not be empty; leave the line out"),
        ("name = 3", "name must be text in quotes, not 3."),
        ("controls = 3", "there is no setting controls; did you mean [[control]]?"),
        ('default_role = "continu"', "not 'continu'; did you mean 'continue'?"),
        ("default_role = 3", "must be one of 'player', 'continue', 'respond', 'accompany', 'off', not 3."),
        ("harmony_strength = 3", "harmony_strength must be from 0 to 2, not 3."),
        (
            "scale = 3",
            "scale must be 'own', 'free', or a note and a mode such as 'D dorian', not 3; the modes are major,",
        ),
        ('scale = "owm"', "not 'owm'; did you mean 'own'?"),
        ('scale = "D dorean"', "not 'D dorean'; did you mean 'D dorian'?"),
        ('scale = "H minor"', "not 'H minor'; the modes are major, minor, natural minor"),
        ('scale = "D"', "not 'D'; the modes are major, minor, natural minor"),
        ("scale_lock = 2", "scale_lock must be from 0 to 1, not 2."),
        ('raga = "yamam"', "raga must be one of 'asavari', 'bhairav'"),
        ('raga = "yamam"', "not 'yamam'; did you mean 'yaman'?"),
        ("raga = 3", "'todi', 'yaman', not 3."),
        ('sa = "H"', "sa must be the name of a note such as 'C', 'F#' or 'Bb', not 'H'."),
        ("sa = 2", "sa must be the name of a note such as 'C', 'F#' or 'Bb', not 2."),
        ("raga_lock = -1", "raga_lock must be from 0 to 1, not -1."),
        ("horizon_beats = 9", "horizon_beats must be from 0 to 8, not 9."),
        ("density = 1", "density is a setting of an instrument; put it below a line [[channel]]."),
        ("does = 1", "does is a setting of a command; put it below a line [[control]]."),
        ('handover = "bars"', "not 'bars'; did you mean 'bar'?"),
        ("control = 3", "control must be a table for each command, below a line [[control]]."),
        ("channel = 3", "channel must be a table for each instrument, below a line [[channel]]."),
        ("channel = [1, 2]", "channel must be a table for each instrument, below a line [[channel]]."),
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
        ("channel = 2\nrol = 'player'", "channel 2: there is no setting rol; did you mean role?"),
        (
            "channel = 2\ntempo_bpm = 90",
            "channel 2: tempo_bpm is a setting of the whole set; put it above the first [[",
        ),
        ("channel = 2\nrole = 'duet'", "channel 2: role must be one of"),
        ("channel = 2\nprogram = 128", "channel 2: program must be a whole number from 0 to 127, not 128."),
        ("channel = 2\nprogram = 'flut'", "channel 2: program 'flut' is not a General MIDI instrument; did you mean"),
        ("channel = 2\nlowest = 80\nhighest = 40", "channel 2: lowest must not be above highest, but 80 is above 40."),
        ("channel = 2\ndensity = 3", "channel 2: density must be from -2 to 2, not 3."),
        (
            "channel = 2\nsoftest = 90\nloudest = 40",
            "channel 2: softest must not be above loudest, but 90 is above 40.",
        ),
        ("channel = 2\nsoftest = 0", "channel 2: softest must be a whole number from 1 to 127, not 0."),
        ("channel = 2\nvelocity_curve = 9", "channel 2: velocity_curve must be from 0.25 to 4, not 9."),
        ("channel = 2\nlongest_beats = 0", "channel 2: longest_beats must be from 0.05 to 64, not 0."),
        ("channel = 2\ndelay_ms = 600", "channel 2: delay_ms must be from -500 to 500, not 600."),
        (
            "channel = 2\ndelay_ms = -160",
            "channel 2: delay_ms must be -156 or more, because commit_beats is no longer than that at 96 bpm; or make",
        ),
        (
            "channel = 2\npercussion = 'tabl'",
            "must be 'tabla', 'dholak', 'manjira', 'tambourine' or 'kit', a list of these, or a table of keys, not",
        ),
        ("channel = 2\npercussion = ['kit', 'tabl']", "a table of keys, not 'tabl'; did you mean 'tabla'?"),
        (
            "channel = 2\npercussion = 3",
            "'tambourine' or 'kit', a list of these, or a table such as { 60 = 36, 64 = 38 }",
        ),
        (
            "channel = 2\npercussion = {}",
            "'tambourine' or 'kit', a list of these, or a table such as { 60 = 36, 64 = 38 }",
        ),
        (
            "channel = 2\npercussion = []",
            "'tambourine' or 'kit', a list of these, or a table such as { 60 = 36, 64 = 38 }",
        ),
        (
            "channel = 2\npart = 'pat'",
            "channel 2: part must be one or a list of 'bass', 'pad', 'comp', 'line', 'answer', 'g",
        ),
        ("channel = 2\npart = ['pad', 'ansver']", "not 'ansver'; did you mean 'answer'?"),
        ("channel = 2\npart = 3", "'answer', 'groove', not 3."),
        ("channel = 2\npart = [3]", "'answer', 'groove', not 3."),
        ("channel = 2\npart = []", "channel 2: part must not be an empty list; leave the line out if"),
        ("channel = 2\npart = 'groove'", "channel 2: part 'groove' needs channel 10 or a line percussion;"),
        ("channel = 10\npart = 'pad'", "channel 10: part must be 'groove' for percussion, not 'pad'."),
        ("channel = 2\nvelocity = 0", "channel 2: velocity must be a whole number from 1 to 127, not 0."),
        (
            "channel = 2\npercussion = { na = 3 }",
            "percussion must map General MIDI keys 0 to 127 or names such as C4, not 'na'.",
        ),
        (
            "channel = 2\npercussion = { 128 = 3 }",
            "percussion must map General MIDI keys 0 to 127 or names such as C4, not '128'.",
        ),
        (
            "channel = 2\npercussion = { 60 = 'H3' }",
            "percussion must map key 60 to a key from 0 to 127 or a name such as 'C4', not 'H3'.",
        ),
        ("channel = 2\npercussion = 'tabla'\nlowest = 70", "channel 2: percussion has no key from 70 to 127; change"),
        (
            "channel = 2\n[[channel]]\nchannel = 2",
            "channel 2: there are two tables for this channel; keep one of them.",
        ),
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
        ('does = "tap"', "it needs exactly one of the lines cc = 0 to 119, note = 0 to 127 or program = 0 to 127."),
        ('cc = 1\nprogram = 1\ndoes = "tap"', "it needs exactly one of the lines cc = 0 to 119"),
        ("cc = 1", "it needs a line does = 'tap' or 'sam' or"),
        ('cc = 1\ndoes = "agan"', "'does' must be one of 'tap', 'sam', "),
        ('cc = 1\ndoes = "agan"', "not 'agan'; did you mean 'again'?"),
        ('note = 36\ndoes = "sam"', "a note needs a line channel as well; otherwise you could not play that key"),
        ('program = 3\ndoes = "memory"', "memory is a knob, and only a cc can turn it."),
        (
            'cc = 1\ndoes = "sam"\n[[control]]\ncc = 1\ndoes = "tap"',
            "number 2: cc 1 has another [[control]] already; keep one",
        ),
    ],
)
def test_each_mistake_in_a_control_has_its_sentence(lines: str, sentence: str) -> None:
    (problem,) = _problems(f"[[control]]\n{lines}\n")
    assert sentence in problem
    assert "[[control]] number" in problem


BOMBS = {
    "a number of 310 digits": (
        "tempo_bpm = " + 310 * "1",
        "line 1: a number or key has 310 characters in a row; at most 128",
    ),
    "a number that Python itself refuses": ("\nseed = " + 4301 * "1", "line 2: a number or key has 4301 characters"),
    "a hexadecimal channel": ("[[channel]]\nchannel = 0x" + 5000 * "f", "line 2: a number or key has 5002 characters"),
    "with underscores": ("[[channel]]\nchannel = 0x" + 5000 * "f_" + "f", "line 2: a number or key has 10003"),
    "a binary delay": ("[[channel]]\nchannel = 1\ndelay_ms = 0b" + 127 * "1", "line 3: a number or key has 129"),
    "nested lists": ("\n\na = " + 2000 * "[", "line 3: there are more than 16 brackets within each other"),
    "nested lists on many lines": ("a = " + 2000 * "[\n", "line 17: there are more than 16 brackets within each"),
    "nested tables": ("a = " + 2000 * "{ a = ", "line 1: there are more than 16 brackets within each other"),
    "a dotted key": ("a" + 4000 * ".a" + " = 1", "line 1: there are more than 16 parts of one key"),
    "a dotted key in quotes": ("a" + 4000 * " . 'a'" + " = 1", "line 1: there are more than 16 parts of one key"),
    "a dotted table": ("[a" + 4000 * ".a" + "]", "line 1: there are more than 16 parts of one key"),
    "many megabytes": ("#" * 5_000_000, "the set is larger than 64 KiB; keep only its settings."),
    "many tables": ("[[channel]]\n" * 2000, "line 1025: there are more than 1024 tables"),
    "many keys": ("".join(f"k{i} = 1\n" for i in range(4200)), "line 4097: there are more than 4096 values"),
    "a long list": ("in_port = [" + 5000 * "'a'," + "]", "line 1: there are more than 4096 values"),
    "a long name": ("name = '" + 60_000 * "a" + "'", "name must have 1 to 1024 characters that can be seen, not 'aaa"),
    "a long program": ("[[channel]]\nchannel = 1\nprogram = '" + 60_000 * "a" + "'", "is not a General MIDI"),
    "a long key": ("'" + 60_000 * "a" + "' = 1", "there is no setting 'aaaa"),
    "a long table that is there twice": (2 * ("['" + 30_000 * "a" + "']\n"), "twice (at line 2, column 30004)."),
    "the largest number that is let through": ("tempo_bpm = " + 128 * "9", "not a number of about 129 digits."),
    "a negative one": ("tempo_bpm = -" + 127 * "9", "tempo_bpm must be from 20 to 300, not a number of about 128"),
    "a number beyond all": ("tempo_bpm = 1e999", "tempo_bpm must be from 20 to 300, not inf."),
    "a channel that is no number": ("[[channel]]\nchannel = " + str(["a" * 90] * 99), "channel ['aaa"),
    "a key that breaks the line": ('"a\\nb\\u001b" = 1', "there is no setting 'a\\nb\\x1b'; known are"),
    "a name that no file can have": ('model = "a\\u0000b"', "model must have 1 to 1024 characters that can be seen"),
    "an unclosed text": ("name = '''" + 1000 * "x\n", "this is not TOML: Expected \"'''\" (at end of document)."),
    "a day that is none": ("seed = 2023-02-30", "this is not TOML: Invalid date or datetime (at line 1, column 8)."),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_set_that_nobody_means_is_refused_in_one_short_sentence_and_soon(name: str) -> None:
    text, sentence = BOMBS[name]
    began_s = time.process_time()
    (problem,) = _problems(text)
    assert time.process_time() - began_s < 1.0
    assert sentence in problem
    assert len(problem) < MOST_IN_A_SENTENCE
    assert problem.isprintable()


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ('name = "Sitar\ntempo_bpm = 72\n', "(at line 1, column 14); is a quotation mark missing?"),
        (
            "model = open\n",
            "(at line 1, column 9); text stands in quotation marks, and true and false are written small.",
        ),
        ("link = True\n", "text stands in quotation marks, and true and false are written small."),
        ("[channel]\nchannel = 1\n[channel]\nchannel = 2\n", "begins with a line [[channel]], a control with"),
        ("[[channel]]\nchannel = 1\n[channel]\nchannel = 2\n", "begins with a line [[channel]], a control with"),
        ("seed = 1\nseed = 2\n", "is a setting there twice?"),
    ],
)
def test_what_is_often_wrong_in_toml_is_told_with_its_cure(text: str, cure: str) -> None:
    (problem,) = _problems(text)
    assert problem.startswith("my.toml: this is not TOML: ")
    assert cure in problem


@pytest.mark.parametrize("text", ["tempo_bpm = " + 310 * "1", "a = " + 2000 * "[", "seed = " + 5000 * "1"])
@pytest.mark.parametrize("command", [("check",), ("jam", "--demo", "--seconds", "1", "--set")])
def test_the_command_line_says_it_without_a_traceback(
    command: tuple[str, ...], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my.toml").write_text(text, encoding="utf-8")
    assert main([*command, str(tmp_path / "my.toml")]) == 1
    told = capsys.readouterr()
    assert "my.toml: line 1: " in (told.out if command == ("check",) else told.err)


def test_what_stands_in_quotes_and_comments_is_only_measured() -> None:
    much = 200 * "[{.=" + 200 * "1"
    names = [f"# {much} ' \"", f"name = '{much}' # {much}", f'model = "\\"{much[:900]}"']
    names += [f"out_port = [\"{much[:900]}\", '{much[:900]}']"]
    texts = [f'in_port = ["""\n{much} ""{much}\n\\"""""", """a"""", \'\'\'{much}\n\'\'{much}\'\'\']']
    check_text_limits("\n".join(names + texts))
    band = parse_set("\n".join(["", *names]), "my.toml")
    assert (band.name, band.model, band.out_port) == (much, f'"{much[:900]}', (much[:900], much[:900]))


def test_headers_that_are_left_open_do_not_add_up() -> None:
    (problem,) = _problems(100 * "[[channel\n")
    assert "this is not TOML" in problem
    assert "line 1" in problem


def test_a_set_as_large_as_one_may_be_is_read() -> None:
    lines = "".join(f"[[control]]\ncc = {i % 120}\nchannel = {1 + i // 120}\ndoes = 'sam'\n" for i in range(1000))
    assert len(parse_set(lines, "my.toml").controls) == 1000
    check_text_limits("#" * MOST_BYTES)
    check_text_limits("a" * MOST_IN_A_ROW)


def test_who_has_very_many_problems_mends_some_of_them_first() -> None:
    problems = _problems("".join(f"tempo_bpn{i} = 1\n" for i in range(900)))
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1] == "my.toml: there may be more problems; fix these first."


HUGE = [2**bits for bits in (1, 64, 1024, 14_000)]
SCALARS = st.sampled_from([*HUGE, *(-number for number in HUGE), 0, 60, True, "a" * 100_000, date(2023, 2, 3)])
VALUES = st.recursive(
    SCALARS | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["60", "61", "9" * 5000]), inner),
    max_leaves=5,
)


@given(value=VALUES)
@example(value=10**5000)
@example(value=[10**5000])
@example(value={"60": 10**5000})
@example(value={"9" * 5000: 1})
def test_a_kind_reads_any_value_or_says_what_it_must_be(value: object) -> None:
    for known in (*SET_SETTINGS.values(), *CHANNEL_SETTINGS.values(), *CONTROL_SETTINGS.values()):
        said = _said(known.kind, value)
        assert said is None or said.endswith((".", "?"))
        assert said is None or len(said) < MOST_IN_A_SENTENCE
        assert said is None or "Exceeds the limit" not in said


def _said(kind: Kind, value: object) -> str | None:
    try:
        kind.read(value)
    except ValueError as problem:
        return str(problem)
    return None


class Stumbling(Kind):
    """A kind with a fault."""

    def read(self, value: object) -> object:
        raise OverflowError(value)


def test_an_unforeseen_fault_of_a_kind_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SET_SETTINGS, "seed", replace(SET_SETTINGS["seed"], kind=Stumbling()))
    assert _problems("seed = 3") == ["my.toml: seed cannot be 3."]


WORDS = st.sampled_from(
    [
        *(*SETTINGS, *STROKES, *" \n.=,[]{}#\"'-+_", "[[channel]]", "[[control]]", "channel = 1\n", "tempo_bpm = "),
        *('"""', "'''", "0x", "1e", "inf", "nan", "true", "1979-05-27", "07:32:00", "\\", "\\u0000"),
        *(500 * "[", 400 * "9", 99 * "a."),
    ]
)


def _only_short_sentences(give: Callable[[], Set]) -> None:
    problems = ["no problem"]
    try:
        give()
    except SetError as error:
        problems = error.problems
    assert problems
    assert all(len(problem.rpartition("any.toml")[2]) < MOST_IN_A_SENTENCE for problem in problems)


@given(text=st.text() | st.lists(WORDS | st.text(max_size=3) | st.integers().map(str)).map("".join))
def test_any_text_is_a_set_or_a_few_short_sentences(text: str) -> None:
    _only_short_sentences(lambda: parse_set(text, "any.toml"))


@given(data=st.binary() | st.text().map(str.encode) | st.lists(WORDS.map(str.encode) | st.binary()).map(b"".join))
def test_any_file_is_a_set_or_a_few_short_sentences(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    _only_short_sentences(lambda: load_set(path))


def test_no_more_of_a_file_is_read_than_a_set_may_have(tmp_path: Path) -> None:
    with (tmp_path / "big.toml").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SetError, match="larger than 64 KiB; keep only its settings"):
        load_set(tmp_path / "big.toml")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    for path in (tmp_path / "pipe.toml", tmp_path, Path(os.devnull), Path("/dev/zero")):
        with pytest.raises(SetError, match="this is a folder, a pipe or a device; give the name of a file"):
            load_set(path)


def test_a_name_that_no_file_can_have_is_a_set_error() -> None:
    for name in ("a\0b", "a" * 5000):
        with pytest.raises(SetError, match="the set cannot be read: "):
            load_set(name)


def test_text_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'seed = 1\r\nname = "Am\xe9lie"')
    with pytest.raises(SetError, match="line 2: the set is not UTF-8 text"):
        load_set(tmp_path / "latin.toml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_does_not_matter(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_bytes('name = "Amélie"'.encode(encoding))
    assert load_set(tmp_path / "my.toml").name == "Amélie"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_told_in_one_sentence(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_bytes('name = "Trio"'.encode(encoding))
    with pytest.raises(SetError, match=r"my\.toml: the set is UTF-16 text; save it as UTF-8\.$"):
        load_set(tmp_path / "my.toml")


def test_lines_may_end_as_on_any_system(tmp_path: Path) -> None:
    for end in (b"\n", b"\r\n", b"\r"):
        (tmp_path / "my.toml").write_bytes(end.join([b"seed = 3", b"thru = false", b""]))
        assert (load_set(tmp_path / "my.toml").seed, load_set(tmp_path / "my.toml").thru) == (3, False)
