"""`bollylive jam` and `bollylive ports` from the command line, with and without a MIDI system."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ALSA_SEQUENCER, NO_SERVER, ROOT, Call, sentence, tracks_of

from bollylive import ports
from bollylive.errors import PortError
from bollylive.midi.song_files import read_song


def without_midi(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own on a machine where no MIDI system answers."""
    if ALSA_SEQUENCER.exists():
        pytest.skip(f"{ALSA_SEQUENCER} is there, so ALSA answers.")
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, "-m", "bollylive", *arguments],
        cwd=folder,
        env={**os.environ, **NO_SERVER, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have MIDI")
def test_without_a_midi_system_jam_says_what_to_install_and_records_the_demo(tmp_path: Path, tiny_model: Path) -> None:
    ended = without_midi(tmp_path, "jam", "--model", str(tiny_model), "--seed", "1")
    assert ended.returncode == 0
    told = sentence(ended.stderr)
    assert told.startswith(
        "bollylive: No MIDI system answers; to get one, load the ALSA sequencer (modprobe snd-seq), "
    )
    assert 0 < told.index("pw-jack") < told.index("install jackd2") < told.index("(The drivers say: alsa: ")
    assert "recorded bollylive-demo.mid: " in ended.stdout
    players = {name.rpartition(" ")[2] for name in tracks_of(tmp_path / "bollylive-demo.mid")}
    assert players == {"(musician)", "(model)"}

    first = (tmp_path / "bollylive-demo.mid").read_bytes()
    more = without_midi(tmp_path, "jam", "--model", str(tiny_model), "--seed", "2")
    assert "bollylive-demo.mid exists already; the recording goes to bollylive-demo-2.mid." in more.stdout
    assert "recorded bollylive-demo-2.mid: " in more.stdout
    assert (tmp_path / "bollylive-demo.mid").read_bytes() == first != (tmp_path / "bollylive-demo-2.mid").read_bytes()

    again = without_midi(tmp_path, "jam", "--demo", "--model", str(tiny_model), "--seed", "1", "--record", "again.mid")
    assert again.returncode == 0
    assert (tmp_path / "again.mid").read_bytes() == (tmp_path / "bollylive-demo.mid").read_bytes()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have MIDI")
@pytest.mark.parametrize(
    "asked", [("--api", "jack"), ("--in", "a port"), ("--out", "a port"), ("--record", "take.mid")]
)
def test_who_asks_for_a_midi_system_a_port_or_a_recording_gets_no_demo_instead(
    tmp_path: Path, tiny_model: Path, asked: tuple[str, str]
) -> None:
    ended = without_midi(tmp_path, "jam", "--model", str(tiny_model), *asked)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "No MIDI system answers" in sentence(ended.stderr)
    assert list(tmp_path.iterdir()) == []


def test_several_ports_can_be_named_on_the_command_line(call: Call, tiny_model: Path) -> None:
    status, out, err = call("jam", "--model", tiny_model, "--no-journal", "--in", "virtual", "--in", "a", "--in", "A")
    assert (status, out) == (1, "")
    assert "The MIDI port 'a' is named twice" in err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have MIDI")
def test_without_a_midi_system_there_are_no_ports_to_list(tmp_path: Path) -> None:
    ended = without_midi(tmp_path, "ports")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert sentence(ended.stderr).startswith("bollylive: No MIDI system answers; to get one, ")


def test_of_several_midi_systems_those_that_do_not_answer_are_told_in_the_list(
    monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    def list_ports(api: str | None) -> tuple[list[str], list[str]]:
        if api != "jack":
            raise PortError("No MIDI system answers.")
        return ["Keys:out"], []

    monkeypatch.setattr(ports, "available_apis", lambda: ["alsa", "jack"])
    monkeypatch.setattr(ports, "list_ports", list_ports)
    assert call("ports") == (0, "alsa: not running\njack in: Keys:out\njack out: none\n", "")


@pytest.mark.ports
def test_ports_lists_what_can_be_joined(jack_server: dict[str, str], call: Call) -> None:
    status, out, err = call("ports", "--api", "jack")
    assert (status, err) == (0, "")
    assert [line.split(":")[0] for line in out.splitlines()] == ["jack in", "jack out"]


@pytest.mark.ports
@pytest.mark.slow
def test_jam_ends_after_its_seconds_with_a_recording_its_figures_and_a_journal_of_the_same(
    jack_server: dict[str, str], call: Call, tmp_path: Path, tiny_model: Path
) -> None:
    take, figures = tmp_path / "take.mid", tmp_path / "figures.json"
    options = ["--demo", "--seconds", "2", "--record", str(take), "--figures", str(figures), "--seed", "1"]
    options += ["--journal", str(tmp_path / "journals")]
    command = [sys.executable, "-m", "bollylive", "jam", "--api", "jack", "--model", str(tiny_model), *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    lines = ended.stdout.splitlines()
    assert sum(line.startswith("Nothing is connected to 'BollyLive Out:out', so nobody hears") for line in lines) == 1
    words = [line.split()[0] for line in lines if not line.startswith("Nothing")]
    assert words == ["in:", "tempo:", "ready:", "recorded", "journal", "planned"], ended.stdout
    assert "1 Melody (musician)" in tracks_of(take)
    again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (again.returncode, again.stderr) == (0, ""), again.stdout
    assert again.stdout.startswith(f"{take} exists already; the recording goes to {tmp_path / 'take-2.mid'}.\n")
    assert f"recorded {tmp_path / 'take-2.mid'}: " in again.stdout
    recovered = tmp_path / "recovered.mid"
    assert call("recover", tmp_path / "journals", "--out", recovered)[0] == 0
    taken, newest = read_song(tmp_path / "take-2.mid"), read_song(recovered)
    assert (newest.programs, newest.tempos, newest.meters) == (taken.programs, taken.tempos, taken.meters)
    assert newest.notes == taken.notes
    assert {"planned_notes", "late_ms_p99", "dropped_late"} <= set(json.loads(figures.read_text(encoding="utf-8")))
