"""The command line: what it answers, with which status, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mido
import pytest
from music import write_song

from bollylive import __version__
from bollylive.cli import main
from bollylive.journal.folder import default_folder
from bollylive.journal.lines import Header, header_line, sent_line
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.midi.song_files import read_song
from bollylive.protocol import Sent

COMMANDS = ("jam", "perform", "generate", "recover", "ports", "check", "watch", "bench")
ROOT = Path(__file__).parents[2]
NO_SERVER = {"JACK_DEFAULT_SERVER": "nobody-is-here", "JACK_NO_START_SERVER": "1"}
ALSA_SEQUENCER = Path("/dev/snd/seq")

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command; gives its status and what it wrote on both streams."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Flute (1), harmonium (2), bass (3) and drums (10)."""
    return write_song(tmp_path / "song.mid", bars=4)


def sentence(err: str) -> str:
    """The one line that a command which fails leaves."""
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("bollylive: ")
    return lines[0]


def tracks_of(path: Path) -> list[str]:
    """The names of a file's tracks, without the first, which holds only the tempo."""
    return [track.name for track in mido.MidiFile(path).tracks[1:]]


def test_the_version(call: Call) -> None:
    assert call("--version") == (0, f"bollylive {__version__}\n", "")


def test_help_names_every_command(call: Call) -> None:
    status, out, _ = call("--help")
    assert status == 0
    assert all(f"\n    {command} " in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, call: Call) -> None:
    status, out, _ = call(command, "--help")
    assert status == 0
    assert out.startswith(f"usage: bollylive {command}")


