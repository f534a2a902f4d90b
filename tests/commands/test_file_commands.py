"""`bollylive perform`, `generate` and `recover` from the command line: the files that they read and write."""

from __future__ import annotations

import re
from pathlib import Path

import mido
import pytest
from command_line import Call, sentence, tracks_of

from bollylive.journal.folder import default_folder
from bollylive.journal.lines import Header, header_line, sent_line
from bollylive.midi.messages import Note, NoteOff, NoteOn
from bollylive.midi.song import TimeSignature, Track
from bollylive.midi.song_files import read_song, write_song
from bollylive.protocol import Sent


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
    assert set(musician.notes) <= set(played.notes)
    assert played.tempos == musician.tempos
    # Of the default set only the harmonium's channel is free; the song has the others, and the melody hands over.
    assert [name.rpartition(" ")[2] for name in tracks_of(out)][:4] == ["(musician)"] * 4
    assert {name for name in tracks_of(out) if "(model)" in name} <= {"4 Harmonium (model)", "1 Melody (model)"}
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


@pytest.mark.parametrize("command", ["perform", "generate"])
def test_the_beats_of_a_file_in_smpte_frames_are_those_of_the_set(
    command: str, call: Call, song: Path, tmp_path: Path, tiny_model: Path
) -> None:
    frames, band, out = (tmp_path / name for name in ("frames.mid", "band.toml", "out.mid"))
    frames.write_bytes(song.read_bytes().replace(b"\x01\xe0MTrk", b"\xe7\x28MTrk"))  # 480 ticks a beat: 1000 a second
    band.write_text("tempo_bpm = 90\n[[channel]]\nchannel = 5\nrole = 'accompany'\n", encoding="utf-8")
    named = [frames] if command == "perform" else ["--from", frames, "--notes", "5"]
    status, _, err = call(command, *named, "--out", out, "--set", band, "--model", tiny_model, "--seed", "1")
    assert status == 0
    assert "its beats are those of 90 bpm" in sentence(err)
    assert [bpm for _, bpm in read_song(out).tempos] == pytest.approx([90])


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


@pytest.mark.parametrize("command", ["perform", "generate"])
def test_a_song_in_six_eight_stays_in_six_eight_and_one_in_three_four_in_three_four(
    command: str, call: Call, tmp_path: Path, tiny_model: Path
) -> None:
    source, out = tmp_path / "in.mid", tmp_path / "out.mid"
    tune = tuple(Note(0, 60 + i % 7, 90, i / 2, 0.5) for i in range(48))
    for signature in ((6, 8), (3, 4), (12, 8), (2, 2)):
        write_song(source, [Track("", 0, 73, tune)], meters=((0.0, TimeSignature(*signature)),))
        named = [source] if command == "perform" else ["--from", source, "--at", "12", "--notes", "20"]
        assert call(command, *named, "--out", out, "--model", tiny_model, "--seed", "1")[0] == 0
        (written,) = (message for message in mido.MidiFile(out).tracks[0] if message.type == "time_signature")
        assert (written.numerator, written.denominator) == signature
