"""`bollylive check`: every problem at once, with its cure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import Call, sentence

from bollylive.check import describe_channel, describe_notes
from bollylive.processes.apart import open_ports
from bollylive.sets.settings import ChannelSet, Handover, Set


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
        (
            ChannelSet(4, role="off", program=48, part=("pad", "answer")),
            "string ensemble 1, pad and answer: nobody plays it",
        ),
        (ChannelSet(3, role="off"), "any instrument: nobody plays it"),
    ],
)
def test_an_instrument_is_described_by_what_it_is_and_by_who_plays_it(own: ChannelSet, sentence: str) -> None:
    assert describe_channel(own) == sentence


@pytest.mark.parametrize(
    ("band", "sentences"),
    [
        (Set(scale="free"), []),
        (Set(scale="own"), ["scale: the notes that you have used tonight"]),
        (Set(scale="A minor"), ["scale: A minor, C D E F G Ab A B"]),
        (Set(scale="D dorian", raga="yaman", sa=2), ["raga: yaman on D, S R G M' P D N"]),
    ],
)
def test_the_notes_that_a_band_keeps_to_are_named(band: Set, sentences: list[str]) -> None:
    assert list(describe_notes(band)) == sentences


@pytest.mark.parametrize(
    ("own", "handover", "who"),
    [
        (ChannelSet(0), "silence", "the model takes over when you stop, and"),
        (ChannelSet(0), "command", "the model takes over when a control hands over, and"),
        (
            ChannelSet(0, answer_bars=2),
            "bar",
            "the model takes over for 2 bars at the first bar line after you stop, and",
        ),
        (
            ChannelSet(0, handover="flow"),
            "command",
            "the model takes over without a gap when you leave out a note, and",
        ),
        (
            ChannelSet(1, role="respond"),
            "silence",
            "on this channel with one of the same length, from the next bar line",
        ),
        (ChannelSet(1, role="respond", answer_bars=1), "bar", "on this channel with 1 bar, from the next bar line on"),
        (ChannelSet(1, role="respond"), "command", "with one of the same length, when a control hands over"),
    ],
)
def test_the_sentence_says_when_the_model_plays_and_for_how_long(own: ChannelSet, handover: Handover, who: str) -> None:
    assert who in describe_channel(own, handover)


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


def test_check_reports_a_missing_model_and_a_missing_midi_system_beside_a_good_set(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "bollylive-nobody")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    band = tmp_path / "band.toml"
    band.write_text('name = "Duo"\nmodel = "nobody"\nin_port = "no such port"\nchannel = []\n', encoding="utf-8")
    status, out, err = call("check", "--api", "jack", band)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == "ok       set: Duo, 0 channels"
    assert lines[1] == "ok       scale: the notes that you have used tonight"
    assert [line.split()[0] for line in lines] == ["ok", "ok", "problem", "problem"]
    assert "MIDI" in lines[2]
    assert "there is no model 'nobody'" in lines[3]


def test_check_tells_a_control_that_can_do_nothing(call: Call, tmp_path: Path) -> None:
    band = tmp_path / "band.toml"
    band.write_text("[[control]]\ncc = 20\ndoes = 'hand over'\non = 2\n", encoding="utf-8")
    status, out, _ = call("check", band)
    assert status == 1
    assert out.startswith("ok       set: band, 5 channels\n")
    assert "problem  [[control]] number 1: hand over has no effect on channel 2, whose role is 'accompany'" in out


def test_check_tells_which_instruments_lie_inside_an_mpe_zone(call: Call, tmp_path: Path) -> None:
    band = tmp_path / "band.toml"
    band.write_text("mpe = 9\n", encoding="utf-8")
    status, out, _ = call("check", band)
    assert status == 1
    assert (
        "problem  The MPE zone of channel 1 leaves nobody to play these channels of the set: 2 (Bass), 3 (Strings), 4 "
        "(Harmonium), 10 (Percussion); give them other channels, or make the zone smaller.\n"
    ) in out
    assert "ok       channel 2: Bass, electric bass (finger), bass: nobody plays it\n" in out
    band.write_text("mpe = 9\n[[channel]]\nchannel = 1\n[[channel]]\nchannel = 11\n", encoding="utf-8")
    assert "MPE" not in call("check", band)[1]


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


class FakeClient:
    """A client of a MIDI system with one keyboard that is there, and one synthesiser."""

    def __init__(self, offered: list[str]) -> None:
        self.offered = offered

    def get_ports(self) -> list[str]:
        return self.offered

    def open_port(self, port: int, name: str) -> None:
        pass

    def get_message(self) -> None:
        pass

    def close_port(self) -> None:
        pass

    def delete(self) -> None:
        pass


def _open_system(_api: str | None, _in_name: str, _out_name: str) -> tuple[str, FakeClient, FakeClient]:
    return "core", FakeClient(["Keys", "Big keys"]), FakeClient(["Synth"])


@pytest.mark.parametrize(
    ("keyboard", "status", "told"),
    [
        ("Keys", 0, "ok       ports: you play into Keys, the band plays to Synth (core)\n"),
        ("pads", 0, "ok       ports: you play into pads (not there yet), the band plays to Synth (core)\n"),
        (
            "pads",
            0,
            "ok       ports: There is no MIDI input 'pads' yet; it is joined when it comes. There are: 'Keys', "
            "'Big keys'.\n",
        ),
        ("ey", 1, "problem  'ey' could be any of these MIDI inputs: 'Keys', 'Big keys'; give more of the name.\n"),
    ],
)
def test_a_port_for_which_jam_waits_is_told_and_no_problem(
    keyboard: str,
    status: int,
    told: str,
    call: Call,
    tmp_path: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bollylive.io.rtmidi_backend.open_system", _open_system)
    monkeypatch.setattr("bollylive.check.try_ports", open_ports)  # here, and not in a process of its own
    band = tmp_path / "band.toml"
    band.write_text(f"model = '{tiny_model}'\nin_port = '{keyboard}'\nout_port = 'Synth'\n", encoding="utf-8")
    assert call("check", band)[0] == status
    assert told in call("check", band)[1]


@pytest.mark.ports
def test_check_of_what_is_in_order_has_no_problem(
    jack_server: dict[str, str], call: Call, tmp_path: Path, tiny_model: Path
) -> None:
    band = tmp_path / "band.toml"
    band.write_text(f"model = '{tiny_model}'\nchannel = []\n", encoding="utf-8")
    status, out, _ = call("check", band, "--api", "jack")
    assert status == 0
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["ok", "set:"],
        ["ok", "scale:"],
        ["ok", "ports:"],
        ["ok", "model:"],
    ]


@pytest.mark.ports
def test_check_with_real_ports_names_those_that_are_there(
    jack_server: dict[str, str], call: Call, tmp_path: Path, tiny_model: Path
) -> None:
    band = tmp_path / "band.toml"
    band.write_text(f"model = '{tiny_model}'\nin_port = 'no such port'\n", encoding="utf-8")
    status, out, _ = call("check", band, "--api", "jack")
    assert status == 0
    assert "ok       ports: There is no MIDI input 'no such port' yet; it is joined when it comes. There are:" in out