@pytest.mark.parametrize(
    ("arguments", "sentence_part"),
    [
        ("", "COMMAND"),
        ("sing", "invalid choice: 'sing'"),
        ("jam --tempo 5", "--tempo: a number from 20 to 300 is needed, not '5'"),
        ("jam --tempo fast", "--tempo: a number from 20 to 300 is needed, not 'fast'"),
        ("jam --tempo nan", "--tempo: a number from 20 to 300 is needed, not 'nan'"),
        ("jam --buffer 2", "--buffer: a number from 4 to 512 is needed, not '2'"),
        ("jam --seed -1", "--seed"),
        ("jam --seconds -1", "--seconds: a number from 0"),
        ("jam --api oss", "--api: invalid choice: 'oss'"),
        ("jam --loud", "unrecognized arguments: --loud"),
        ("perform a.mid --out b.mid --channels 0,17", "--channels: channels are numbers from 1 to 16"),
        ("perform a.mid --out b.mid --channels 1,,2", "not '1,,2'"),
        ("perform a.mid", "--out"),
        ("generate --out b.mid", "--from"),
        ("jam --journal here --no-journal", "not allowed with argument --journal"),
        ("recover a.jsonl", "--out"),
        ("recover --out a.mid --minutes 0", "--minutes: a number from 0.1"),
        ("generate --from a.mid --out b.mid --notes 0", "--notes: a number from 1"),
        ("generate --from a.mid --out b.mid --at -4", "--at: a number from 0"),
    ],
)
def test_wrong_arguments_are_answered_with_a_sentence_and_status_2(
    arguments: str, sentence_part: str, call: Call
) -> None:
    status, out, err = call(*arguments.split())
    assert (status, out) == (2, "")
    assert sentence_part in err.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        *("perform SONG --out PLACE", "generate --from SONG --out PLACE", "recover SONG --out PLACE"),
        *("jam --record PLACE", "bench --json PLACE"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_refused_before_anything_is_played(
    arguments: str, call: Call, song: Path, tmp_path: Path
) -> None:
    before = set(tmp_path.rglob("*"))
    for place, complaint in ((tmp_path / "no" / "out.mid", "there is no folder"), (tmp_path, "this is a folder")):
        words = [{"SONG": str(song), "PLACE": str(place)}.get(word, word) for word in arguments.split()]
        status, out, err = call(*words)
        assert (status, out) == (1, "")
        assert f"{place}: {complaint}" in sentence(err)
    assert set(tmp_path.rglob("*")) == before


JOURNAL = header_line(Header()) + sent_line(Sent(NoteOn(0, 60, 90), "musician", 1.0, 0.0))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def things(tmp_path: Path, song: Path, tiny_model: Path) -> dict[str, Path]:
    """All kinds of files that a command reads, and one that is no business of ours."""
    there = {
        "SONG": song,
        "SET": tmp_path / "band.toml",
        "JOURNAL": tmp_path / "bollylive-20250601-201503.jsonl",
        "PLAIN": tmp_path / "journal.txt",
        "MODEL": tmp_path / "own-v1.onnx",
        "SIDECAR": tmp_path / "own-v1.json",
        "NOTES": tmp_path / "notes.txt",
        "LETTER": tmp_path / "letter.mid",
        "EMPTY": tmp_path / "empty.toml",
    }
    there["SET"].write_text("name = 'Duo'\n", encoding="utf-8")
    there["JOURNAL"].write_bytes(JOURNAL)
    there["PLAIN"].write_bytes(JOURNAL)
    there["MODEL"].write_bytes(tiny_model.read_bytes())
    there["SIDECAR"].write_bytes(tiny_model.with_suffix(".json").read_bytes())
    there["NOTES"].write_text("the words of a song\n", encoding="utf-8")
    there["LETTER"].write_text("Dear Asha, ...\n", encoding="utf-8")
    there["EMPTY"].write_bytes(b"")
    return there


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("perform SONG --out SONG", "this is the song to play along with; give --out another name"),
        ("perform SONG --out SET", "this is a set, which is never replaced; give --out another name"),
        ("perform SONG --out EMPTY", "this is a set, which is never replaced"),
        ("perform SONG --out JOURNAL", "this is a journal, which is never replaced"),
        ("perform SONG --out MODEL", "this is a model, which is never replaced"),
        ("perform SONG --out LETTER", "this file exists and is not a MIDI file; give --out another name"),
        ("perform SONG --out NOTES --set SET", "this file exists and is not a MIDI file"),
        ("perform SONG --out SET --set SET", "this is the set; give --out another name"),
        ("generate --from SONG --out SONG", "this is the song to continue"),
        ("generate --from SONG --out PLAIN", "this file exists and is not a MIDI file"),
        ("recover JOURNAL --out JOURNAL", "this is the journal; give --out another name"),
        ("recover PLAIN --out PLAIN", "this is the journal"),
        ("recover PLAIN --out JOURNAL", "this is a journal, which is never replaced"),
        ("jam --record SET --set SET", "this is the set; give --record another name"),
        ("jam --record NOTES", "this file exists and has no name of a MIDI file; give --record a name like take.mid"),
        ("jam --record MODEL", "this file exists and has no name of a MIDI file"),
        ("jam --figures SET --set SET", "this is the set; give --figures another name"),
        (
            "jam --figures SIDECAR",
            "this file exists and is not a file of BollyLive's figures; give --figures",
        ),
        ("jam --figures JOURNAL", "this is a journal, which is never replaced"),
        ("jam --figures SONG", "this file exists and is not a file of BollyLive's figures"),
        ("bench --json SIDECAR", "this file exists and is not a file of BollyLive's figures; give --json"),
        ("bench --json SET --set SET", "this is the set; give --json another name"),
        ("bench --json NOTES", "this file exists and is not a file of BollyLive's figures"),
    ],
)
def test_nothing_but_what_such_a_command_wrote_is_ever_written_over(
    command: str, why: str, call: Call, tmp_path: Path, things: dict[str, Path]
) -> None:
    before = files(tmp_path)
    status, out, err = call(*[things.get(word, word) for word in command.split()])
    assert (status, out) == (1, "")
    target = things[re.findall(r"--(?:out|record|figures|json) (\w+)", command)[0]]
    assert sentence(err).startswith(f"bollylive: {target}: {why}")
    assert files(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has links for few")
@pytest.mark.parametrize("kind", ["symbolic", "hard", "folder"])
@pytest.mark.parametrize("command", ["perform SONG --out OTHER", "generate --from OTHER --out SONG"])
def test_an_input_under_another_name_is_not_written_over_either(
    kind: str, command: str, call: Call, tmp_path: Path, song: Path
) -> None:
    other = tmp_path / "other.mid"
    match kind:
        case "symbolic":
            other.symlink_to(song.name)
        case "hard":
            other.hardlink_to(song)
        case "folder":
            (tmp_path / "folder").symlink_to(".")
            other = tmp_path / "folder" / song.name
    before = song.read_bytes()
    status, out, err = call(*[{"SONG": song, "OTHER": other}.get(word, word) for word in command.split()])
    assert (status, out) == (1, "")
    assert "this is the song" in sentence(err)
    assert song.read_bytes() == before


def test_all_files_that_cannot_be_written_are_reported_at_once(
    call: Call, tmp_path: Path, things: dict[str, Path]
) -> None:
    status, _, err = call("jam", "--record", things["NOTES"], "--figures", things["SIDECAR"])
    assert status == 1
    assert [line.count("give --") for line in err.splitlines()] == [1, 1]
    status, _, err = call("jam", "--record", tmp_path / "a", "--figures", tmp_path / "A")
    assert status == 1
    assert "--record and --figures need different names" in sentence(err)


@pytest.mark.parametrize("arguments", ["perform a.mid --out", "recover --out", "jam --record", "bench --json"])
@pytest.mark.parametrize("name", ["", "out.mid/", "/"])
def test_what_names_no_file_is_answered_with_a_sentence_and_status_2(arguments: str, name: str, call: Call) -> None:
    status, out, err = call(*arguments.split(), name)
    assert (status, out) == (2, "")
    assert f"the name of a file is needed, not {name!r}" in err.splitlines()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has links for few, and other bounds")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("loop.mid", "this link leads back to itself; remove it"),
        ("dangling.mid", "which does not exist; remove the link"),
        ("loop.mid/out.mid", "the file cannot be written"),
        ("song.mid/out.mid", "the file cannot be written: Not a directory; choose another folder"),
        ("x" * 256, "the file cannot be written: File name too long; choose a shorter one"),
    ],
)
def test_links_that_lead_nowhere_and_names_that_cannot_be_are_refused_before_anything_is_played(
    name: str, why: str, call: Call, tmp_path: Path, song: Path
) -> None:
    (tmp_path / "loop.mid").symlink_to("loop.mid")
    (tmp_path / "dangling.mid").symlink_to("nothing.mid")
    status, out, err = call("perform", song, "--out", tmp_path / name)
    assert (status, out) == (1, "")
    assert why in sentence(err)


