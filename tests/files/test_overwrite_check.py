"""Which files a command writes over, and which places it refuses before it begins."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from command_line import JOURNAL, Call, sentence

from bollylive.midi.song_files import read_song


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
        ("jam --record NOTES", "this is no name of a MIDI file; give --record one like take.mid"),
        ("jam --record MODEL", "this is no name of a MIDI file"),
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


@pytest.mark.parametrize(
    ("command", "name", "kind", "example"),
    [
        ("jam --record", "take.txt", "a MIDI file", "take.mid"),
        ("jam --record", "take", "a MIDI file", "take.mid"),
        ("perform SONG --out", "song.wav", "a MIDI file", "take.mid"),
        ("generate --from SONG --out", "song.mi", "a MIDI file", "take.mid"),
        ("recover --out", "last.json", "a MIDI file", "take.mid"),
        ("jam --figures", "take.mid", "a file of BollyLive's figures", "figures.json"),
        ("bench --json", "figures.csv", "a file of BollyLive's figures", "figures.json"),
    ],
)
def test_a_name_by_which_no_program_would_know_the_file_is_refused_before_anything_is_played(
    command: str, name: str, kind: str, example: str, call: Call, song: Path, tmp_path: Path
) -> None:
    *words, option = command.replace("SONG", str(song)).split()
    status, out, err = call(*words, option, tmp_path / name)
    assert (status, out) == (1, "")
    assert (
        sentence(err) == f"bollylive: {tmp_path / name}: this is no name of {kind}; give {option} one like {example}."
    )
    assert list(tmp_path.iterdir()) == [song]


@pytest.mark.parametrize("name", ["take.mid", "take.MIDI", "take.kar"])
def test_every_usual_name_of_a_midi_file_will_do(name: str, call: Call, song: Path, tmp_path: Path) -> None:
    status, _, err = call("generate", "--from", song, "--at", "0", "--out", tmp_path / name)
    assert status == 1
    assert "there is no note before beat 0" in sentence(err)


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
        monkeypatch.setattr("bollylive.bench.kinds.bench", lambda *_, load=load: {"machine": "ours", "load": load})
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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a current folder")
@pytest.mark.parametrize(
    "arguments", ["perform SONG --out take.mid", "jam --record take.mid --figures take.json", "bench --json take.json"]
)
def test_a_current_folder_that_is_gone_is_a_sentence(
    arguments: str, call: Call, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    status, out, err = call(*arguments.replace("SONG", str(song)).split())
    assert (status, out) == (1, "")
    assert err.count("bollylive: take.") + err.count("\ntake.") == arguments.count("take.")
    assert "No such file or directory; make its folder first." in err


@pytest.mark.parametrize("is_there", [False, True])
def test_of_two_programs_that_write_the_same_figures_both_survive(
    is_there: bool, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "figures.json"
    if is_there:
        path.write_text('{"machine": "old"}', encoding="utf-8")

    def measure(*_: object) -> dict[str, object]:  # meanwhile the other one ends
        monkeypatch.setattr("bollylive.bench.kinds.bench", lambda *_: {"machine": "ours", "who": "second"})
        assert call("bench", "--quick", "--json", path)[0] == 0
        return {"machine": "ours", "who": "first"}

    monkeypatch.setattr("bollylive.bench.kinds.bench", measure)
    status, _, err = call("bench", "--quick", "--json", path)
    assert (status, sentence(err)) == (
        0,
        f"bollylive: Another program wrote {path} meanwhile; these figures are in {tmp_path / 'figures-2.json'}.",
    )
    assert json.loads(path.read_text(encoding="utf-8"))["who"] == "second"
    assert json.loads((tmp_path / "figures-2.json").read_text(encoding="utf-8"))["who"] == "first"


def test_of_two_programs_that_write_the_same_song_both_survive(
    call: Call, tmp_path: Path, song: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mid"

    def perform_slowly(*arguments: object) -> object:
        out.write_bytes(song.read_bytes())
        return ()

    monkeypatch.setattr("bollylive.perform.perform", perform_slowly)
    status, said, _ = call("perform", song, "--out", out, "--model", tiny_model)
    assert status == 0
    assert f"{tmp_path / 'out-2.mid'}: " in said
    assert out.read_bytes() == song.read_bytes()
    assert read_song(tmp_path / "out-2.mid") is not None
