"""`bollylive check`: every problem at once, with its cure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import Call, sentence

from bollylive.check import describe_channel
from bollylive.sets.settings import ChannelSet


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (
            ChannelSet(1, "Bass", "accompany", 35),
            "Bass, fretless bass: the model plays along; where you play its channel, it waits",
        ),
        (ChannelSet(0, program=104, sound_program=105, role="player"), "sitar, sound banjo: only you play it"),
        (ChannelSet(9, "Percussion", "off"), "Percussion: nobody plays it"),
        (ChannelSet(9, "Drums", "off"), "Drums, percussion: nobody plays it"),
        (ChannelSet(3, role="off"), "any instrument: nobody plays it"),
    ],
)
def test_an_instrument_is_described_by_what_it_is_and_by_who_plays_it(own: ChannelSet, sentence: str) -> None:
    assert describe_channel(own) == sentence


def test_check_reports_every_problem_of_a_set_at_once(call: Call, tmp_path: Path) -> None:
    band = tmp_path / "band.toml"
    band.write_text('tempo_bpm = 5\ntempp = 3\n[[channel]]\nchannel = 17\nrole = "acompany"\n', encoding="utf-8")
    status, out, err = call("check", band)
    assert (status, err) == (1, "")
    problems = [line for line in out.splitlines() if line.startswith("problem ") and str(band) in line]
    assert len(problems) == 4
    for part in (
        "tempo_bpm must be from 20 to 300",
        "there is no setting tempp",
        "from 1 to 16, not 17",
        "'accompany'?",
    ):
        assert sum(part in problem for problem in problems) == 1, part


def test_check_reports_a_missing_model_and_a_missing_port_beside_a_good_set(call: Call, tmp_path: Path) -> None:
    band = tmp_path / "band.toml"
    band.write_text('name = "Duo"\nmodel = "nobody"\nin_port = "no such port"\nchannel = []\n', encoding="utf-8")
    status, out, err = call("check", band)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == "ok       set: Duo, 0 channels"
    assert [line.split()[0] for line in lines] == ["ok", "problem", "problem"]
    assert "MIDI" in lines[1]
    assert "there is no model 'nobody'" in lines[2]


def test_check_tells_a_control_that_can_do_nothing(call: Call, tmp_path: Path) -> None:
    band = tmp_path / "band.toml"
    band.write_text("[[control]]\ncc = 20\ndoes = 'hand over'\non = 2\n", encoding="utf-8")
    status, out, _ = call("check", band)
    assert status == 1
    assert out.startswith("ok       set: band, 5 channels\n")
    assert "problem  [[control]] number 1: hand over has no effect on channel 2, whose role is 'accompany'" in out


def test_without_its_library_ableton_link_is_refused_in_a_sentence(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "link", None)
    band = tmp_path / "band.toml"
    band.write_text("link = true\n", encoding="utf-8")
    for arguments in (["--link"], ["--set", band]):
        status, out, err = call("jam", "--no-journal", *arguments)
        assert (status, out) == (1, "")
        assert "pip install 'bollylive[link]'" in sentence(err)
    _, out, _ = call("check", band)
    assert "problem  Ableton Link needs a library that is not installed" in out


@pytest.mark.ports
def test_check_of_what_is_in_order_has_no_problem(
    jack_server: dict[str, str], call: Call, tmp_path: Path, tiny_model: Path
) -> None:
    band = tmp_path / "band.toml"
    band.write_text(f"model = '{tiny_model}'\nchannel = []\n", encoding="utf-8")
    status, out, _ = call("check", band, "--api", "jack")
    assert status == 0
    assert [line.split()[:2] for line in out.splitlines()] == [["ok", "set:"], ["ok", "ports:"], ["ok", "model:"]]


@pytest.mark.ports
def test_check_with_real_ports_names_those_that_are_there(
    jack_server: dict[str, str], call: Call, tmp_path: Path, tiny_model: Path
) -> None:
    band = tmp_path / "band.toml"
    band.write_text(f"model = '{tiny_model}'\nin_port = 'no such port'\n", encoding="utf-8")
    status, out, _ = call("check", band, "--api", "jack")
    assert status == 1
    assert "problem  There is no MIDI input 'no such port'; there are:" in out