def test_a_command_writes_over_its_own_output_and_an_empty_file(
    call: Call, tmp_path: Path, song: Path, tiny_model: Path
) -> None:
    out = tmp_path / "out.mid"
    out.touch()
    for seed in ("1", "2"):
        assert call("perform", song, "--out", out, "--model", tiny_model, "--seed", seed)[0] == 0
        assert read_song(out).notes


def test_figures_are_written_over_by_the_next(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for load in (0.25, 0.5):
        monkeypatch.setattr("bollylive.bench.bench.bench", lambda *_, load=load: {"machine": "ours", "load": load})
        assert call("bench", "--quick", "--json", tmp_path / "figures.json")[0] == 0
        assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["load"] == load


def test_what_came_to_the_place_of_an_output_meanwhile_stays(
    call: Call, tmp_path: Path, song: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mid"

    def perform_slowly(*arguments: object) -> object:
        out.write_text("somebody's letter", encoding="utf-8")
        return ()

    monkeypatch.setattr("bollylive.perform.perform", perform_slowly)
    status, said, err = call("perform", song, "--out", out, "--model", tiny_model)
    assert (status, said) == (1, "")
    assert "this file exists and is not a MIDI file" in sentence(err)
    assert out.read_text(encoding="utf-8") == "somebody's letter"
    assert not list(tmp_path.glob(".bollylive*"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems' names are text")
def test_a_path_that_is_no_text_is_printed_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"tak\xe9s")
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(JOURNAL)
    command = [sys.executable, "-m", "bollylive", "recover", str(folder / "a.jsonl"), "--out", str(folder / "a.mid")]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8:strict"}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert "/tak\\udce9s/a.mid: 1 " in ended.stdout
    assert "breaks off" in sentence(ended.stderr)


def test_check_reports_every_problem_of_a_set_at_once(call: Call, tmp_path: Path) -> None:
    band = tmp_path / "band.toml"
    band.write_text('tempo_bpm = 5\ntempp = 3\n[[channel]]\nchannel = 17\nrole = "acompany"\n', encoding="utf-8")
    status, out, err = call("check", band)
    assert (status, err) == (1, "")
    problems = [line for line in out.splitlines() if line.startswith("problem ") and str(band) in line]
    assert len(problems) == 4
    for part in ("tempo_bpm must be from 20 to 300", "there is no tempp", "from 1 to 16, not 17", "'accompany'?"):
        assert sum(part in problem for problem in problems) == 1, part


def test_check_reports_a_missing_model_and_a_missing_port_beside_a_good_set(call: Call, tmp_path: Path) -> None:
    band = tmp_path / "band.toml"
    band.write_text('name = "Duo"\nmodel = "nobody"\nin_port = "no such port"\n', encoding="utf-8")
    status, out, err = call("check", band)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == "ok       set: Duo, 0 channels"
    assert [line.split()[0] for line in lines] == ["ok", "problem", "problem"]
    assert "MIDI" in lines[1]
    assert "there is no model 'nobody'" in lines[2]


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
    band.write_text(f"model = '{tiny_model}'\n", encoding="utf-8")
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


def test_a_missing_set_is_one_sentence(call: Call, tmp_path: Path) -> None:
    status, out, err = call("jam", "--set", tmp_path / "none.toml")
    assert (status, out) == (1, "")
    assert "none.toml: the set cannot be read" in sentence(err)


def test_a_missing_model_is_one_sentence(call: Call, song: Path, tmp_path: Path) -> None:
    for model, complaint in (("nobody", "there is no model 'nobody'"), ("nobody.onnx", "no such model file")):
        status, out, err = call("perform", song, "--out", tmp_path / "out.mid", "--model", model)
        assert (status, out) == (1, "")
        assert complaint in sentence(err)
    assert not (tmp_path / "out.mid").exists()


def test_perform_gives_the_same_bytes_for_the_same_seed_and_others_for_another(
    call: Call, song: Path, tmp_path: Path, tiny_model: Path
) -> None:
    files = []
    for name, seed in (("a.mid", 1), ("b.mid", 1), ("c.mid", 2)):
        out = tmp_path / name
        assert call("perform", song, "--out", out, "--model", tiny_model, "--seed", str(seed))[0] == 0
        files.append(out.read_bytes())
    assert files[0] == files[1] != files[2]


def test_perform_names_the_seed_that_it_drew_and_a_set_may_choose_it(
    call: Call, song: Path, tmp_path: Path, tiny_model: Path
) -> None:
    out = tmp_path / "out.mid"
    common = ("perform", song, "--out", out, "--model", tiny_model)

    def seed_of(*arguments: str | Path) -> int:
        status, said, _ = call(*common, *arguments)
        assert status == 0
        match = re.search(r"\(seed (\d+)\)$", said.strip())
        assert match
        return int(match[1])

    drawn = seed_of()
    first = out.read_bytes()
    assert seed_of("--seed", str(drawn)) == drawn
    assert out.read_bytes() == first
    assert seed_of() != drawn

    band = tmp_path / "band.toml"
    band.write_text("seed = 7\n[[channel]]\nchannel = 5\nrole = 'accompany'\n", encoding="utf-8")
    assert seed_of("--set", band) == 7
    assert seed_of("--set", band, "--seed", "0") == 0


def test_perform_keeps_the_musicians_tracks_and_adds_the_models(
    call: Call, song: Path, tmp_path: Path, tiny_model: Path
) -> None:
    out = tmp_path / "out.mid"
    status, said, err = call("perform", song, "--out", out, "--model", tiny_model, "--seed", "1")
    assert (status, err) == (0, "")
    musician, played = read_song(song), read_song(out)
    assert [n for n in played.notes if n.channel in musician.programs] == list(musician.notes)
    assert played.tempos == musician.tempos
    # Of the default set only the harmonium's channel is free; the song has the others.
    assert [name.rpartition(" ")[2] for name in tracks_of(out)] == ["(musician)"] * 4 + ["(model)"]
    assert "4 Harmonium (model)" in said


def test_only_the_chosen_channels_are_the_musicians(call: Call, song: Path, tmp_path: Path, tiny_model: Path) -> None:
    out = tmp_path / "out.mid"
    common = ("perform", song, "--out", out, "--model", tiny_model, "--seed", "1")
    assert call(*common, "--channels", "1,10")[0] == 0
    names = tracks_of(out)
    assert names[:2] == ["1 Melody (musician)", "10 Percussion (musician)"]
    assert all(name.endswith("(model)") for name in names[2:])
    assert "2 Bass (model)" in names

    out.unlink()
    status, _, err = call(*common, "--channels", "5")
    assert status == 1
    assert "it has notes on: 1, 2, 3, 10." in sentence(err)
    assert not out.exists()


@pytest.mark.parametrize("command", ["perform", "generate"])
@pytest.mark.parametrize("damage", ["missing", "empty", "text", "cut", "folder"])
def test_an_input_that_cannot_be_read_is_one_sentence_and_nothing_is_written(
    command: str, damage: str, call: Call, tmp_path: Path, song: Path, tiny_model: Path
) -> None:
    source, out = tmp_path / "in.mid", tmp_path / "out.mid"
    match damage:
        case "empty":
            source.write_bytes(b"")
        case "text":
            source.write_text("not a MIDI file, only called one", encoding="utf-8")
        case "cut":
            source.write_bytes(song.read_bytes()[:30])
        case "folder":
            source.mkdir()
    named = ["perform", source] if command == "perform" else ["generate", "--from", source]
    status, said, err = call(*named, "--out", out, "--model", tiny_model)
    assert (status, said) == (1, "")
    assert "in" in sentence(err)
    assert not list(tmp_path.glob("out*"))


def test_a_file_that_breaks_off_is_played_as_far_as_it_goes_and_says_so(
    call: Call, song: Path, tmp_path: Path, tiny_model: Path
) -> None:
    cut, out = tmp_path / "cut.mid", tmp_path / "out.mid"
    cut.write_bytes(song.read_bytes()[:-40])
    status, said, err = call("perform", cut, "--out", out, "--model", tiny_model, "--seed", "1")
    assert status == 0
    assert "the file is damaged or cut short" in sentence(err)
    assert said.startswith(f"{out}: ")
    assert read_song(out).notes


def test_generate_gives_exactly_as_many_notes_as_asked_for(
    call: Call, song: Path, tmp_path: Path, tiny_model: Path
) -> None:
    files = []
    for name, seed in (("a.mid", 1), ("b.mid", 1), ("c.mid", 2)):
        out = tmp_path / name
        arguments = ("--from", song, "--at", "9", "--notes", "50", "--out", out, "--seed", str(seed))
        status, said, err = call("generate", *arguments, "--model", tiny_model)
        assert (status, err) == (0, "")
        assert "from beat 8:" in said
        assert len(read_song(out).notes) == 50
        files.append(out.read_bytes())
    assert files[0] == files[1] != files[2]


def test_generate_from_a_place_without_music_before_it_is_one_sentence(
    call: Call, song: Path, tmp_path: Path, tiny_model: Path
) -> None:
    out = tmp_path / "out.mid"
    status, _, err = call("generate", "--from", song, "--at", "0", "--out", out, "--model", tiny_model)
    assert status == 1
    assert "there is no note before beat 0" in sentence(err)
    assert not out.exists()


def test_recover_makes_a_midi_file_of_a_journal_and_says_what_is_missing(call: Call, tmp_path: Path) -> None:
    lines = [Sent(NoteOn(0, 60, 90), "musician", 1.0, 0.0), Sent(NoteOff(0, 60), "musician", 2.0, 2.0)]
    journal, out = tmp_path / "bollylive-20250601-201503.jsonl", tmp_path / "out.mid"
    journal.write_bytes(header_line(Header(names={0: "Flute"})) + b"".join(map(sent_line, lines)) + b'["mod')
    for place in (journal, tmp_path):
        status, said, err = call("recover", place, "--out", out)
        assert status == 0
        assert said.startswith(f"{out}: 1 Flute (musician) 1 notes (0:01 min")
        assert ["breaks off" in line or "incomplete" in line for line in err.splitlines()] == [True, True]
        assert tracks_of(out) == ["1 Flute (musician)"]
        assert [(n.pitch, n.duration_beats) for n in read_song(out).notes] == [(60, 2.0)]
    status, said, err = call("recover", tmp_path / "none.jsonl", "--out", tmp_path / "no.mid")
    assert (status, said) == (1, "")
    assert "cannot be read" in sentence(err)
    assert not (tmp_path / "no.mid").exists()


def test_recover_without_a_journal_takes_the_newest_of_the_musicians_own(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_STATE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    status, said, err = call("recover", "--out", tmp_path / "out.mid")
    assert (status, said) == (1, "")
    assert "bollylive jam" in sentence(err)

    folder = default_folder()
    folder.mkdir(parents=True)
    note = sent_line(Sent(NoteOn(0, 60, 90), "musician", 1.0, 0.0))
    (folder / "bollylive-20250601-201503.jsonl").write_bytes(header_line(Header()) + note)
    assert call("recover", "--out", tmp_path / "out.mid", "--minutes", "5")[0] == 0
    assert len(read_song(tmp_path / "out.mid").notes) == 1


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
    assert "install jackd2" in sentence(ended.stderr)
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
    assert all(line.startswith("bollylive: No MIDI system answers") for line in ended.stderr.splitlines())


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
    words = [line.split()[0] for line in ended.stdout.splitlines()]
    assert words == ["in:", "ready:", "recorded", "journal", "planned"], ended.stdout
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
