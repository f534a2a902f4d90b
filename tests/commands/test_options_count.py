"""What an option asks for is done, or the command says why not, and says it before it begins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from command_line import Call, sentence, tracks_of

from bollylive.errors import PortError
from bollylive.midi.messages import Note
from bollylive.midi.song import Track
from bollylive.midi.song_files import read_song, write_song

NO_MIDI = "No MIDI system answers."


def _unexpected(*_: object) -> None:
    pytest.fail("the command has begun")


@pytest.mark.parametrize(
    ("command", "works"),
    [
        ("jam --record take.mid", "bollylive.jam.jam"),
        ("perform nowhere.mid --out out.mid", "bollylive.midi.song_files.read_song"),
        ("generate --from nowhere.mid --out out.mid", "bollylive.midi.song_files.read_song"),
        ("bench --live", "bollylive.bench.kinds.bench_live"),
        ("bench", "bollylive.bench.kinds.bench"),
    ],
)
@pytest.mark.parametrize(
    ("model", "complaint"), [("nobody", "there is no model 'nobody'; "), ("a.onnx", "a.onnx: there is no such model")]
)
def test_a_model_that_is_not_there_is_told_before_anything_begins(
    command: str, works: str, model: str, complaint: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(works, _unexpected)
    status, out, err = call(*command.split(), "--model", model)
    assert (status, out) == (1, "")
    assert sentence(err).startswith(f"bollylive: {complaint}")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def without_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the program runs, on a machine where no MIDI system answers."""

    def jam(*_: object) -> None:
        raise PortError(NO_MIDI)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bollylive.jam.jam", jam)
    return tmp_path


def test_the_demo_without_ports_is_as_long_as_asked_for(call: Call, without_ports: Path, tiny_model: Path) -> None:
    lengths = {}
    for name, seconds in (("short.mid", ["--seconds", "4"]), ("whole.mid", []), ("long.mid", ["--seconds", "40"])):
        status, _, err = call("jam", "--demo", "--model", tiny_model, "--seed", "1", "--record", name, *seconds)
        assert (status, sentence(err)) == (0, f"bollylive: {NO_MIDI}")
        lengths[name] = read_song(without_ports / name).length_beats
    beats_of_4_s = 4 * 100 / 60  # at the default set's tempo
    assert beats_of_4_s - 2 < lengths["short.mid"] <= beats_of_4_s
    assert lengths["short.mid"] < lengths["whole.mid"] < lengths["long.mid"]


def test_the_demo_without_ports_that_ends_at_once_is_no_recording(
    call: Call, without_ports: Path, tiny_model: Path
) -> None:
    status, out, _ = call("jam", "--demo", "--model", tiny_model, "--seconds", "0")
    assert status == 0
    assert "Nothing was played" in out
    assert list(without_ports.iterdir()) == []


@pytest.mark.parametrize("asked", [("--figures", "figures.json"), ("--journal", "here"), ("--link",), ("--in", "a")])
def test_who_asks_for_what_only_ports_give_gets_no_demo_instead(
    asked: tuple[str, ...], call: Call, without_ports: Path, tiny_model: Path
) -> None:
    status, out, err = call("jam", "--demo", "--model", tiny_model, *asked)
    assert (status, out, sentence(err)) == (1, "", f"bollylive: {NO_MIDI}")
    assert list(without_ports.iterdir()) == []


def test_channels_that_the_song_lacks_are_told_and_the_others_play(
    call: Call, song: Path, tmp_path: Path, tiny_model: Path
) -> None:
    out = tmp_path / "out.mid"
    common = ("perform", song, "--out", out, "--model", tiny_model, "--seed", "1", "--channels")
    for channels, complaint in (("1,5", "channel 5"), ("7,1,5", "channels 5, 7")):
        status, _, err = call(*common, channels)
        assert (status, sentence(err)) == (0, f"bollylive: song: there are no notes on {complaint}.")
        assert tracks_of(out)[0] == "1 Melody (musician)"


def test_a_song_that_takes_all_channels_leaves_the_band_none_and_perform_says_what_to_do(
    call: Call, tmp_path: Path, tiny_model: Path
) -> None:
    song, band, out = tmp_path / "full.mid", tmp_path / "band.toml", tmp_path / "out.mid"
    accompanying = "".join(f"[[channel]]\nchannel = {number}\nrole = 'accompany'\n" for number in (2, 10))
    band.write_text(f"default_role = 'player'\n{accompanying}", encoding="utf-8")
    tune = tuple(Note(0, 60 + i % 5, 90, float(i), 0.9) for i in range(8))
    write_song(
        song, [Track("", channel, 0, tuple(replace(note, channel=channel) for note in tune)) for channel in range(16)]
    )
    common = ("perform", song, "--out", out, "--set", band, "--model", tiny_model, "--seed", "1")
    status, said, err = call(*common)
    assert status == 0
    told = sentence(err)
    assert told.startswith("bollylive: The band added nothing, because the file itself plays on the channels of its")
    assert "accompaniment (2, 10); name the channels that are yours with --channels" in told
    assert "(model)" not in said
    assert [name.split()[0] for name in tracks_of(out)] == [str(number) for number in range(1, 17)]

    status, said, err = call(*common, "--channels", "1")
    assert (status, err) == (0, "")
    assert "(model)" in said


def test_generate_says_that_it_takes_no_instruments_from_a_set_and_only_then(
    call: Call, song: Path, tmp_path: Path, tiny_model: Path
) -> None:
    whole, knobs = tmp_path / "whole.toml", tmp_path / "knobs.toml"
    whole.write_text("[[channel]]\nchannel = 1\nprogram = 40\n", encoding="utf-8")
    knobs.write_text("temperature = 0.9\nchannel = []\n", encoding="utf-8")
    sentence_of_programs = "The instruments are the song's. Of the set, `generate` takes only how notes are chosen.\n"
    common = ("generate", "--from", song, "--notes", "20", "--at", "8", "--seed", "1", "--model", tiny_model)
    for given, told in (((), False), (("--set", knobs), False), (("--set", whole), True)):
        status, said, err = call(*common, "--out", tmp_path / "out.mid", *given)
        assert (status, err) == (0, "")
        assert said.endswith(sentence_of_programs) is told
    assert read_song(tmp_path / "out.mid").programs[0] == 73  # the song's flute, and no violin


def test_bench_says_what_it_takes_of_a_set_and_refuses_what_it_would_ignore(
    call: Call, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []

    def bench(model: str, *_: object) -> dict[str, object]:
        measured.append(model)
        return {"machine": "ours"}

    monkeypatch.setattr("bollylive.bench.kinds.bench", bench)
    band = tmp_path / "band.toml"
    band.write_text(f"model = '{tiny_model}'\nchannel = []\n", encoding="utf-8")
    status, said, err = call("bench", "--set", band)
    assert (status, err) == (0, "")
    assert said.endswith("Of the set, `bench` takes only the model.\n")
    assert measured == [str(tiny_model)]
    for option in ("--seed", "--buffer"):
        status, _, err = call("bench", option, "5")
        assert status == 2
        assert f"unrecognized arguments: {option} 5" in err
